package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/luadoc"
	"runbook/engine/module"
	"runbook/engine/tester"
	"runbook/stdlib"
)

func newDocs(io streams) *cobra.Command {
	return &cobra.Command{
		Use:   "docs [MODULE[.FUNCTION] | LIBRARY[.FUNCTION] | journal | scenario | driver[.NAME]]",
		Short: "Show what a script may call, or what is in a journal, a scenario or a driver",
		Long: `Shows what a script may call: all modules and libraries, one of them, or one
function. "journal" is the format of the records that every run leaves behind,
for who reads them with jq; "scenario" that of the simulated sites that a run
can be rehearsed in; "driver" the scripts that know the tools of devices.`,
		Example: `  runbook docs kubernetes
  runbook docs kubernetes.list
  runbook docs report                     a library, written in Lua
  runbook docs report.table
  runbook docs health.above
  runbook docs journal
  runbook docs scenario
  runbook docs driver                     how the tools of devices are called
  runbook docs driver.photon-debug        one of the drivers`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeDocs,
		RunE: func(cmd *cobra.Command, args []string) error {
			modules, err := documented()
			if err != nil {
				return err
			}
			page, err := docs(cmd.Context(), modules, args)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(io.out, page)
			return err
		},
	}
}

// documented is all that a script may require, the functions without require first: modules, the libraries of the standard library, and
// what tests have.
func documented() ([]*module.Module, error) {
	libraries, _, err := luadoc.Libraries(stdlib.Files) // what is wrong with their comments is a matter of tests
	if err != nil {
		return nil, err
	}
	return append(append(engine.Documented(library(declared()...)), libraries...), tester.Documented()), nil
}

// docs is what is known about what was named, or about all modules and libraries.
func docs(ctx context.Context, modules []*module.Module, named []string) (string, error) {
	var b strings.Builder
	switch {
	case len(named) == 1 && named[0] == journalTopic:
		writeJournalDocs(&b)
		return b.String(), nil
	case len(named) == 1 && named[0] == scenarioTopic:
		err := writeScenarioDocs(&b)
		return b.String(), err
	case len(named) == 1 && isDriverTopic(named[0]):
		err := writeDriverDocs(ctx, &b, named[0])
		return b.String(), err
	case len(named) == 1:
		err := writeDocs(&b, modules, named[0])
		return b.String(), err
	}
	for _, m := range modules {
		writeModule(&b, m, summary(m.Doc))
	}
	return b.String(), nil
}

func writeDocs(w *strings.Builder, modules []*module.Module, name string) error {
	of, function, one := strings.Cut(name, ".")
	var names []string
	for _, m := range modules {
		if f := m.Func(name); f != nil && strings.Contains(name, ":") { // of an object, as it is listed
			writeFunc(w, m, f)
			return nil
		}
		if f := m.Func(of); m.Name == "" && f != nil && !one {
			writeFunc(w, m, f)
			return nil
		}
		names = append(names, m.Name)
		if m.Name != of || m.Name == "" {
			continue
		}
		if !one {
			writeModule(w, m, m.Doc)
			return nil
		}
		f := functionOf(m, function)
		if f == nil {
			return action.Errorf(action.CodeNotFound, "%s has no function %q%s", of, function, module.Suggest(function, m.Names()))
		}
		writeFunc(w, m, f)
		return nil
	}
	return action.Errorf(action.CodeNotFound, "there is no module, library or function %q%s", name, module.DidYouMean(name, names)).Try("runbook docs")
}

// writeModule lists a module's functions, a line each, below what is to be said of the module.
func writeModule(w *strings.Builder, m *module.Module, doc string) {
	title := m.Name
	if title == "" {
		title = "(without require)"
	}
	fmt.Fprintf(w, "%s: %s\n", title, doc)
	for i := range m.Funcs {
		f := &m.Funcs[i]
		fmt.Fprintf(w, "  %-42s %-14s %s\n", signature(m, f), effect(f), summary(f.Doc))
	}
	fmt.Fprintln(w)
}

func writeFunc(w *strings.Builder, m *module.Module, f *module.Func) {
	fmt.Fprintf(w, "%s\n\n%s\n\nEffect: %s\n", signature(m, f), f.Doc, effect(f))
	for i := range f.Params {
		writeParam(w, "  ", &f.Params[i])
	}
	if f.Returns != (module.Result{}) {
		fmt.Fprintf(w, "Returns: %s\n", strings.TrimSpace(f.Returns.Type+"  "+f.Returns.Doc))
	}
	for _, code := range f.Errors {
		fmt.Fprintf(w, "Error: %s\n", code)
	}
	for _, example := range f.Examples {
		fmt.Fprintf(w, "Example: %s\n", example)
	}
}

func writeParam(w *strings.Builder, indent string, p *module.Param) {
	fmt.Fprintf(w, "%s%s%s  %s\n", indent, p.Name, kindOf(p), p.Doc)
	for i := range p.Fields {
		writeParam(w, indent+"  ", &p.Fields[i])
	}
}

// kindOf is what is declared of a parameter; of one in Lua nothing is.
func kindOf(p *module.Param) string {
	if p.Kind == "" {
		return ""
	}
	kind := string(p.Kind)
	if p.Required {
		kind += ", required"
	}
	if p.Default != nil && p.Fields == nil {
		kind += fmt.Sprintf(", default %v", p.Default)
	}
	return " (" + kind + ")"
}

// inLua tells whether a function is one of a library: it carries out nothing itself.
func inLua(f *module.Func) bool { return f.Effect() == module.Pure && f.Pure == nil }

// effect is what a function may do. Of one in Lua, what it calls decides that.
func effect(f *module.Func) string {
	if inLua(f) {
		return "library"
	}
	return f.Effect().String()
}

// method begins the name of a method after the table that it is one of: checks:add.
const method = ":"

// functionOf is the function of that name, which may be the bare name of a method.
func functionOf(m *module.Module, name string) *module.Func {
	if f := m.Func(name); f != nil {
		return f
	}
	for i := range m.Funcs {
		if _, bare, ok := strings.Cut(m.Funcs[i].Name, method); ok && bare == name {
			return &m.Funcs[i]
		}
	}
	return nil
}

func signature(m *module.Module, f *module.Func) string {
	names := make([]string, len(f.Params))
	for i, p := range f.Params {
		names[i] = p.Name
		if !p.Required {
			names[i] += "?"
		}
	}
	name := m.Qualified(f)
	if strings.Contains(f.Name, method) {
		name = f.Name // as a script writes it, whatever it calls the table
	}
	return name + "(" + strings.Join(names, ", ") + ")"
}

func summary(doc string) string {
	first, _, _ := strings.Cut(doc, "\n")
	return first
}
