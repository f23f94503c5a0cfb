// Package inbox is where the site's messages arrive: a mail server and a receiver of webhooks, which write down what they
// get, one JSON document a line.
//
// It never passes a message on, and never asks what one is about: any address and any path will do. Some are there to play
// a failure; see mail.go and webhook.go.
//
// Mail is handed in as at a provider's submission port: only after STARTTLS, with a certificate of the lab's authority, and
// only by User with the password of this lab. Webhooks are plain HTTP and open to everybody on this machine.
//
// Read next: message.go, what is written down; server.go, how the two run; read.go for whoever wants to see the messages.
package inbox

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"os"

	"runbook/examples/lab/process"
	"runbook/examples/lab/supervisor"
)

// The names of the ports.
const (
	SMTPPort    = "smtp"
	WebhookPort = "webhook"
)

// User is who hands mail in. The password is in the lab's folder; see layout.
const User = "photon-mlir"

// ServeCommand is the subcommand by which this program becomes the server. Its arguments are the lab's folder, where mail
// is awaited, and where webhooks are.
const ServeCommand = "serve-inbox"

// processName is what the server is called among the lab's.
const processName = "inbox"

// Inbox is the receiver of messages as a part of a lab.
type Inbox struct{}

// Ports has one for mail and one for webhooks.
func (Inbox) Ports() []string { return []string{SMTPPort, WebhookPort} }

// Prepare makes the password.
func (Inbox) Prepare(stage *supervisor.Stage) error {
	if err := os.WriteFile(stage.Dir.MailPassword(), []byte(rand.Text()), 0o600); err != nil {
		return fmt.Errorf("make the password for mail: %w", err)
	}
	return nil
}

// Start brings the server up.
func (Inbox) Start(ctx context.Context, stage *supervisor.Stage) error {
	return stage.Launch(ctx, Inbox{}, server(stage))
}

// Ready is that both answer.
func (Inbox) Ready(stage *supervisor.Stage, server string) (supervisor.Ready, error) {
	if server != processName {
		return nil, nil
	}
	return ready(stage.Address(SMTPPort), stage.Address(WebhookPort)), nil
}

func server(stage *supervisor.Stage) process.Command {
	return stage.Own(processName, ServeCommand, string(stage.Dir), stage.Address(SMTPPort), stage.Address(WebhookPort))
}

// ready wants the greeting of one and an answer of the other.
func ready(smtp, webhook string) supervisor.Ready {
	answers := supervisor.HTTPReady(http.DefaultClient, "http://"+webhook+readyPath)
	return func(ctx context.Context) error {
		if err := greeted(ctx, smtp); err != nil {
			return err
		}
		return answers(ctx)
	}
}

func greeted(ctx context.Context, address string) error {
	const welcome = 220
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer connection.Close() //nolint:errcheck // nothing was sent
	if deadline, ok := ctx.Deadline(); ok {
		if err := connection.SetDeadline(deadline); err != nil {
			return err
		}
	}
	_, _, err = textproto.NewConn(connection).ReadResponse(welcome)
	return err
}
