package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"runbook/engine"
	"runbook/engine/gate"
)

// runFlags are the flags of `run`.
type runFlags struct {
	commonFlags
	params   []string
	dry      bool
	detailed bool
	yes      bool
	assume   []string
	out      string
	record   string
	scenario scenarioFlag
}

func newRun(io streams) *cobra.Command {
	f := &runFlags{commonFlags: newCommonFlags()}
	cmd := &cobra.Command{
		Use:   "run NAME",
		Short: "Run a runbook, or rehearse it with --dry-run",
		Long: `Runs a runbook: one by its name, or a script by its path ending in .lua.

With --dry-run it reads the live site, changes nothing, and shows every action that it would take. With --out it also writes a plan,
which "runbook apply" carries out and nothing else.

With --scenario it happens in a simulated site, dry or for real: an incident to rehearse, with nothing installed and nothing at stake.`,
		Example: `  runbook run compiler-down --dry-run
  runbook run compiler-down --dry-run --out fix.plan
  runbook run compiler-down -p replicas=5 --context staging
  runbook run compiler-down --scenario crashloop`,
		Args:              oneArg("the name of a runbook"),
		ValidArgsFunction: completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runOne(cmd.Context(), io, f, args[0])
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.params, "param", "p", nil, "a parameter as name=value; may be given several times")
	flags.BoolVar(&f.dry, "dry-run", false, "change nothing, show what would be done")
	flags.BoolVar(&f.detailed, "detailed-exitcode", false, "with --dry-run: exit with 2 when changes are intended")
	flags.BoolVar(&f.yes, "yes", false, "consent to every action, and answer yes to every confirmation")
	flags.StringArrayVar(&f.assume, "assume", nil, "with --dry-run: \"WAIT=timeout\" rehearses that a wait does not come true, \"ACTION=failed\" that an action fails whose failure the script catches")
	flags.StringVar(&f.out, "out", "", "with --dry-run: write a plan to this file")
	flags.StringVar(&f.record, "record", "", "write a recording of the run to this file, for runbook replay")
	flags.Var(&f.scenario, "scenario", "run it in a simulated site: the name of a scenario, or a path ending in .yaml")
	f.add(cmd)
	_ = cmd.RegisterFlagCompletionFunc("scenario", completeScenarios)
	_ = cmd.RegisterFlagCompletionFunc("param", completeParams) // fails only for a flag that does not exist
	return cmd
}

// check refuses flags that do not go together.
func (f *runFlags) check() error {
	for _, c := range []struct {
		given bool
		name  string
	}{{f.detailed, "--detailed-exitcode"}, {len(f.assume) > 0, "--assume"}, {f.out != "", "--out"}} {
		if c.given && !f.dry {
			return usage("%s goes with --dry-run", c.name).wrap()
		}
	}
	if f.out != "" && len(f.assume) > 0 {
		return usage("a plan is made for both ways of each assumption: leave out --assume").wrap()
	}
	return nil
}

func runOne(ctx context.Context, io streams, f *runFlags, name string) error {
	if err := f.check(); err != nil {
		return err
	}
	entry, err := shelves().Find(name)
	if err != nil {
		return err
	}
	given, err := splitParams(f.params)
	if err != nil {
		return err
	}
	otherwise, err := readOtherwise(f.assume)
	if err != nil {
		return err
	}
	if err := f.enter(string(f.scenario), entry); err != nil {
		return err
	}
	x, err := prepare(ctx, io, &f.commonFlags, f.dry)
	if err != nil {
		return err
	}
	j := job{entry: entry, given: given, open: x.create, mode: func() engine.Mode {
		if f.dry {
			return engine.Dry(time.Now(), otherwise)
		}
		return engine.Real(x.people(f.yes))
	}}
	if j.outputs, err = f.outputs(); err != nil {
		return err
	}
	result, err := x.do(ctx, j)
	if err != nil {
		return err
	}
	if f.detailed && result.Exit == engine.ExitDone && result.Actions > 0 {
		return exitError(engine.ExitChanges)
	}
	return exit(result)
}

// outputs are the files that are written when the run has ended, made now, so that one that cannot be is told before anything is done.
func (f *runFlags) outputs() (outputs, error) {
	plan, err := newOutput(f.out, writePlan)
	if err != nil {
		return nil, err
	}
	recording, err := newOutput(f.record, writeRecording)
	if err != nil {
		return nil, errors.Join(err, some(plan).abandon())
	}
	return some(plan, recording), nil
}

// readOtherwise reads the values of --assume.
func readOtherwise(assumed []string) (engine.Otherwise, error) {
	var but engine.Otherwise
	for _, a := range assumed {
		at := strings.LastIndexByte(a, '=')
		switch name, what := a[:max(at, 0)], a[at+1:]; {
		case at > 0 && what == gate.TimedOut:
			but.TimesOut = append(but.TimesOut, name)
		case at > 0 && what == gate.Failed:
			but.Fails = append(but.Fails, name)
		default:
			return but, usage("--assume %s is neither of the form WAIT=timeout nor ACTION=failed", a).Try("a dry run shows the names of what it assumed").wrap()
		}
	}
	return but, nil
}

// splitParams reads the values of -p. A parameter given twice is a mistake, not a choice.
func splitParams(params []string) (map[string]string, error) {
	given := map[string]string{}
	for _, p := range params {
		name, value, ok := strings.Cut(p, "=")
		if !ok {
			return nil, usage("-p takes name=value, and was given something else").wrap() // not what: it may be a secret
		}
		if _, twice := given[name]; twice {
			return nil, usage("the parameter %s was given twice", name).wrap()
		}
		given[name] = value
	}
	return given, nil
}
