package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"runbook/examples/lab/sitefile"
)

func downCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Stop what was started, also after a crash, and keep only the logs",
		Args:  cobra.NoArgs,
	}
	dir := dirFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, err := dir()
		if err != nil {
			return err
		}
		lab := supervise(dir, nil, cmd.ErrOrStderr())
		if err := lab.Down(cmd.Context()); err != nil {
			return fmt.Errorf("stop the lab in %s: %w", dir, err)
		}
		return sitefile.Withdraw(dir)
	}
	return cmd
}
