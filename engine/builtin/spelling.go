package builtin

import "runbook/engine/module"

// spellingModule lets libraries say of a misspelt name what the host says of one.
func spellingModule() *module.Module {
	return &module.Module{
		Name: "spelling",
		Doc:  "What to say of a name that is not known: the one that was meant.",
		Funcs: []module.Func{{
			Name: "suggest",
			Doc:  "Makes the end of a message about a name that is not known, as the messages of modules have it.",
			Params: []module.Param{
				{Name: "name", Kind: module.String, Required: true, Doc: "the name that was given"},
				{Name: "known", Kind: module.Strings, Required: true, Doc: "the names that there are"},
			},
			Returns:  module.Result{Type: "string", Doc: `'; did you mean "x"?' where one is near, or else "; there is " with all of them in order; "" where there are none`},
			Examples: []string{`fail(('there is no shelf "%s"%s'):format("midle", spelling.suggest("midle", { "top", "middle" })))`},
			Pure: pure(func(a module.Args) (any, error) {
				return module.Suggest(a.String("name"), a.Strings("known")), nil
			}),
		}},
	}
}
