package host

import (
	"context"

	"runbook/engine/action"
	"runbook/engine/module"
)

func (b *binding) statFunc() module.Func {
	return module.Func{
		Name:    "stat",
		Doc:     "Tells what there is at a path. A link is told of itself, not what it points at.",
		Params:  []module.Param{pathParam("path", "what is looked at"), onlyOn()},
		Returns: module.Result{Type: entryType + "?", Doc: entryDoc + "; nil if there is nothing"},
		Errors:  lookErrors,
		Examples: []string{
			`if not host.stat("/etc/photon-mlir/config.yaml") then log("it was never installed here") end`,
		},
		Read: func(args module.Args) (action.Read, error) {
			l, err := b.lookAt("host.stat", args, "path")
			l.look = func(ctx context.Context, view action.View) (any, error) {
				e, err := l.as(view).Look(ctx, l.path)
				switch {
				case err != nil && action.CodeOf(err) == action.CodeNotFound:
					return nil, nil
				case err != nil:
					return nil, err
				}
				return raw(entryOf(e))
			}
			return l, err
		},
	}
}
