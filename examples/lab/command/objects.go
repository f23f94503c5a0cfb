package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"runbook/examples/lab/store"
	"runbook/examples/lab/supervisor"
)

func objectsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "objects",
		Short: "Fill a bucket with thousands of objects, for benchmarks",
		Args:  cobra.NoArgs,
	}
	dir := dirFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, err := dir()
		if err != nil {
			return err
		}
		state, err := supervisor.ReadState(dir)
		if err != nil {
			return err
		}
		count, size, err := store.FillTree(cmd.Context(), dir, state.URL(store.Port))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d objects with %d MB are in bucket %s\n", count, size/1e6, store.TreeBucket)
		return err
	}
	return cmd
}
