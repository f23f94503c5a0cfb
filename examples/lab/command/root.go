// Package command is the lab's command line, one file per subcommand. Commands parse and print; the work is done in
// build, supervisor, and the parts of a lab, which lab.go lists.
package command

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"runbook/examples/lab/build"
	"runbook/examples/lab/layout"
)

// Root returns the lab command. The modules pin what it builds.
func Root(modules build.Modules) *cobra.Command {
	root := &cobra.Command{
		Use:   "lab",
		Short: "A whole site on this machine, of real servers, without root and without containers",
		Long: `A whole site on this machine's loopback, of real servers that are built from Go modules, without root and without
containers. Nodes and pods are played by kwok: they have logs, events, usage and failures, but run nothing.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(
		buildCommand(modules),
		upCommand(modules),
		downCommand(),
		restartCommand(),
		scenarioCommand(),
		podsCommand(),
		talkersCommand(),
		objectsCommand(),
		inboxCommand(),
		deviceCommand(),
		holdCommand(),
		serveInboxCommand(),
		exporterCommand(),
	)
	return root
}

// exactly wants that many arguments, and says what they are.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return fmt.Errorf("%s takes %s; see %s --help", cmd.CommandPath(), what, cmd.CommandPath())
		}
		return nil
	}
}

// dirFlag adds --dir, and returns what gives the lab's folder once the flags are parsed. The folder is absolute:
// the servers do not start where this program does.
func dirFlag(cmd *cobra.Command) func() (layout.Dir, error) {
	dir := cmd.Flags().String("dir", "", "the lab's folder (default: that of the lab which this program lies in, or else runbook-lab in the XDG state home)")
	return func() (layout.Dir, error) {
		if *dir == "" {
			self, err := os.Executable()
			if err != nil {
				return "", fmt.Errorf("find this program: %w", err)
			}
			return layout.Default(self)
		}
		absolute, err := filepath.Abs(*dir)
		if err != nil {
			return "", fmt.Errorf("find the lab's folder %s: %w", *dir, err)
		}
		return layout.Dir(absolute), nil
	}
}
