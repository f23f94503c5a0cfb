package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/tester"
)

func newDocs(io streams) *cobra.Command {
	return &cobra.Command{
		Use:   "docs [MODULE[.FUNCTION] | journal | scenario]",
		Short: "Show what a script may call, or what is in a journal or a scenario",
		Long: `Shows what a script may call: all modules, one, or one function. "journal" is
the format of the records that every run leaves behind, for who reads them with
jq; "scenario" that of the simulated sites that a run can be rehearsed in.`,
		Example: "  runbook docs kubernetes\n  runbook docs kubernetes.list\n  runbook docs journal\n  runbook docs scenario",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			page, err := docs(append(engine.Documented(library(declared()...)), tester.Documented()), args)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(io.out, page)
			return err
		},
	}
}

// docs is what is known about what was named, or about all modules.
func docs(modules []*module.Module, named []string) (string, error) {
	var b strings.Builder
	switch {
	case len(named) == 1 && named[0] == journalTopic:
		writeJournalDocs(&b)
		return b.String(), nil
	case len(named) == 1 && named[0] == scenarioTopic:
		err := writeScenarioDocs(&b)
		return b.String(), err
	case len(named) == 1:
		err := writeDocs(&b, modules, named[0])
		return b.String(), err
	}
	for _, m := range modules {
		writeModule(&b, m)
	}
	return b.String(), nil
}

func writeDocs(w *strings.Builder, modules []*module.Module, name string) error {
	of, function, one := strings.Cut(name, ".")
	var names []string
	for _, m := range modules {
		if f := m.Func(of); m.Name == "" && f != nil && !one {
			writeFunc(w, m, f)
			return nil
		}
		names = append(names, m.Name)
		if m.Name != of || m.Name == "" {
			continue
		}
		if !one {
			writeModule(w, m)
			return nil
		}
		f := m.Func(function)
		if f == nil {
			return action.Errorf(action.CodeNotFound, "the module %s has no function %q%s", of, function, module.Suggest(function, m.Names()))
		}
		writeFunc(w, m, f)
		return nil
	}
	return action.Errorf(action.CodeNotFound, "there is no module or function %q%s", name, module.DidYouMean(name, names)).Try("runbook docs")
}

// writeModule lists a module's functions, a line each.
func writeModule(w *strings.Builder, m *module.Module) {
	title := m.Name
	if title == "" {
		title = "(without require)"
	}
	fmt.Fprintf(w, "%s: %s\n", title, summary(m.Doc))
	for i := range m.Funcs {
		f := &m.Funcs[i]
		fmt.Fprintf(w, "  %-42s %-14s %s\n", signature(m, f), f.Effect(), summary(f.Doc))
	}
	fmt.Fprintln(w)
}

func writeFunc(w *strings.Builder, m *module.Module, f *module.Func) {
	fmt.Fprintf(w, "%s\n\n%s\n\nEffect: %s\n", signature(m, f), f.Doc, f.Effect())
	for i := range f.Params {
		writeParam(w, "  ", &f.Params[i])
	}
	if f.Returns.Type != "" {
		fmt.Fprintf(w, "Returns: %s  %s\n", f.Returns.Type, f.Returns.Doc)
	}
	for _, code := range f.Errors {
		fmt.Fprintf(w, "Error: %s\n", code)
	}
	for _, example := range f.Examples {
		fmt.Fprintf(w, "Example: %s\n", example)
	}
}

func writeParam(w *strings.Builder, indent string, p *module.Param) {
	kind := string(p.Kind)
	if p.Required {
		kind += ", required"
	}
	if p.Default != nil && p.Fields == nil {
		kind += fmt.Sprintf(", default %v", p.Default)
	}
	fmt.Fprintf(w, "%s%s (%s)  %s\n", indent, p.Name, kind, p.Doc)
	for i := range p.Fields {
		writeParam(w, indent+"  ", &p.Fields[i])
	}
}

func signature(m *module.Module, f *module.Func) string {
	names := make([]string, len(f.Params))
	for i, p := range f.Params {
		names[i] = p.Name
		if !p.Required {
			names[i] += "?"
		}
	}
	return m.Qualified(f) + "(" + strings.Join(names, ", ") + ")"
}

func summary(doc string) string {
	first, _, _ := strings.Cut(doc, "\n")
	return first
}
