package main

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/duration"

	"runbook/engine/journal"
)

// offered is how many runs a shell offers: more than that, nobody chooses from.
const offered = 50

// completeRuns completes the id of a run, the newest first.
func completeRuns(_ *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	directive := cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	dirs, err := journal.Runs(runsDir())
	if err != nil || len(args) > 0 || len(dirs) == 0 {
		return nil, directive
	}
	completions := []string{journal.Last + "\tthe newest run"}
	for _, d := range dirs {
		if len(completions) <= offered && strings.HasPrefix(d.ID(), begun) {
			completions = append(completions, d.ID()+"\t"+inWords(d))
		}
	}
	return completions, directive
}

// inWords says which run it is; nothing of one that cannot be read.
func inWords(d journal.Dir) string {
	head, err := journal.Head(d)
	if err != nil {
		return ""
	}
	s, err := journal.Summarize(d, head)
	if err != nil {
		return ""
	}
	age := duration.HumanDuration(time.Since(s.Began))
	return strings.Join([]string{s.Run.Runbook, modeOf(s.Run), standing(s.Status), age + " ago"}, ", ")
}

// completeRunbooks completes the name of a runbook that has runs.
func completeRunbooks(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	dirs, err := journal.Runs(runsDir())
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	for _, d := range dirs {
		if head, err := journal.Head(d); err == nil {
			names = append(names, head.Run.Runbook)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), cobra.ShellCompDirectiveNoFileComp
}
