package script

import (
	"context"

	"runbook/engine/action"
	"runbook/engine/module"
)

// Language describes what this host adds to Lua 5.1 itself, for the documentation: the interpreter calls functions of its own.
func Language() *module.Module {
	function := module.Param{Name: "f", Kind: module.Function, Required: true, Doc: "the function"}
	arguments := module.Param{Name: "...", Kind: module.Any, Doc: "its arguments"}
	m := &module.Module{
		Doc: "What the language has beside Lua 5.1: without io, os, debug and print, and with the same order of names in every run.",
		Funcs: []module.Func{
			{
				Name: "runbook", Doc: "Says what a script is: a script ends with return runbook { … }.",
				Params:   []module.Param{{Name: "header", Kind: module.Object, Required: true, Doc: "what it is", Fields: headerFields}},
				Examples: []string{`return runbook { summary = "Look at the pods", steps = { step("Look", function(run) log(run.params) end) } }`},
			},
			{
				Name: "step", Doc: "A step of a runbook. The steps of a run share the table that each is called with: run.params are the parameters.",
				Params: []module.Param{
					{Name: "name", Kind: module.String, Required: true, Doc: "as screens show it, and runs are resumed from it by its number"},
					{Name: "body", Kind: module.Function, Required: true, Doc: "called with run"},
				},
				Examples: []string{`step("Check pods", function(run) run.pods = require("kubernetes").list("pods") end)`},
			},
			{
				Name: "require", Doc: "A module, a library, or a script in the runbook's own folder, by its name.",
				Params:   []module.Param{{Name: "name", Kind: module.String, Required: true, Doc: `"kubernetes", "report", or "causes" for causes.lua beside the runbook`}},
				Returns:  module.Result{Type: "any", Doc: "what it returns; the same each time"},
				Examples: []string{`local kubernetes = require "kubernetes"`},
			},
			{
				Name: "parallel", Doc: "Calls a function for each item of a list, several at once. The clock of a dry run, what is read and what is done are kept apart by branch.",
				Params: []module.Param{
					{Name: "items", Kind: module.List, Required: true, Doc: "objects and tables with a name, and strings, name their branch"},
					{Name: "options", Kind: module.Object, Doc: "may be left out", Fields: parallelOptions},
					{Name: "f", Kind: module.Function, Required: true, Doc: "called with an item and its number"},
				},
				Returns:  module.Result{Type: "any[], table<integer, error>", Doc: "what each call returned, in the order of the items, false for nothing; and the errors by number"},
				Examples: []string{`local logs, errors = parallel(pods, { on_error = "continue" }, function(pod) return kubernetes.logs(pod) end)`},
			},
			{
				Name: "try", Doc: "Calls a function and returns what it returns, or nil and the error: a table of code, message, target, hint and retryable. The end of a run cannot be caught. A plan holds what a script does where all actions of one line fail that it catches; what hangs on the code or the words of an error, it cannot know.",
				Params:   []module.Param{function, arguments},
				Returns:  module.Result{Type: "any, error?", Doc: "the results, or nil and the error"},
				Examples: []string{`local usage, err = try(kubernetes.top, "pods")`},
			},
			{
				Name: "copy", Doc: "A table of the script's own that holds what a read-only object from outside holds, however deep.",
				Params:   []module.Param{{Name: "value", Kind: module.Any, Required: true, Doc: "an object; anything else is returned as it is"}},
				Returns:  module.Result{Type: "any"},
				Examples: []string{`local mine = copy(pod); mine.metadata.name = "another"`},
			},
		},
	}
	for i := range m.Funcs {
		m.Funcs[i].Control = func(context.Context, module.Args) (any, error) {
			return nil, action.Errorf(action.CodeInternal, "%s is the interpreter's own", m.Funcs[i].Name)
		}
	}
	return m
}
