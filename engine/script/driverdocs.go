package script

import (
	"context"

	"runbook/engine/action"
	"runbook/engine/module"
)

// DriverLanguage describes what a driver of devices consists of, for the documentation.
func DriverLanguage() *module.Module {
	table := func(name string, fields []module.Param, doc string) module.Param {
		return module.Param{Name: name, Kind: module.Object, Required: true, Doc: doc, Fields: fields}
	}
	m := &module.Module{
		Funcs: []module.Func{
			{
				Name: "driver", Doc: "Says what a driver is: its script ends with return driver { … }.",
				Params: []module.Param{table("header", driverFields, "what it is")},
			},
			{
				Name: "commands", Doc: "One of the commands, in the table commands of a driver, under what it is for.",
				Params: []module.Param{table("command", driverCommandFields, "what it runs, and what comes of it")},
			},
			{
				Name: "parse", Doc: `Makes data of what a command printed: parse(said), with said.text, said.errors, said.exit_code and said.id. It has the libraries parse, json,
yaml and regex, no world and five seconds; what it notes is gone with the next call. If it fails, the state is unknown and nothing is lost.`,
				Params: []module.Param{table("returned", readingFields, "what it returns")},
			},
			{
				Name: "devices", Doc: "One of the devices that parse returns.",
				Params: []module.Param{table("device", observationFields, "what was said of it")},
			},
		},
	}
	for i := range m.Funcs {
		m.Funcs[i].Control = func(context.Context, module.Args) (any, error) {
			return nil, action.Errorf(action.CodeInternal, "%s is part of a driver", m.Funcs[i].Name)
		}
	}
	return m
}
