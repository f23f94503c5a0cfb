//go:build !unix

package ssh

import (
	"context"
	"time"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/command/shell"
)

// A Host is a machine behind ssh, which cannot be reached from here: OpenSSH shares connections on Unix alone.
type Host struct{ Config }

// New is the way to a host.
func New(cfg Config) *Host { return &Host{cfg} }

// Exec says that there is no way.
func (h *Host) Exec(context.Context, []string, command.Streams) (int, error) { return 0, h.noWay() }

// Knock says the same.
func (h *Host) Knock(context.Context, command.Knock, func(time.Duration, error)) error {
	return h.noWay()
}

func (h *Host) noWay() error {
	return action.Errorf(action.CodeUnavailable, "cannot reach the host %s: ssh shares no connections on this system", h.Name).
		Try("run this on Linux or macOS, or in WSL")
}

// Way is none.
func (h *Host) Way() int { return 0 }

// Machine is what runs commands on the host.
func (h *Host) Machine() *shell.Machine {
	return &shell.Machine{Host: h.Name, Transport: h, Clean: h.Clean}
}

// Close has nothing to end.
func (h *Host) Close() error { return nil }
