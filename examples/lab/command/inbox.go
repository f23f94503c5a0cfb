package command

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"runbook/examples/lab/inbox"
)

func inboxCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "inbox",
		Short: "Show the mail and the webhooks that arrived, the newest last",
		Args:  cobra.NoArgs,
	}
	dir := dirFlag(cmd)
	output := cmd.Flags().StringP("output", "o", "text", "text, or json for one document a line")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		write, known := map[string]func(io.Writer, []inbox.Received) error{"text": printText, "json": printJSON}[*output]
		if !known {
			return fmt.Errorf("print messages as %q: there are text and json", *output)
		}
		dir, err := dir()
		if err != nil {
			return err
		}
		messages, err := inbox.Read(dir)
		if err != nil {
			return err
		}
		return write(cmd.OutOrStdout(), messages)
	}
	return cmd
}

func printText(out io.Writer, messages []inbox.Received) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, m := range messages {
		if _, err := fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", m.Time.Format(time.TimeOnly), m.Kind, m.To, m.Subject); err != nil {
			return err
		}
	}
	return table.Flush()
}

func printJSON(out io.Writer, messages []inbox.Received) error {
	for _, m := range messages {
		if _, err := out.Write(m.Line); err != nil {
			return err
		}
	}
	return nil
}
