package main

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/journal"
	"runbook/engine/plan"
)

func newApply(io streams) *cobra.Command {
	f := newCommonFlags()
	var record string
	cmd := &cobra.Command{
		Use:   "apply PLAN",
		Short: "Carry out a plan, and nothing but the plan",
		Long: `Carries out a plan that was made with "runbook run NAME --dry-run --out PLAN".

The script runs again, and each of its actions has to be the planned one. What was approved is not asked for again. At the first action
that is not as planned, or whose target is not what it was, the run ends before that action is sent, with the exit code 4.

Messages whose failure ends nothing are planned by whom they tell: how long things take decides when, how often and whether each is sent.
"runbook show PLAN" marks them: may repeat.

What the script does where a wait times out, an answer is another one, or an action fails that it catches (try, pcall) was planned each by
itself: "runbook show PLAN" tells it. Two of these together were not, but for a failure of what the script falls back to.

A plan holds for the site, the user and the script that it was made with.`,
		Example:           "  runbook run compiler-down --dry-run --out fix.plan\n  runbook show fix.plan\n  runbook apply fix.plan",
		Args:              oneArg("the file of a plan"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return applyOne(cmd.Context(), io, &f, args[0], record)
		},
	}
	cmd.Flags().StringVar(&record, "record", "", "write a recording of the run to this file, for runbook replay")
	f.add(cmd)
	return cmd
}

func applyOne(ctx context.Context, io streams, f *commonFlags, path, record string) error {
	p, err := plan.Read(path)
	if err != nil {
		return err
	}
	entry, err := entryOf(p.Run, p.Sources)
	if err != nil {
		return err
	}
	if err := f.remember(p.Run); err != nil {
		return err
	}
	x, err := prepare(ctx, io, f, false)
	if err != nil {
		return err
	}
	x.flags.restore(p.Run.Site)
	if err := sameSite("the plan "+path, p.Run.Site, x.identity()); err != nil {
		return err
	}
	recording, err := newOutput(record, writeRecording)
	if err != nil {
		return err
	}
	result, err := x.do(ctx, job{
		entry: entry, given: p.Run.Given, plan: p, outputs: some(recording),
		mode: func() engine.Mode { return engine.Real(engine.Approved{People: x.people(false)}) },
		open: func() (*journal.File, error) { return x.createWith(p) },
	})
	if err != nil {
		return err
	}
	return exit(result)
}

// createWith makes the journal of a run that applies a plan, and keeps a copy of the plan with it, for a resume.
func (x *execution) createWith(p *plan.Plan) (*journal.File, error) {
	file, err := x.create()
	if err != nil {
		return nil, err
	}
	if err := attach(file, p); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// attach copies the plan that was read, and not what may stand in its place since.
func attach(file *journal.File, p *plan.Plan) error {
	text, err := os.ReadFile(p.Path)
	if err != nil {
		return action.Errorf(action.CodeNotFound, "cannot keep a copy of the plan: %w; nothing was done", err)
	}
	if err := file.AttachPlan(text); err != nil {
		return err
	}
	kept, err := plan.Read(file.Dir().Plan())
	if err == nil && kept.Sum != p.Sum {
		err = action.Errorf(action.CodeDrift, "%s was replaced while it was read; nothing was done", p.Path).Try("runbook show %s", command.Quote(p.Path))
	}
	return err
}
