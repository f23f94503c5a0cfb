package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/duration"

	"runbook/engine/journal"
	"runbook/engine/module"
	"runbook/engine/screen"
)

// prunedRun is a run in `runs prune -o json`.
type prunedRun struct {
	ID    string    `json:"id"`
	Dir   string    `json:"dir"`
	Last  time.Time `json:"last"` // when it was last written to
	Bytes int64     `json:"bytes"`
}

// pruned is `runs prune -o json`: a contract with programs.
type pruned struct {
	Schema string      `json:"schema"` // runbook/prune/v1
	DryRun bool        `json:"dry_run"`
	Runs   []prunedRun `json:"runs"` // removed, or in a dry run to be removed
	Bytes  int64       `json:"bytes"`
}

const pruneSchema = "runbook/prune/v1"

func newRunsPrune(io streams) *cobra.Command {
	keep := journal.Limits{Newest: journal.NoLimit, Age: journal.NoAge}
	var dry bool
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Remove old runs",
		Long: fmt.Sprintf(`Removes old runs: those beyond the newest N, and those that were last written to
longer ago than D. Without either flag it removes what every run removes when it
ends: all but the newest %d, and what is older than %d days. A run in progress is
never removed.`,
			journal.DefaultLimits.Newest, journal.DefaultLimits.Age/(24*time.Hour)),
		Example: "  runbook runs prune --keep 100 --dry-run\n  runbook runs prune --older-than 30d",
		Args:    noArgs,
	}
	cmd.Flags().Var((*keepValue)(&keep.Newest), "keep", "keep the newest N runs")
	cmd.Flags().Var((*ageValue)(&keep.Age), "older-than", "remove runs older than this, such as 30d or 12h")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "remove nothing, show what would be removed")
	o := addOutput(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if !cmd.Flags().Changed("keep") && !cmd.Flags().Changed("older-than") {
			keep = journal.DefaultLimits
		}
		choose := journal.Prune
		if dry {
			choose = journal.Excess
		}
		now := time.Now()
		old, failed := choose(runsDir(), keep, now)
		if err := tellPruned(io, old, dry, *o, now); err != nil {
			return err
		}
		return failed
	}
	return cmd
}

func tellPruned(io streams, old []journal.Old, dry bool, o output, now time.Time) error {
	report := pruned{Schema: pruneSchema, DryRun: dry, Runs: []prunedRun{}}
	for _, run := range old {
		report.Runs = append(report.Runs, prunedRun{run.Dir.ID(), string(run.Dir), run.Last, run.Bytes})
		report.Bytes += run.Bytes
	}
	if o == asJSON {
		return writeJSON(io.out, report)
	}
	return printPruned(io, report, now)
}

func printPruned(io streams, p pruned, now time.Time) error {
	if len(p.Runs) > 0 {
		rows := make([][]string, len(p.Runs))
		for i, run := range p.Runs {
			rows[i] = []string{run.ID, duration.HumanDuration(now.Sub(run.Last)), humanize.IBytes(uint64(run.Bytes))}
		}
		look := screen.LookOf(io.out, getenv)
		if err := screen.Table(io.out, []string{"id", "age", "size"}, rows, screen.TableStyle{Look: look}); err != nil {
			return err
		}
	}
	did := "Removed"
	if p.DryRun {
		did = "DRY RUN: nothing was removed. Would remove"
	}
	_, err := fmt.Fprintf(io.out, "%s %s, %s.\n", did, countRuns(len(p.Runs)), humanize.IBytes(uint64(p.Bytes)))
	return err
}

// pruneQuietly removes what is old when a run has ended. That it cannot changes nothing about the run.
func (x *execution) pruneQuietly(ctx context.Context) {
	_, err := journal.Prune(runsDir(), journal.DefaultLimits, time.Now())
	if err == nil {
		return
	}
	text := "old runs are left: " + strings.ReplaceAll(err.Error(), "\n", "; ")
	_ = screen.Warning(x.outlets.err, screen.LookOf(x.io.err, getenv), text) // the outlet knows what became of it
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), lastMoment)
	defer stop()
	_ = x.outlets.err.Wait(ctx, 0)
}

// keepValue is the value of --keep.
type keepValue int

func (k *keepValue) String() string { return "" }

// Type names the value in help texts.
func (k *keepValue) Type() string { return "N" }

// Set accepts a number that is not negative.
func (k *keepValue) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return usage("--keep must be a number of runs, got %q", s).Error
	}
	*k = keepValue(n)
	return nil
}

// ageValue is the value of --older-than.
type ageValue time.Duration

func (a *ageValue) String() string { return "" }

// Type names the value in help texts.
func (a *ageValue) Type() string { return "D" }

// Set accepts what a script's durations can be, days included, which ages of runs are counted in.
func (a *ageValue) Set(s string) error {
	d, err := module.ParseDuration(s)
	if err != nil || d < 0 {
		return usage("--older-than must be a time such as 30d or 12h, got %q", s).Error
	}
	*a = ageValue(d)
	return nil
}
