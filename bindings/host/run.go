package host

import (
	"cmp"
	"context"
	"errors"
	"time"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/machine"
	"runbook/engine/module"
)

// maxOutput is how much of a stream may be kept: what a scanner says of a large image.
const maxOutput = 64 << 20

func (b *binding) runFunc() module.Func {
	return module.Func{
		Name: "run",
		Doc: `Runs a command on a machine, without input and without a terminal: on the one on which runbook runs, or on a host of the site.

The command is a list of words, never a shell string: { "df", "-h" }, not { "df -h" }. If it is among the commands that are declared to
only look (commands.reads in the site file, and some that everybody knows), it is a read and really runs in a dry run too; any other
command is an action, "host.run commands" in a runbook's may. Nothing can know what an action's command would print: a dry run assumes
that it succeeds silently. On this machine it has the environment and the working folder of runbook itself, on a host those of a login
there without a terminal. When its time is up, or the run is cut off, it is ended with everything that it had started, but for what made
itself a session of its own (setsid, a daemon): it is asked to, and 400 milliseconds later it is killed, also on a host to which the way
was lost meanwhile. A server that it starts goes on when the command ends by itself. What a command prints is text: bytes that are none
are replaced.`,
		Params: []module.Param{
			{Name: "argv", Kind: module.Strings, Required: true, Doc: "the command and its arguments, one word an element"},
			{Name: "options", Kind: module.Object, Doc: "where, how long, and how much", Fields: []module.Param{
				onParam,
				{Name: "timeout", Kind: module.Duration, Default: time.Minute, Doc: "how long the command may run"},
				{Name: "max_output", Kind: module.Integer, Default: int64(command.DefaultLimit), Min: module.Bound(1), Max: module.Bound(maxOutput),
					Doc: "how many bytes of each stream are kept: 8 MiB if not given, at most 64 MiB; the rest is dropped"},
			}},
		},
		Returns: module.Result{
			Type: command.ResultType,
			Doc:  "what it printed, truncated if that was more than is kept; an exit code other than 0 is an error",
		},
		Errors: []action.Code{
			action.CodeCommand, action.CodeNotFound, action.CodeForbidden, action.CodeTimeout, action.CodeUncertain, action.CodeUnavailable,
			action.CodeUnauth, action.CodeConflict, action.CodeRejected,
		},
		Examples: []string{
			`log(host.run({ "df", "-h", "/var" }).stdout)`,
			`host.run({ "systemctl", "restart", "photon-bridge" }, { on = "rack-1", timeout = "2m" })`,
			`local out, err = try(host.run, { "photon-debug", "--list-devices" }, { timeout = "10s", max_output = 65536 })`,
		},
		Risk:   action.Disruptive,
		Decide: b.newRun,
		Kinds:  []string{commands},
	}
}

// An execution is one call of run, as what reads and actions have in common.
type execution struct {
	b *binding
	place
	argv    []string
	timeout time.Duration
	limit   int64
}

// A lookingCommand is declared to change nothing.
type lookingCommand struct{ execution }

// A changingCommand may do anything.
type changingCommand struct{ execution }

func (b *binding) newRun(args module.Args) (action.Read, action.Action, error) {
	at, err := b.place(args)
	if err != nil {
		return nil, nil, err
	}
	c := execution{b: b, place: at, argv: args.Strings("argv")}
	c.timeout, _ = args.Duration("timeout")
	c.limit, _ = args.Int("max_output")
	if err := command.Check("host.run", c.argv); err != nil {
		return nil, nil, err
	}
	if b.looks(c.name, c.argv) {
		return lookingCommand{c}, nil, nil
	}
	return nil, changingCommand{c}, nil
}

func (c execution) target() action.Target {
	return action.Target{System: system, Kind: commands, Scope: c.name, Name: c.argv[0]}
}

func (c execution) Describe() action.Description {
	return action.Description{
		Verb: "host.run", Target: c.target(), Identity: []action.Arg{{Name: "argv", Value: c.argv}}, Permissions: c.b.Needs[c.name],
	}
}

func (c lookingCommand) Describe() action.Description {
	d := c.execution.Describe()
	d.Idempotent = true
	return d
}

func (c changingCommand) Describe() action.Description {
	d := c.execution.Describe()
	d.Risk = action.Disruptive
	return d
}

// Read runs the command.
func (c lookingCommand) Read(ctx context.Context, _ action.View) (any, error) {
	return c.run(ctx, action.CodeTimeout)
}

// onMachine is the field of evidence that says on which machine something was predicted. A plan is of that one.
const onMachine = "machine"

// Predict assumes success: no model can know what a command does. That its program is not there is no proof of failure, because what was
// intended before may have brought it.
func (c changingCommand) Predict(ctx context.Context, _ action.View) (action.Prediction, error) {
	name, err := c.runner.Machine(ctx)
	if err != nil {
		return action.Prediction{}, c.unnamed(err)
	}
	predicted := action.Prediction{
		Evidence: action.Evidence{Old: map[string]any{onMachine: name}}, Value: command.Result{}.Value(), Label: action.Assumed,
		Note: command.Unknowable(c.argv),
	}
	path, err := c.runner.Find(ctx, c.argv[0])
	if err != nil {
		return action.Prediction{}, err
	}
	if path == "" {
		predicted.Warnings = []string{"there is no program " + command.Line(c.argv[:1]) + cmp.Or(c.where(), " on "+command.Here) + " as it is now"}
	}
	return predicted, nil
}

// unnamed is the error of a machine that does not say which it is. Why it does not, such as that it cannot be reached, says what to do.
func (c execution) unnamed(err error) error {
	if own, ok := errors.AsType[*action.Error](err); ok {
		return own.On(c.target())
	}
	return action.Errorf(action.CodeInternal, "cannot find out which machine this is: %w", err).On(c.target())
}

// Apply runs the command, on the machine that was looked at.
func (c changingCommand) Apply(ctx context.Context, predicted action.Prediction) (action.Result, error) {
	name, err := c.runner.Machine(ctx)
	if err != nil {
		return action.Result{}, c.unnamed(err)
	}
	if was, known := predicted.Evidence.Old[onMachine]; known && was != name {
		return action.Result{}, action.Errorf(action.CodeConflict, "cannot run %s: this was for the machine %v, and here is %s",
			command.Line(c.argv), was, name).On(c.target())
	}
	value, err := c.run(ctx, action.CodeUncertain)
	if err != nil {
		return action.Result{}, err
	}
	return action.Result{Value: value}, nil
}

// Settle cannot tell: a command leaves no trace that we know of.
func (c changingCommand) Settle(context.Context, action.Intent) (action.Settlement, error) {
	return action.Unknown, nil
}

// run runs the command and returns what it printed. broken is the code of the error when it did not come to its end.
func (c execution) run(ctx context.Context, broken action.Code) (any, error) {
	within := ctx
	if c.timeout > 0 {
		var cancel context.CancelFunc
		within, cancel = module.OutsideOf(ctx).WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	out, clean := command.NewOutput(int(c.limit)), c.b.Secrets.String
	code, err := c.runner.Run(within, c.argv, out.Streams())
	late := func() *action.Error { return c.late(broken, out.Complaint(clean)) }
	if e := command.NotEnded(ctx, err, c.line(), broken, late); e != nil {
		return nil, e.On(c.target())
	}
	own := (*action.Error)(nil)
	switch {
	case errors.As(err, &own):
		return nil, c.hinted(own)
	case err != nil:
		return nil, action.Errorf(broken, "cannot run %s: %w", c.line(), err).On(c.target())
	case code != 0:
		return nil, c.hinted(command.Exited(c.argv, c.where(), code, out.Complaint(clean)))
	}
	return out.Result(code, clean).Value(), nil
}

// where says on which host a command is, " on rack-1", and nothing of this machine.
func (c execution) where() string {
	if c.name == machine.Local {
		return ""
	}
	return " on " + c.name
}

// line is the command, and where it is.
func (c execution) line() string { return command.Line(c.argv) + c.where() }

func (c execution) hinted(e *action.Error) *action.Error {
	return command.Hinted(c.argv, e.On(c.target()), c.b.Secrets.String)
}

// late is the error of a command whose time was up.
func (c execution) late(broken action.Code, complaint string) *action.Error {
	return action.Errorf(broken, "%s did not end within %s, and was ended with everything that it had started%s",
		c.line(), c.timeout, command.Ending(complaint)).Try(`if it takes so long, give it more time: { timeout = "%s" }`, 2*c.timeout)
}
