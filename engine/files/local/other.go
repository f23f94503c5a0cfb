//go:build !unix

// Package local is the files of this machine, which on this system it does not know how to look at.
package local

import (
	"context"
	"io"
	"os"
	"runtime"

	"runbook/engine/action"
	"runbook/engine/files"
)

// Files are those of this machine.
type Files struct{}

var _ files.System = (*Files)(nil)

// New is the files of this machine.
func New() *Files { return &Files{} }

func unsupported() error {
	return action.Errorf(action.CodeRejected, "files cannot be looked at on %s", runtime.GOOS).
		Try("run this on a machine with Linux or macOS, or name another one: { on = HOST }")
}

// Machine is what this machine calls itself.
func (*Files) Machine(context.Context) (string, error) { return os.Hostname() }

// Disk cannot be told.
func (*Files) Disk(context.Context, string) (files.Disk, error) { return files.Disk{}, unsupported() }

// Look cannot.
func (*Files) Look(context.Context, string) (files.Entry, error) { return files.Entry{}, unsupported() }

// Link cannot.
func (*Files) Link(context.Context, string) (link, target string, err error) {
	return "", "", unsupported()
}

// Walk cannot.
func (*Files) Walk(context.Context, string, files.Filter, func([]files.Entry) error) (files.Walked, error) {
	return files.Walked{}, unsupported()
}

// Usage cannot.
func (*Files) Usage(context.Context, string, bool) (files.Usage, error) {
	return files.Usage{}, unsupported()
}

// Open cannot.
func (*Files) Open(context.Context, string, int64) (io.ReadCloser, error) { return nil, unsupported() }

// Create cannot.
func (*Files) Create(context.Context, string, string) (files.Draft, error) { return nil, unsupported() }

// Change cannot.
func (*Files) Change(context.Context, string, []files.Change) ([]error, error) {
	return nil, unsupported()
}

// Knows nobody.
func (*Files) Knows(context.Context, string) (string, error) { return "", unsupported() }
