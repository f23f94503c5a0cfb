//go:build unix

package local

import (
	"testing"

	"go.uber.org/goleak"

	"runbook/engine/files/filestest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	filestest.Run(t, func(t *testing.T, items []filestest.Item) filestest.Site {
		return filestest.OnDisk(t, New(), items)
	})
}
