// Package builtin holds the modules that need nothing but their arguments: json, yaml, regex, time and spelling. They are declared like every
// other module, so that they are checked and documented the same way; only the current time comes from the run.
package builtin

import (
	"context"
	"time"

	"runbook/engine/action"
	"runbook/engine/module"
)

// Now returns the run's current time, written down so that a resumed run sees it again.
type Now func(ctx context.Context) (time.Time, error)

// Modules are the builtin modules.
func Modules(now Now) []*module.Module {
	return append(Pure(), timeModule(now))
}

// pure makes a pure function of one that needs no context.
func pure(fn func(module.Args) (any, error)) func(context.Context, module.Args) (any, error) {
	return func(_ context.Context, a module.Args) (any, error) { return fn(a) }
}

func invalid(format string, args ...any) *action.Error {
	return action.Errorf(action.CodeInvalid, format, args...)
}
