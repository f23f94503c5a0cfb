package command

import (
	"github.com/spf13/cobra"

	"runbook/examples/lab/process"
)

// holdCommand is how a server starts; see process.Hold. It is not for people.
func holdCommand() *cobra.Command {
	return &cobra.Command{
		Use:                process.HoldCommand + " PROGRAM [ARGUMENT...]",
		Hidden:             true,
		DisableFlagParsing: true,
		Args:               cobra.MinimumNArgs(1),
		RunE:               func(_ *cobra.Command, argv []string) error { return process.Hold(argv) },
	}
}
