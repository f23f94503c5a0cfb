package main

import (
	"context"

	"github.com/spf13/cobra"

	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/journal"
)

func newReplay(io streams) *cobra.Command {
	f := newCommonFlags()
	cmd := &cobra.Command{
		Use:   "replay RECORDING",
		Short: "Run a script against a recording, without a site",
		Long: `Runs the script of a recording that was made with --record, with what it got then in place of a site. Nothing is asked of any site,
and nothing is sent.

Where the script has changed since, so that it asks for something else, the replay ends there with the exit code 4, the line of the
script, and the difference. That is how a changed script is tried on an incident of the past.`,
		Example:           "  runbook run compiler-down --dry-run --record incident.rec\n  runbook replay incident.rec",
		Args:              oneArg("the file of a recording"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return replayOne(cmd.Context(), io, &f, args[0])
		},
	}
	f.addLimits(cmd)
	return cmd
}

func replayOne(ctx context.Context, io streams, f *commonFlags, path string) error {
	records, _, err := journal.ReadSealed(path, journal.Recording)
	if err != nil {
		return err
	}
	past := engine.Recording(records)
	if past.Run == nil {
		return action.Errorf(action.CodeInvalid, "%s is a recording of nothing", path)
	}
	entry, err := entryOf(past.Run, past.Sources)
	if err != nil {
		return err
	}
	x, err := prepare(ctx, io, f, false)
	if err != nil {
		return err
	}
	x.flags.restore(past.Run.Site)
	x.walls = closedWalls()
	result, err := x.do(ctx, job{
		entry: entry, given: past.Run.Given, past: past,
		mode: func() engine.Mode { return engine.Replayed(past.Run) },
	})
	if err != nil {
		return err
	}
	return exit(result)
}
