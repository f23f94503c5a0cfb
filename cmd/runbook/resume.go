package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/journal"
	"runbook/engine/plan"
	"runbook/engine/tape"
)

// resumeFlags are the flags of `resume`.
type resumeFlags struct {
	commonFlags
	params   []string
	fromStep int
	settle   []string
	yes      bool
	record   string
}

func newResume(io streams) *cobra.Command {
	f := &resumeFlags{commonFlags: newCommonFlags()}
	cmd := &cobra.Command{
		Use:   "resume RUN",
		Short: "Take up a run that died, failed or was interrupted",
		Long: `Takes up a run that died, failed or was interrupted. RUN is a run's id, the beginning of one, or "last".

The script runs again. What it read, was answered and did is taken from the run's journal, and nothing is done twice; from where the
journal ends, it goes on live. The call that failed is made again. Of an action that was sent, and whose answer nobody saw, the
target is asked whether it was done; where that cannot tell, you are.

With --from-step a step is begun anew: everything in it and after it is looked at again. Actions that would do harm twice are still not
done twice.`,
		Example:           "  runbook resume last\n  runbook resume 20261123-232200-x7k2 --from-step 3",
		Args:              oneArg("the id of a run"),
		ValidArgsFunction: completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			return resumeOne(cmd.Context(), io, f, args[0])
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&f.fromStep, "from-step", 0, "begin this step anew, counted from 1")
	flags.StringArrayVar(&f.settle, "settle", nil, "\"N=done\" or \"N=not-done\": what became of the action with the number N, where nothing else can tell")
	flags.StringArrayVarP(&f.params, "param", "p", nil, "a secret parameter again, as name=reference")
	flags.BoolVar(&f.yes, "yes", false, "consent to every action, and answer yes to every confirmation")
	flags.StringVar(&f.record, "record", "", "write a recording of the run to this file, for runbook replay")
	f.add(cmd)
	return cmd
}

// taken is a run that is taken up again. Its journal is open, so nobody else writes to it.
type taken struct {
	file    *journal.File
	records []*journal.Record
	run     *journal.Run
	sources []*journal.Source
	plan    *plan.Plan // nil if it applied none
}

// takeUp opens the journal of a run and reads what it holds.
func takeUp(name string) (*taken, error) {
	dir, err := journal.Find(runsDir(), name)
	if err != nil {
		return nil, err
	}
	file, err := journal.Reopen(runsDir(), dir.ID())
	if err != nil {
		return nil, err
	}
	t := &taken{file: file}
	if err := t.read(dir); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return t, nil
}

func (t *taken) read(dir journal.Dir) (err error) {
	if t.records, _, err = journal.Read(dir.Journal()); err != nil {
		return err
	}
	if err := journal.Load(dir, t.records); err != nil {
		return err
	}
	t.run = t.records[0].Run
	for _, r := range t.records {
		if r.Kind == journal.KindSource {
			t.sources = append(t.sources, r.Source)
		}
	}
	if t.run.Plan == "" {
		return nil
	}
	if t.plan, err = plan.Read(dir.Plan()); err == nil && t.plan.Sum != t.run.Plan {
		err = action.Errorf(action.CodeDrift, "%s is not the plan that run %s applies; nothing was done", dir.Plan(), t.run.ID)
	}
	if err == nil && t.run.Applies != nil {
		t.plan.Path = t.run.Applies.File // where people have it: to plan again into the copy would end this run for good
	}
	return err
}

func resumeOne(ctx context.Context, io streams, f *resumeFlags, name string) (err error) {
	settled, err := settlements(f.settle)
	if err != nil {
		return err
	}
	if f.fromStep < 0 {
		return usage("--from-step counts from 1").wrap()
	}
	t, err := takeUp(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.file.Close()) }() // which the run has done where there was one
	if err := engine.Resumable(t.run); err != nil {
		return err
	}
	if err := t.inScenario(); err != nil {
		return err
	}
	selected, err := tape.Select(t.records, f.fromStep)
	if err != nil {
		return err
	}
	given, err := t.given(f.params)
	if err != nil {
		return err
	}
	entry, err := entryOf(t.run, t.sources)
	if err != nil {
		return err
	}
	if err := f.remember(t.run); err != nil {
		return err
	}
	x, err := prepare(ctx, io, &f.commonFlags, false)
	if err != nil {
		return err
	}
	x.id = t.run.ID
	x.flags.restore(t.run.Site)
	if err := sameSite("run "+t.run.ID, t.run.Site, x.identity()); err != nil {
		return err
	}
	recording, err := newOutput(f.record, writeRecording)
	if err != nil {
		return err
	}
	result, err := x.do(ctx, job{
		entry: entry, given: given, plan: t.plan, outputs: some(recording),
		past: engine.PastOf(t.records, selected),
		mode: func() engine.Mode { return engine.Real(t.people(x, f.yes, settled)) },
		open: func() (*journal.File, error) { return t.file, nil },
	})
	if err != nil {
		return err
	}
	return exit(result)
}

// inScenario refuses to go on in a simulated site, which is gone.
func (t *taken) inScenario() error {
	name := t.run.Scenario()
	if name == "" {
		return nil
	}
	return action.Errorf(action.CodeInvalid, "run %s was in the scenario %s, which ended with it: there is nothing to go on in", t.run.ID, name).
		Try("run it again: runbook run %s --scenario %s", command.Quote(t.run.Typed()), command.Quote(name))
}

// people are who answers from now on: for a plan, who approved it.
func (t *taken) people(x *execution, yes bool, settled map[int]action.Settlement) engine.People {
	people := x.people(yes)
	if t.plan != nil {
		people = engine.Approved{People: people}
	}
	return engine.Decided{People: people, By: settled}
}

// given are the parameters as they were typed; secret ones may be given by another reference.
func (t *taken) given(params []string) (map[string]string, error) {
	given := map[string]string{}
	for name, value := range t.run.Given {
		given[name] = value
	}
	again, err := splitParams(params)
	if err != nil {
		return nil, err
	}
	for name, value := range again {
		if !slices.Contains(t.run.Masked, name) {
			return nil, usage("-p %s: a run goes on with the parameters that it began with; only a secret one can be given again", name).wrap()
		}
		given[name] = value
	}
	return given, nil
}

// settlements reads the values of --settle.
func settlements(values []string) (map[int]action.Settlement, error) {
	out := map[int]action.Settlement{}
	for _, v := range values {
		number, what, _ := strings.Cut(v, "=")
		n, err := strconv.Atoi(number)
		switch {
		case err == nil && what == "done":
			out[n] = action.Done
		case err == nil && what == "not-done":
			out[n] = action.NotDone
		default:
			return nil, usage("--settle %s is not of the form N=done or N=not-done", v).
				Try("runbook runs show RUN shows the numbers of its actions").wrap()
		}
	}
	return out, nil
}
