package command

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"runbook/examples/lab/plane"
	"runbook/examples/lab/site"
)

func podsCommand() *cobra.Command {
	var bulk site.Bulk
	cmd := &cobra.Command{
		Use:   "pods",
		Short: "Create many pods and wait until they run, for benchmarks",
		Args:  cobra.NoArgs,
	}
	dir := dirFlag(cmd)
	cmd.Flags().IntVar(&bulk.Count, "count", 10000, "how many pods the namespace is to have")
	cmd.Flags().StringVar(&bulk.Namespace, "namespace", "bench", "where; it is made if it is not there")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, err := dir()
		if err != nil {
			return err
		}
		access, err := plane.Stagehand(dir)
		if err != nil {
			return err
		}
		begin := time.Now()
		if err := bulk.Create(cmd.Context(), access, cmd.ErrOrStderr()); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d pods run in namespace %s after %.1f s\n", bulk.Count, bulk.Namespace, time.Since(begin).Seconds())
		return err
	}
	return cmd
}
