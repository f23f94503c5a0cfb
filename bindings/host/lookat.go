package host

import (
	"context"
	"errors"

	"runbook/engine/action"
	"runbook/engine/module"
)

// lookErrors are the codes of what goes wrong when files are looked at.
var lookErrors = []action.Code{action.CodeNotFound, action.CodeForbidden, action.CodeRejected, action.CodeUnavailable, action.CodeTimeout}

// A looking is one look at files.
type looking struct {
	verb string
	shelf
	path     string
	identity []action.Arg
	look     func(ctx context.Context, view action.View) (any, error)
}

// onlyOn are the options of what is only about where.
func onlyOn() module.Param {
	return module.Param{Name: "options", Kind: module.Object, Doc: "where", Fields: []module.Param{onParam}}
}

// lookAt begins a look at the path of an argument.
func (b *binding) lookAt(verb string, args module.Args, param string) (looking, error) {
	at, err := b.shelf(args)
	if err != nil {
		return looking{}, err
	}
	path, err := pathOf(verb, args, param)
	return looking{verb: verb, shelf: at, path: path}, err
}

func (l looking) Describe() action.Description {
	return action.Description{Verb: l.verb, Target: l.target(l.path), Identity: l.identity, Idempotent: true, Permissions: l.needs}
}

func (l looking) Read(ctx context.Context, view action.View) (any, error) {
	value, err := l.look(ctx, view)
	if err != nil {
		return nil, l.about(l.path, err)
	}
	return value, nil
}

// about names the file that an error is about.
func (s shelf) about(path string, err error) error {
	if said, ok := errors.AsType[*action.Error](err); ok {
		return said.On(s.target(path))
	}
	return err
}
