package command

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"runbook/examples/lab/kwok"
	"runbook/examples/lab/plane"
	"runbook/examples/lab/site"
)

// scenarioTimeout has room for three looks of the metrics server.
const scenarioTimeout = time.Minute

func scenarioCommand() *cobra.Command {
	var scenario site.Scenario
	cmd := &cobra.Command{
		Use:   "scenario NAME",
		Short: "Break some of the service's pods, or heal them all",
		Long: `Break some of the service's pods, or heal them all. NAME is one of ` + strings.Join(kwok.Scenarios, ", ") + `.

The living pods are labelled, not the Deployment's template: a pod that replaces a broken one is healthy, so that
restarting helps. With --release a new version is rolled out instead whose pods are all broken, so that only a rollback
helps; bad-rollout and bad-image are always of that kind. Each time, the pods' logs begin anew, with recent times.`,
		ValidArgs: kwok.Scenarios,
		Args:      exactly(1, "a scenario: "+strings.Join(kwok.Scenarios, ", ")),
	}
	dir := dirFlag(cmd)
	cmd.Flags().IntVar(&scenario.Pods, "pods", 2, "how many pods to break")
	cmd.Flags().BoolVar(&scenario.Release, "release", false, "break every new pod, as a bad release would")
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		dir, err := dir()
		if err != nil {
			return err
		}
		access, err := plane.Stagehand(dir)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), scenarioTimeout)
		defer cancel()
		scenario.Name = names[0]
		if err := scenario.Play(ctx, access); err != nil {
			return err
		}
		if err := kwok.WriteLogs(dir, time.Now()); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is now as in scenario %s\n", site.Deployment, scenario.Name)
		return err
	}
	return cmd
}
