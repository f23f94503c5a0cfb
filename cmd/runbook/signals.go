package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"runbook/engine"
)

// errCancelled is the cause of an action's context when a second interrupt cut it off.
var errCancelled = errors.New("cancelled by a second interrupt")

// interruptible returns two contexts: script ends at the first interrupt, so that the current action finishes and nothing new
// begins; actions ends at the second. stop gives the signals back.
func interruptible(ctx context.Context, tell io.Writer) (script, actions context.Context, stop func()) {
	script, endScript := context.WithCancelCause(ctx)
	actions, endActions := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			case <-signals:
			}
			if n == 0 {
				//nolint:errcheck // a run stops also when nobody can be told
				fmt.Fprintln(tell, "\nStopping after the current action. Press Ctrl-C again to cut it off.")
				endScript(engine.ErrInterrupted)
				continue
			}
			endActions(errCancelled)
		}
	}()
	return script, actions, func() {
		signal.Stop(signals)
		close(done)
		<-ended
		endScript(nil)
		endActions(nil)
	}
}
