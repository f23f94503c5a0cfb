//go:build unix

package local

import (
	"testing"

	"go.uber.org/goleak"

	"runbook/engine/files"
	"runbook/engine/files/filestest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	filestest.Run(t, func(t *testing.T, items []filestest.Item) filestest.Site {
		return filestest.OnDisk(t, New(), items)
	})
}

func TestOnDisk(t *testing.T) { filestest.RunOnDisk(t, New()) }

func TestUnprivileged(t *testing.T) {
	filestest.RunUnprivileged(t, func(*testing.T) files.System { return New() })
}
