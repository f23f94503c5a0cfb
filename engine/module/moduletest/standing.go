// Package moduletest is what the tests of bindings share. It never is in the program.
package moduletest

import (
	"context"
	"time"
)

// Standing is an outside (module.Outside) whose time stands still, but whose bounds are those of the machine: for tests with real servers.
type Standing struct{ At time.Time }

// Now is always the same.
func (s Standing) Now() time.Time { return s.At }

// Sleep returns at once.
func (Standing) Sleep(ctx context.Context, _ time.Duration) error { return context.Cause(ctx) }

// WithTimeout is the machine's.
func (Standing) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d)
}
