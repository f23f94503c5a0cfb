package host

import (
	"context"

	"runbook/engine/action"
	"runbook/engine/module"
)

func (b *binding) whichFunc() module.Func {
	return module.Func{
		Name: "which",
		Doc:  "Finds a program on a machine, as a shell would: by its name in PATH, or by its path.",
		Params: []module.Param{
			{Name: "program", Kind: module.String, Required: true, Doc: "its name, or a path with a slash"},
			{Name: "options", Kind: module.Object, Doc: "where", Fields: []module.Param{onParam}},
		},
		Returns:  module.Result{Type: "string?", Doc: "its absolute path; nil if there is none that could be run"},
		Examples: []string{`if host.which("trivy") then log("images can be scanned here") end`},
		Read:     b.newWhich,
	}
}

// A finding is a look for a program.
type finding struct {
	place
	program string
}

func (b *binding) newWhich(args module.Args) (action.Read, error) {
	at, err := b.place(args)
	if err != nil {
		return nil, err
	}
	f := finding{at, args.String("program")}
	if f.program == "" {
		return nil, action.Errorf(action.CodeInvalid, `host.which: the name of the program is empty; write it as in host.which("trivy")`)
	}
	return f, nil
}

func (f finding) Describe() action.Description {
	return action.Description{
		Verb: "host.which", Target: action.Target{System: system, Kind: programs, Scope: f.name, Name: f.program}, Idempotent: true,
	}
}

func (f finding) Read(ctx context.Context, _ action.View) (any, error) {
	path, err := f.runner.Find(ctx, f.program)
	if err != nil || path == "" {
		return nil, err
	}
	return path, nil
}
