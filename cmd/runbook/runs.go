package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"runbook/engine/journal"
	"runbook/engine/module"
	"runbook/engine/screen"
)

// listedRuns is how many runs are listed unless more are asked for: a screenful.
const listedRuns = 20

func newRuns(io streams) *cobra.Command {
	var limit int
	var name string
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "List the runs so far, show one again, remove old ones",
		Long: `Lists the runs of this user on this machine, the newest first.

STATUS says how a run stands: running, ok, failed, declined, refused, drift,
timed out, out of memory, interrupted, or died: its process went away without a
last word.
ACTIONS are those that were done, or intended in a dry run. A narrow terminal
leaves columns out; -o json has everything.

` + runsFormat(),
		Example: "  runbook runs --runbook compiler-down\n  runbook runs show last\n" +
			`  runbook runs -l 0 -o json | jq -r '.runs[] | select(.status == "failed") | .id'`,
		Args: runsArgs,
	}
	cmd.Flags().IntVarP(&limit, "limit", "l", listedRuns, "list so many; 0 for all")
	cmd.Flags().StringVar(&name, "runbook", "", "only runs of this runbook")
	_ = cmd.RegisterFlagCompletionFunc("runbook", completeRunbooks) // fails only for a flag that does not exist
	o := addOutput(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		if limit < 0 {
			return usage("--limit must be 0 or more, got %d", limit).wrap()
		}
		found, err := findRuns(runsDir(), name, limit, time.Now())
		if err != nil {
			return err
		}
		if *o == asJSON {
			return writeJSON(io.out, reportOf(found))
		}
		return printRuns(io, found, name, time.Now())
	}
	cmd.AddCommand(newRunsShow(io), newRunsPrune(io))
	return cmd
}

// runsArgs accepts none, and knows what was meant.
func runsArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if _, err := journal.Find(runsDir(), args[0]); err == nil {
		return usage("runbook runs takes no argument, got %q", args[0]).Try("runbook runs show %s", args[0]).wrap()
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return usage("there is no command \"runs %s\"%s", args[0], module.DidYouMean(args[0], names)).Try("runbook runs --help").wrap()
}

// A history is what a list of runs shows.
type history struct {
	runs       []*journal.Summary
	more       int // older ones that were not asked for
	unreadable []unreadable
}

// unreadable is a run that cannot be listed.
type unreadable struct {
	dir journal.Dir
	err error
}

// findRuns sums up the newest runs, of one runbook if it is named. A damaged run hides no other.
func findRuns(base, runbook string, limit int, now time.Time) (history, error) {
	var h history
	dirs, err := journal.Runs(base)
	if err != nil {
		return h, err
	}
	for i, d := range dirs {
		full := limit > 0 && len(h.runs) == limit
		if full && runbook == "" {
			h.more = len(dirs) - i
			break
		}
		head, err := journal.Head(d)
		switch {
		case err != nil:
			h.cannotRead(d, err, now)
		case runbook != "" && head.Run.Runbook != runbook:
		case full:
			h.more++
		default:
			h.add(d, head, now)
		}
	}
	return h, nil
}

func (h *history) add(d journal.Dir, head *journal.Record, now time.Time) {
	s, err := journal.Summarize(d, head)
	if err != nil {
		h.cannotRead(d, err, now)
		return
	}
	h.runs = append(h.runs, s)
}

func (h *history) cannotRead(d journal.Dir, err error, now time.Time) {
	if !journal.Beginning(d, now) {
		h.unreadable = append(h.unreadable, unreadable{d, err})
	}
}

func printRuns(io streams, h history, name string, now time.Time) error {
	if len(h.runs) > 0 {
		if err := tableOfRuns(io, h.runs, now); err != nil {
			return err
		}
	} else if _, err := fmt.Fprintln(io.err, nothingListed(name)); err != nil {
		return err
	}
	if h.more > 0 {
		if _, err := fmt.Fprintf(io.err, "%d older not listed: --limit 0 lists all\n", h.more); err != nil {
			return err
		}
	}
	return warnUnreadable(io, h.unreadable)
}

func nothingListed(name string) string {
	if name != "" {
		return fmt.Sprintf("There are no runs of %s.", name)
	}
	return "There are no runs yet. Rehearse one: runbook run NAME --dry-run"
}

// namedUnreadable is how many runs one warning names.
const namedUnreadable = 3

// warnUnreadable says in one line which journals cannot be read, and why.
func warnUnreadable(io streams, list []unreadable) error {
	if len(list) == 0 {
		return nil
	}
	var reasons []string
	for _, u := range list[:min(len(list), namedUnreadable)] {
		reasons = append(reasons, u.err.Error()) // it names the journal
	}
	if more := len(list) - namedUnreadable; more > 0 {
		reasons = append(reasons, fmt.Sprintf("and %d more, see -o json", more))
	}
	text := countRuns(len(list)) + " cannot be listed: " + strings.Join(reasons, "; ")
	return screen.Warning(io.err, screen.LookOf(io.err, getenv), text)
}

func countRuns(n int) string {
	if n == 1 {
		return "1 run"
	}
	return fmt.Sprintf("%d runs", n)
}
