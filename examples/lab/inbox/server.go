package inbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/sync/errgroup"

	"runbook/examples/lab/layout"
)

// farewell is how long messages that are on their way may take once the lab goes down. The supervisor waits a little longer.
const farewell = 3 * time.Second

// Server receives messages for the lab in Dir.
type Server struct {
	Dir     layout.Dir
	SMTP    string // the address where mail is awaited
	Webhook string // and webhooks
}

// Serve works until ctx ends.
func (s Server) Serve(ctx context.Context) (err error) {
	certificate, err := tls.LoadX509KeyPair(s.Dir.Serving(), s.Dir.ServingKey())
	if err != nil {
		return fmt.Errorf("read the certificate for mail: %w", err)
	}
	password, err := os.ReadFile(s.Dir.MailPassword())
	if err != nil {
		return fmt.Errorf("read the password for mail: %w", err)
	}
	mail, err := openLedger(s.Dir.Mail())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, mail.close()) }()
	webhooks, err := openLedger(s.Dir.Webhooks())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, webhooks.close()) }()

	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error { return serveMail(ctx, newMailServer(mail, certificate, string(password)), s.SMTP) })
	work.Go(func() error { return serveWebhooks(ctx, receiver{webhooks}, s.Webhook) })
	return work.Wait()
}

func serveMail(ctx context.Context, server *smtp.Server, address string) error {
	listener, err := listen(ctx, address)
	if err != nil {
		return err
	}
	return until(ctx, listener, server.Serve, server.Shutdown)
}

func serveWebhooks(ctx context.Context, handler http.Handler, address string) error {
	listener, err := listen(ctx, address)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: patience,
		BaseContext:       func(net.Listener) context.Context { return ctx }, // a slow answer does not hold up the end
	}
	return until(ctx, listener, server.Serve, server.Shutdown)
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("receive messages: %w", err)
	}
	return listener, nil
}

// until serves until ctx ends, and then lets the server finish what it is at. A client that stays connected and silent is not
// waited for any longer, and ends with this program. A server that was told to end before it began to serve does not know its
// listener yet, so that this is closed as well.
func until(ctx context.Context, listener net.Listener, serve func(net.Listener) error, shutdown func(context.Context) error) error {
	ended := make(chan struct{})
	var failure error // once it ended
	go func() {
		defer close(ended)
		failure = serve(listener)
	}()
	select {
	case <-ended:
		return fmt.Errorf("receive messages: %w", failure)
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	err := shutdown(ctx)
	listener.Close() //nolint:errcheck // as a rule it is closed
	<-ended
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}
