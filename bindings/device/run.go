package device

import (
	"context"
	"errors"
	"strconv"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/driver"
	"runbook/engine/module"
)

// maxOutput is how many bytes of each stream of a tool are kept. What a driver reads is told of devices, one by one.
const maxOutput = 1 << 20

// run runs the command, and returns what it printed if it came with an answer. broken is the code of the error when it did not come to its
// end.
func (c *call) run(ctx context.Context, broken action.Code) (driver.Said, error) {
	within, cancel := module.OutsideOf(ctx).WithTimeout(ctx, c.command.Timeout)
	defer cancel()
	out, clean := command.NewOutput(maxOutput), c.b.Secrets.String
	code, err := c.runner.Run(within, c.argv, out.Streams())
	cut, lost, own := (*command.Cut)(nil), (*command.Lost)(nil), (*action.Error)(nil)
	switch {
	case errors.As(err, &cut) && ctx.Err() == nil:
		return driver.Said{}, c.late(broken, cut.Cause, out.Complaint(clean))
	case errors.As(err, &cut):
		return driver.Said{}, action.Errorf(broken, "%s was ended, with everything that it had started: %w", c.line(), cut.Cause).On(c.target())
	case errors.As(err, &lost):
		return driver.Said{}, c.lost(broken, lost)
	case errors.As(err, &own):
		return driver.Said{}, c.notRun(own)
	case err != nil:
		return driver.Said{}, action.Errorf(broken, "cannot run %s: %w", c.line(), err).On(c.target())
	}
	result := out.Result(code, clean)
	said := driver.Said{ID: c.about(), Stdout: result.Stdout, Stderr: result.Stderr, ExitCode: code}
	if !c.command.AnswersWith(code) {
		return said, c.refused(code, out.Complaint(clean))
	}
	return said, nil
}

// line is the command as a person reads it, with where it runs.
func (c *call) line() string { return command.Line(c.argv) + " on " + c.On }

// late is the error of a tool whose time was up.
func (c *call) late(broken action.Code, cause error, complaint string) error {
	e := action.Errorf(broken, "%s did not answer within %s, and was ended with everything that it had started%s",
		c.line(), c.command.Timeout, command.Ending(complaint))
	e.Cause = cause
	return e.On(c.target()).Try("if it takes so long, say so in the driver: timeout of the command %s in %s", c.command.Purpose, c.driver.About().Path)
}

// lost is the error of a tool of which nobody knows what became. One that only looks can be asked again.
func (c *call) lost(broken action.Code, lost *command.Lost) error {
	if broken == action.CodeUncertain {
		return action.Errorf(broken, "%s was begun, and %w", c.line(), lost).On(c.target())
	}
	return action.Errorf(action.CodeUnavailable, "cannot run %s to its end: %w", c.line(), lost.Cause).On(c.target()).Again()
}

// notRun is the error of a tool that was not started, and what to do about it.
func (c *call) notRun(e *action.Error) error {
	at := *e
	at.Target = c.target()
	if e.Code == action.CodeNotFound && e.Hint == "" {
		at.Hint = "install the tool on " + c.On + ", or say in the site file where it is (on), or by which driver"
	}
	return &at
}

// refused is the error of a tool that did not do what was asked.
func (c *call) refused(code int, complaint string) error {
	meaning, known := c.command.Refuses[code]
	if !known {
		meaning = action.CodeCommand
	}
	e := command.Exited(c.argv, " on "+c.On, code, complaint).On(c.target())
	e.Code, e.Cause = meaning, exit(code)
	if meaning == action.CodeThrottled {
		e = e.Again()
	}
	return e
}

// exit is the exit code of a tool that was asked and refused, as the cause of an error: the way to it is open.
type exit int

func (e exit) Error() string { return "exit code " + strconv.Itoa(int(e)) }
