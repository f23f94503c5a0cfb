package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"runbook/engine"
	"runbook/engine/catalog"
	"runbook/engine/command"
	"runbook/engine/script"
	"runbook/engine/world/scenario"
)

// shown is a runbook in `show -o json`: a contract with programs.
type shown struct {
	listed
	Title       string       `json:"title,omitempty"`
	Description string       `json:"description,omitempty"`
	May         []string     `json:"may"`
	Params      []shownParam `json:"params"`
	Steps       []string     `json:"steps"`
	// Scenarios are the simulated sites in its folder.
	Scenarios []shownScenario `json:"scenarios"`
}

type shownScenario struct {
	Name     string `json:"name"`
	Summary  string `json:"summary"`
	ReadOnly bool   `json:"read_only,omitempty"` // nothing is changed in it
	Fault    string `json:"fault,omitempty"`     // why it cannot be read
}

type shownParam struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Help     string   `json:"help,omitempty"`
	Rule     string   `json:"rule"` // type, bounds and default, for people
	Default  any      `json:"default,omitempty"`
	Required bool     `json:"required,omitempty"`
	Enum     []string `json:"enum,omitempty"`
	Min      *float64 `json:"min,omitempty"`
	Max      *float64 `json:"max,omitempty"`
	Ask      string   `json:"ask,omitempty"`
}

func newShow(io streams) *cobra.Command {
	f := newCommonFlags()
	cmd := &cobra.Command{
		Use:   "show NAME | FILE",
		Short: "Show what a runbook does, or what is in a plan or a recording",
		Long: `Shows what a runbook does, its parameters, and what it may change. With --source it
prints the script itself, to be read, or copied and changed: one in your own folder
comes before the shipped one, file by file. What your folder of its name does not have
(libraries, tests, scenarios) is still taken from the one that is shipped.
--source=FILE is another file of its folder, such as a library that the script
requires. driver.NAME is a driver of devices.

Of a plan, made with "runbook run NAME --dry-run --out FILE", it shows what a
person has to know to approve it: the rehearsal, what its actions rest on, what
would be done where an assumption does not hold, and why "runbook apply" would
refuse it, as far as that can be known without asking the site. A recording, made
with --record, is shown as "runbook runs show" shows a run.

` + planFormat(),
		Example: "  runbook show compiler-down\n  runbook show fix.plan\n" +
			"  mkdir -p runbooks/compiler-down && runbook show compiler-down --source > runbooks/compiler-down/compiler-down.lua\n" +
			"  mkdir -p runbooks/mine && runbook show daily-health-check --source > runbooks/mine/mine.lua\n" +
			"  mkdir -p devices/photon-debug && runbook show driver.photon-debug --source > devices/photon-debug/photon-debug.lua",
		Args:              oneArg("the name of a runbook, or the file of a plan or a recording"),
		ValidArgsFunction: completeNames,
	}
	o := addOutput(cmd)
	f.output = o
	flags := cmd.Flags()
	flags.StringVar(&f.site, "site", "", "of a plan: site file that apply would be given (default: that of the plan)")
	flags.StringVar(f.cluster.KubeConfig, "kubeconfig", "", "of a plan: kubeconfig that apply would be given")
	flags.StringVar(f.cluster.Context, "context", "", "of a plan: context that apply would be given")
	source := flags.String("source", "", "print the script itself, or a `file` beside it")
	flags.Lookup("source").NoOptDefVal = theScript
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *source != "" {
			return showSource(io, args[0], *source, *o)
		}
		if _, _, one := strings.Cut(args[0], "."); one && isDriverTopic(args[0]) {
			return showDriver(cmd.Context(), io, args[0], *o)
		}
		if isFile(args[0]) {
			return showFile(cmd.Context(), io, &f, args[0])
		}
		entry, err := shelves().Find(args[0])
		if err != nil {
			return err
		}
		book, err := engine.Describe(cmd.Context(), entry, library(declared()...))
		if err != nil {
			return err
		}
		if *o == asJSON {
			return writeJSON(io.out, shownOf(book, ownScenarios(entry)))
		}
		_, err = fmt.Fprint(io.out, page(book, ownScenarios(entry)))
		return err
	}
	return cmd
}

// ownScenarios are the scenarios that come with a runbook. One that cannot be read is no reason to show nothing.
func ownScenarios(entry *catalog.Entry) []shownScenario {
	out := []shownScenario{}
	found := scenariosOf(entry)
	names, err := scenario.Shelves{Folders: foldersOf(entry)}.Names()
	if err != nil {
		return append(out, shownScenario{Fault: err.Error()})
	}
	for _, name := range names {
		s, err := found.Load(name)
		if err != nil {
			out = append(out, shownScenario{Name: name, Fault: err.Error()})
			continue
		}
		out = append(out, shownScenario{Name: name, Summary: s.Summary, ReadOnly: s.ReadOnly})
	}
	return out
}

func shownOf(book *engine.Runbook, scenarios []shownScenario) shown {
	h, e := book.Header, book.Entry
	s := shown{
		listed: listed{
			Name: e.Name, learned: learnedOf(h), Source: e.Origin, Path: e.Path, Replaces: e.Replaces,
		},
		Title: h.Title, Description: h.Description, May: append([]string{}, h.May...), Params: []shownParam{}, Steps: []string{},
		Scenarios: scenarios,
	}
	for i := range h.Params {
		s.Params = append(s.Params, shownParamOf(&h.Params[i]))
	}
	for _, step := range h.Steps {
		s.Steps = append(s.Steps, step.Name)
	}
	return s
}

func shownParamOf(p *script.Param) shownParam {
	out := shownParam{
		Name: p.Name, Type: string(p.Kind), Help: p.Doc, Rule: p.Rule(), Required: p.Required, Enum: p.Enum, Min: p.Min, Max: p.Max, Ask: p.Ask,
	}
	if !p.Secret && p.Default != nil {
		out.Default = script.Typed(p.Default)
	}
	return out
}

// page is a runbook as text.
func page(book *engine.Runbook, scenarios []shownScenario) string {
	var b strings.Builder
	h, e := book.Header, book.Entry
	fmt.Fprintf(&b, "%s: %s\n", e.Name, h.Summary)
	if h.Description != "" {
		fmt.Fprintf(&b, "\n%s\n", h.Description)
	}
	b.WriteString("\n")
	field(&b, "Severity", h.Severity)
	field(&b, "Alerts", strings.Join(h.Alerts, ", "))
	field(&b, "Tags", strings.Join(h.Tags, ", "))
	source := e.Origin + ", " + e.Path
	if e.Replaces != "" {
		source += " (in place of the " + e.Replaces + " one)"
	}
	field(&b, "Source", source)
	field(&b, "With", strings.Join(inherited(book), ", "))
	section(&b, "Steps")
	for i, step := range h.Steps {
		fmt.Fprintf(&b, "  %d. %s\n", i+1, step.Name)
	}
	section(&b, "May change")
	for _, grant := range h.May {
		fmt.Fprintf(&b, "  %s\n", grant)
	}
	if len(h.May) == 0 {
		b.WriteString("  nothing\n")
	}
	writeParams(&b, h.Params)
	writeScenarios(&b, scenarios)
	fmt.Fprintf(&b, "\nRehearse it:  runbook run %s --dry-run\n", command.Quote(e.Typed()))
	// One in which something is changed, if there is one.
	if i := max(0, slices.IndexFunc(scenarios, func(s shownScenario) bool { return !s.ReadOnly })); len(scenarios) > 0 {
		fmt.Fprintf(&b, "Try it:       runbook run %s --scenario %s\n", command.Quote(e.Typed()), command.Quote(scenarios[i].Name))
	}
	return b.String()
}

// inherited are the files that the runbook requires and that do not lie beside its script.
func inherited(book *engine.Runbook) (files []string) {
	from := book.Inherits()
	for _, file := range slices.Sorted(maps.Keys(from)) {
		files = append(files, file+" ("+from[file]+")")
	}
	return files
}

func writeParams(w *strings.Builder, params []script.Param) {
	if len(params) == 0 {
		return
	}
	section(w, "Parameters (-p name=value)")
	width := 0
	for _, p := range params {
		width = max(width, len(p.Name))
	}
	for i := range params {
		p := &params[i]
		fmt.Fprintf(w, "  %-*s  %s\n", width, p.Name, p.Doc)
		fmt.Fprintf(w, "  %-*s  %s\n", width, "", p.Rule())
	}
}

func writeScenarios(w *strings.Builder, scenarios []shownScenario) {
	if len(scenarios) == 0 {
		return
	}
	section(w, "Scenarios (--scenario name: a simulated site)")
	width := 0
	for _, s := range scenarios {
		width = max(width, len(s.Name))
	}
	for _, s := range scenarios {
		about := s.Summary
		if s.Fault != "" {
			about = "cannot be read: " + s.Fault
		}
		fmt.Fprintf(w, "  %-*s  %s\n", width, s.Name, about)
	}
}

func section(w *strings.Builder, title string) { fmt.Fprintf(w, "\n%s\n", title) }

func field(w *strings.Builder, name, value string) {
	if value != "" {
		fmt.Fprintf(w, "%-9s %s\n", name+":", value)
	}
}
