package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/screen"
	"runbook/engine/tape"
)

func newRunsShow(io streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show RUN",
		Short: "Show a run again, as it was shown when it ran",
		Long: `Shows a run again from its journal, as it was shown when it ran.

RUN is a run's id, the beginning of one, or "last". Of a run that died it shows
what was in flight, of one in progress how far it is. -o json prints the
document that run -o json prints.`,
		Example:           "  runbook runs show last",
		Args:              oneArg("the id of a run"),
		ValidArgsFunction: completeRuns,
	}
	o := addOutput(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		d, err := journal.Find(runsDir(), args[0])
		if err != nil {
			return err
		}
		return showRun(io, d, *o)
	}
	return cmd
}

// A showing takes the records of a run and then says what they come to.
type showing interface {
	journal.Sink
	// EndsWith says why there is no last record, should there be none.
	EndsWith(screen.Break)
	Close() error
}

// document is a showing for programs: a run without an end is incomplete, for whatever reason.
type document struct{ *screen.Document }

func (document) EndsWith(screen.Break) {}

func showingOf(io streams, o output) showing {
	if o == asJSON {
		return document{screen.NewDocument(io.out)}
	}
	look := screen.LookOf(io.out, getenv)
	look.Live = false // nothing moves
	return screen.NewText(io.out, screen.Options{Look: look})
}

func showRun(io streams, d journal.Dir, o output) error {
	// The lock comes before the records: a run that ends meanwhile has its last record by then, and is not taken for dead.
	running, err := journal.Running(d)
	if err != nil {
		return err
	}
	in, err := os.Open(d.Journal())
	if err != nil {
		return fmt.Errorf("cannot show run %s: %w", d.ID(), err)
	}
	defer in.Close() //nolint:errcheck // it is only read
	to := showingOf(io, o)
	records, damage := readable(journal.NewReader(in, d.Journal()))
	if err := showStanding(records, to); err != nil {
		return err
	}
	switch {
	case len(records) == 0 && damage != nil:
		return damage
	case len(records) == 0:
		return action.Errorf(action.CodeNotFound, "run %s has nothing to show: it ended before its first record", d.ID()).Try("runbook runs")
	case damage != nil:
		to.EndsWith(screen.Unreadable)
	case running:
		to.EndsWith(screen.Unfinished)
	default:
		to.EndsWith(screen.Died)
	}
	return errors.Join(to.Close(), damage)
}

// readable are the records up to the first that cannot be read. Results that stand in files of their own are on no screen, so they are
// not loaded.
func readable(from *journal.Reader) (records []*journal.Record, damage error) {
	for r, err := range from.All() {
		if err != nil {
			return records, err
		}
		records = append(records, r)
	}
	return records, nil
}

// showStanding shows what holds of a run: what a resume dropped is told no more.
func showStanding(records []*journal.Record, to journal.Sink) error {
	for _, r := range tape.Standing(records) {
		if err := to.Write(r); err != nil {
			return err
		}
	}
	return nil
}
