package main

import (
	"strings"

	"github.com/spf13/cobra"

	"runbook/engine"
	"runbook/engine/catalog"
)

var shells = []string{"bash", "zsh", "fish", "powershell"}

func newCompletion(io streams) *cobra.Command {
	return &cobra.Command{
		Use:       "completion SHELL",
		Short:     "Print a script that completes runbook's commands, names and parameters in a shell",
		Example:   "  source <(runbook completion bash)",
		Args:      oneArg("a shell: bash, zsh, fish or powershell"),
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(io.out, true)
			case "zsh":
				return root.GenZshCompletion(io.out)
			case "fish":
				return root.GenFishCompletion(io.out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(io.out)
			}
			return usage("there is no completion for %q: bash, zsh, fish or powershell", args[0]).wrap()
		},
	}
}

// completeNames completes the name of a runbook, or a path.
func completeNames(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	entries, err := shelves().List()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name+"\t"+describe(cmd.Context(), e).Summary)
	}
	return names, cobra.ShellCompDirectiveDefault
}

// completeScenarios completes --scenario with those of the runbook that was named before it, or a path.
func completeScenarios(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var entry *catalog.Entry
	if len(args) > 0 {
		entry, _ = shelves().Find(args[0]) // without it, those beside all runbooks are left
	}
	found := scenariosOf(entry)
	names, err := found.Names()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	for i, name := range names {
		if s, err := found.Load(name); err == nil {
			names[i] += "\t" + s.Summary
		}
	}
	return names, cobra.ShellCompDirectiveDefault
}

// completeParams completes -p with the parameters of the runbook that was named before it.
func completeParams(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	entry, err := shelves().Find(args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	book, err := engine.Describe(cmd.Context(), entry, library(declared()...))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for i := range book.Header.Params {
		p := &book.Header.Params[i]
		names = append(names, p.Name+"=\t"+p.Doc)
	}
	return names, cobra.ShellCompDirectiveNoSpace
}

// completeDocs completes what there is to read about: modules and libraries, and after a dot the functions of one.
func completeDocs(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	modules, err := documented()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	of, _, inModule := strings.Cut(typed, ".")
	names := []string{journalTopic + "\tthe records that runs leave behind", scenarioTopic + "\tsimulated sites", driverTopic + "\tthe tools of devices"}
	for _, m := range modules {
		if m.Name != "" && (!inModule || m.Name != of) {
			names = append(names, m.Name+"\t"+summary(m.Doc))
			continue
		}
		for i := range m.Funcs { // those without require have no dot before them
			f := m.Funcs[i]
			if _, bare, ok := strings.Cut(f.Name, method); ok {
				f.Name = bare // a colon ends a word in bash
			}
			names = append(names, m.Qualified(&f)+"\t"+summary(f.Doc))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeFile completes the one file that a command takes.
func completeFile(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveDefault
}
