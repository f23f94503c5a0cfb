//go:build unix

package local_test

import (
	"testing"

	"runbook/engine/files"
	"runbook/engine/files/filestest"
	"runbook/engine/files/local"
)

func TestContinuing(t *testing.T) {
	filestest.RunContinuing(t, func(*testing.T) files.System { return local.New() })
}
