// Package command is what all ways of running a command have in common: the interface of a machine that runs one, how a command line
// is written for a person, what is kept of its output, and what its failure says.
//
// A command is an argument vector, never a shell string. This package runs nothing and decides nothing: engine/command/local runs
// commands on this machine, engine/command/shell on another one, engine/world/host answers for a simulated one, and which commands only look
// is said by action.Commands.
// Read next: text.go and buffer.go, then bindings/host.
package command

import (
	"context"
	"io"
	"slices"
	"strings"

	"runbook/engine/action"
)

// A Runner is a machine that runs commands.
type Runner interface {
	// Machine is what the machine calls itself.
	Machine(ctx context.Context) (string, error)
	// Find is the absolute path of a program, "" if the machine has none of that name that it could run.
	Find(ctx context.Context, program string) (string, error)
	// Run runs a command to its end, without a terminal. Its error is a *Cut if the command was ended before it had
	// ended by itself, a *Lost if nobody knows what became of it, and otherwise an *action.Error: nothing was started.
	Run(ctx context.Context, argv []string, streams Streams) (exitCode int, err error)
}

// A Cut is a command that was ended, with everything that it had started, because its context had.
type Cut struct{ Cause error }

func (c *Cut) Error() string { return "it was cut off: " + c.Cause.Error() }

// Unwrap returns why.
func (c *Cut) Unwrap() error { return c.Cause }

// A Lost is a command of which nobody knows what became, because the way to its machine was lost. It may have done its work, or some of
// it; what is left of it is ended there as soon as the machine notices.
type Lost struct{ Cause error }

func (l *Lost) Error() string { return "nobody knows what became of it: " + l.Cause.Error() }

// Unwrap returns how the way was lost.
func (l *Lost) Unwrap() error { return l.Cause }

// NotBegun is the error of a command that was not started, because its context had ended.
func NotBegun(ctx context.Context, argv []string) *action.Error {
	return action.Errorf(action.CodeInterrupted, "%s was not run: %v", Line(argv), context.Cause(ctx))
}

// Streams are what a command reads, and what takes its output.
type Streams struct {
	// Stdin is what it reads; nil for an empty input. On another machine it may end early if the way there is lost: who gives a command
	// something that is no good in part looks at what arrived.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// A Result is what a command printed, and how it ended.
type Result struct {
	Stdout, Stderr string
	ExitCode       int
	Truncated      bool // there was more than is kept
	Assumed        bool // nothing ran: where it would, there is nothing yet
}

// Value is the result as a script gets it.
func (r Result) Value() map[string]any {
	value := map[string]any{"stdout": r.Stdout, "stderr": r.Stderr, "exit_code": int64(r.ExitCode)}
	if r.Truncated {
		value["truncated"] = true
	}
	if r.Assumed {
		value[AssumedField] = true
	}
	return value
}

// AssumedField is in the value of a command that did not run.
const AssumedField = "assumed"

// ResultType is the type of that value, in the notation of Lua language servers.
const ResultType = "{ stdout: string, stderr: string, exit_code: integer, truncated?: boolean, assumed?: boolean }"

// Check refuses a command that is none. function is who was called with it.
func Check(function string, argv []string) error {
	if len(argv) == 0 || argv[0] == "" {
		return action.Errorf(action.CodeInvalid, `%s: the command is empty; write it as a list of words: { "df", "-h" }`, function)
	}
	return nil
}

// Unpassable is the error of words that no program can be given; nil if it can.
func Unpassable(argv []string) *action.Error {
	for _, word := range argv {
		if strings.ContainsRune(word, 0) {
			return action.Errorf(action.CodeInvalid, "cannot run %s: a word of it holds a zero byte, which no program can be given", Line(argv[:1]))
		}
	}
	return nil
}

// TooLong is the hint of a command that is longer than a machine takes.
const TooLong = "hand it less at once"

// Answers tells whether a pattern fits a command: "*" stands for one argument, "..." at the end for any number of them, options too. It
// is for who answers a command; who lets one pass asks action.Commands, which is stricter.
func Answers(pattern, argv []string) bool {
	if last := len(pattern) - 1; last >= 0 && pattern[last] == "..." {
		return len(argv) >= last && fits(pattern[:last], argv[:last])
	}
	return len(pattern) == len(argv) && fits(pattern, argv)
}

func fits(pattern, argv []string) bool {
	return slices.EqualFunc(pattern, argv, func(word, arg string) bool { return word == "*" || word == arg })
}
