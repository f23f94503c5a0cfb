package command

import (
	"fmt"

	"github.com/spf13/cobra"
)

func restartCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "restart SERVER",
		Short: "Restart one server of a running lab, to see what lives through it",
		Long: `Restart one server of a running lab with the same command line, and wait until it is ready again. SERVER is a
name in state.json, such as kube-apiserver. Everything else goes on.`,
		Args: exactly(1, "a server, such as kube-apiserver"),
	}
	dir := dirFlag(cmd)
	down := cmd.Flags().Duration("down-for", 0, "how long it stays down")
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		dir, err := dir()
		if err != nil {
			return err
		}
		if err := supervise(dir, nil, cmd.ErrOrStderr()).Restart(cmd.Context(), names[0], *down); err != nil {
			return err
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), names[0], "runs again")
		return err
	}
	return cmd
}
