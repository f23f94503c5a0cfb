package device

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/driver"
	"runbook/engine/module"
)

// How many bytes of each stream of a tool are kept. What a driver reads is told of devices, one by one; a log has many lines.
const (
	maxOutput = 1 << 20
	maxLog    = 8 << 20
)

func (c *call) keeps() int {
	if c.command.Purpose == driver.Logs {
		return maxLog
	}
	return maxOutput
}

// run runs the command, and returns what it printed if it came with an answer. broken is the code of the error when it did not come to its
// end.
func (c *call) run(ctx context.Context, broken action.Code) (driver.Said, error) {
	within, cancel := module.OutsideOf(ctx).WithTimeout(ctx, c.command.Timeout)
	defer cancel()
	out, clean := command.NewOutput(c.keeps()), c.b.Secrets.String
	code, err := c.runner.Run(within, c.argv, out.Streams())
	late := func() *action.Error { return c.late(broken, out.Complaint(clean)) }
	if e := command.NotEnded(ctx, err, c.line(), broken, late); e != nil {
		return driver.Said{}, e.On(c.target())
	}
	own := (*action.Error)(nil)
	switch {
	case errors.As(err, &own):
		return driver.Said{}, c.notRun(own)
	case err != nil:
		return driver.Said{}, action.Errorf(broken, "cannot run %s: %w", c.line(), err).On(c.target())
	}
	result := out.Result(code, clean)
	said := driver.Said{ID: c.about(), Stdout: result.Stdout, Stderr: result.Stderr, ExitCode: code}
	if said.Cut = result.Truncated && len(said.Stdout) > c.keeps()-utf8.UTFMax; said.Cut {
		said.Stdout = said.Stdout[:strings.LastIndexByte(said.Stdout, '\n')+1] // half a line says something else than the whole
	}
	for _, text := range []*string{&said.Stdout, &said.Stderr} {
		if driver.Shortens(*text) {
			*text = clean(*text)
		}
	}
	if !c.command.AnswersWith(code) {
		return said, c.refused(code, out.Complaint(clean))
	}
	return said, nil
}

// line is the command as a person reads it, with where it runs.
func (c *call) line() string { return command.Line(c.argv) + " on " + c.On }

// late is the error of a tool whose time was up.
func (c *call) late(broken action.Code, complaint string) *action.Error {
	return action.Errorf(broken, "%s did not answer within %s, and was ended with everything that it had started%s",
		c.line(), c.command.Timeout, command.Ending(complaint)).Try("if it takes so long, say so in the driver: timeout of the command %s in %s", c.command.Purpose, c.driver.About().Path)
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
	if code == 0 {
		return e.Try("the driver takes %v alone for an answer: if 0 is one too, say so: answers of the command %s in %s", c.command.Answers, c.command.Purpose, c.driver.About().Path)
	}
	if next := c.next(); next != "" {
		e = e.Try("%s", next)
	}
	if meaning == action.CodeThrottled {
		e = e.Again()
	}
	return e
}

// next is what to do about a device whose tool refuses, as far as the inventory says it.
func (c *call) next() string {
	var steps []string
	if c.Log != "" {
		steps = append(steps, fmt.Sprintf("look at its log: device.logs(%q)", c.ID))
	}
	if who := strings.TrimSpace(c.Vendor.Name + " " + c.Vendor.Contact); who != "" {
		steps = append(steps, "where that does not help, ask its vendor: "+who)
	}
	return strings.Join(steps, "; ")
}

// exit is the exit code of a tool that was asked and refused, as the cause of an error: the way to it is open.
type exit int

func (e exit) Error() string { return "exit code " + strconv.Itoa(int(e)) }
