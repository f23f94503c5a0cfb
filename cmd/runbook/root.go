package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/redact"
	"runbook/engine/screen"
	"runbook/engine/watchdog"
)

// An exitError ends the program with a code, after everything was said.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// execute runs one command line and returns the exit code.
func execute(ctx context.Context, args []string, io streams) int {
	io.secrets = redact.New()
	quieten(io.secrets.Writer(io.err))
	root := newRoot(io) //nolint:contextcheck // cobra hands it to each command
	root.SetArgs(likeGo(args))
	err := root.ExecuteContext(ctx)
	var exit exitError
	switch {
	case err == nil:
		return engine.ExitDone
	case errors.As(err, &exit):
		return int(exit)
	case readerWent(err, io.out):
		return engine.ExitFailed // who closed the pipe wants to hear no more
	}
	_ = screen.Error(io.err, screen.LookOf(io.err, getenv), redact.Clean(io.secrets, engine.Explain(err))) // there is nobody left to tell
	return exitCode(err)
}

// readerWent tells whether an error is only that nobody reads what a command prints.
func readerWent(err error, out *os.File) bool {
	var at *fs.PathError
	return errors.As(err, &at) && at.Path == out.Name() && errors.Is(at, syscall.EPIPE)
}

// exitCode is the code of an error that arose before anything ran.
func exitCode(err error) int {
	var usage *engine.UsageError
	var limit *watchdog.LimitError
	switch {
	case errors.As(err, &limit) && limit.Memory:
		return engine.ExitMemory
	case errors.As(err, &usage):
		return engine.ExitUsage
	case action.CodeOf(err) == action.CodeRefused, action.CodeOf(err) == action.CodeDeclined:
		return engine.ExitDeclined
	case action.CodeOf(err) == action.CodeDrift:
		return engine.ExitDrift
	case errors.Is(err, engine.ErrInterrupted):
		return engine.ExitInterrupted
	case action.CodeOf(err) == action.CodeTimeout:
		return engine.ExitTimeout
	}
	return engine.ExitFailed
}

func newRoot(io streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "runbook",
		Short: "Run, rehearse and write operations procedures",
		Long: `runbook runs operations procedures that were written as Lua scripts.

  runbook list                        what there is
  runbook show compiler-down          what it does, and what it may change
  runbook run compiler-down --dry-run what it would do now; changes nothing
  runbook run compiler-down           do it
  runbook test compiler-down          try it in simulated sites`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownCommand(cmd, args[0])
		},
	}
	root.SetIn(io.in)
	root.SetOut(io.out)
	root.SetErr(io.err)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage("%s", err).Try("%s --help", cmd.CommandPath()).wrap()
	})
	root.AddCommand(newList(io), newShow(io), newRun(io), newApply(io), newResume(io), newReplay(io), newRuns(io), newTest(io), newDocs(io), newVersion(io), newCompletion(io))
	return root
}

func unknownCommand(root *cobra.Command, name string) error {
	err := usage("there is no command %q", name)
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	err.Message += module.DidYouMean(name, names)
	return err.Try("runbook --help").wrap()
}

// usageError is a wrong command line in the making.
type usageError struct{ *action.Error }

func usage(format string, args ...any) usageError {
	return usageError{action.Errorf(action.CodeInvalid, format, args...)}
}

// Try adds what to type next.
func (u usageError) Try(format string, args ...any) usageError {
	return usageError{u.Error.Try(format, args...)}
}

func (u usageError) wrap() error { return &engine.UsageError{Err: u.Error} }

// oneArg accepts exactly one argument, which the message calls what.
func oneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return nil
		}
		return usage("%s needs %s", cmd.CommandPath(), what).Try("%s", strings.TrimSpace(cmd.UseLine())).wrap()
	}
}

// noArgs accepts none.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usage("%s takes no argument, got %q", cmd.CommandPath(), args[0]).Try("%s --help", cmd.CommandPath()).wrap()
}
