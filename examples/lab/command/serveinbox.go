package command

import (
	"github.com/spf13/cobra"

	"runbook/examples/lab/inbox"
	"runbook/examples/lab/layout"
)

// serveInboxCommand is the server of package inbox. It is not for people.
func serveInboxCommand() *cobra.Command {
	return &cobra.Command{
		Use:    inbox.ServeCommand + " DIR SMTP-ADDRESS WEBHOOK-ADDRESS",
		Hidden: true,
		Args:   cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inbox.Server{Dir: layout.Dir(args[0]), SMTP: args[1], Webhook: args[2]}.Serve(cmd.Context())
		},
	}
}
