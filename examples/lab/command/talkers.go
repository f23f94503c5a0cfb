package command

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"runbook/examples/lab/kwok"
	"runbook/examples/lab/plane"
	"runbook/examples/lab/site"
)

func talkersCommand() *cobra.Command {
	var talkers site.Talkers
	cmd := &cobra.Command{
		Use:   "talkers",
		Short: "Create pods with long logs, for benchmarks",
		Args:  cobra.NoArgs,
	}
	dir := dirFlag(cmd)
	count := cmd.Flags().Int("count", 8, "how many pods; each has a log of about 6.4 MB")
	cmd.Flags().StringVar(&talkers.Namespace, "namespace", "bench-logs", "where; it is made if it is not there")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, err := dir()
		if err != nil {
			return err
		}
		access, err := plane.Stagehand(dir)
		if err != nil {
			return err
		}
		if talkers.Logs, err = kwok.WriteTalk(dir, *count, time.Now()); err != nil {
			return err
		}
		if err := talkers.Create(cmd.Context(), access); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d pods with long logs run in namespace %s\n", *count, talkers.Namespace)
		return err
	}
	return cmd
}
