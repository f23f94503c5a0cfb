package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"runbook/engine"
	"runbook/engine/action"
)

// interruption is the cause of a context that a person, a signal or a lost screen ended.
func interruption(format string, args ...any) error {
	err := action.Errorf(action.CodeInterrupted, format, args...)
	err.Cause = engine.ErrInterrupted
	return err
}

// causes say why a signal ends a run.
var causes = map[os.Signal]string{
	os.Interrupt:    "interrupted by Ctrl-C",
	syscall.SIGTERM: "told to end (SIGTERM)",
	syscall.SIGHUP:  "the terminal is gone (SIGHUP)",
}

// An interrupter ends a run in three degrees. The first signal ends the script: the current action finishes, nothing new begins, the
// clean-ups run. The second ends the actions too, and the engine ends what does not heed that. The third ends the process.
type interrupter struct {
	script, actions       context.Context
	endScript, endActions context.CancelCauseFunc
	on                    func(degree int, why string) (tell func()) // says what that does now; the third degree does not return
	signals               chan os.Signal
	done, ended           chan struct{}
}

// interruptible begins to listen for signals.
func interruptible(ctx context.Context, on func(degree int, why string) (tell func())) *interrupter {
	i := &interrupter{on: on, signals: make(chan os.Signal, 3), done: make(chan struct{}), ended: make(chan struct{})}
	i.script, i.endScript = context.WithCancelCause(ctx)
	i.actions, i.endActions = context.WithCancelCause(ctx)
	signal.Notify(i.signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go i.listen()
	return i
}

func (i *interrupter) listen() {
	defer close(i.ended)
	for degree := 0; ; {
		select {
		case <-i.done:
			return
		case s := <-i.signals:
			if s == syscall.SIGHUP && degree > 0 {
				continue // the kernel and the shell both tell of a terminal that goes away: that is one event, and cuts nothing off
			}
			degree++
			i.end(degree, causes[s])
		}
	}
}

// end ends what that degree ends, and only then tells people, because the screen may be what hangs. What they are told is how it was before:
// a run may be over before anybody is told that it ends.
func (i *interrupter) end(degree int, why string) {
	tell := i.on(degree, why)
	switch degree {
	case 1:
		i.endScript(interruption("%s", why))
	case 2:
		i.endActions(interruption("%s a second time, which cut off what was under way", why))
	}
	tell()
}

// stop gives the signals back, but for that of a terminal which goes away: it comes twice, and the second must not kill what is only taking
// its leave.
func (i *interrupter) stop() {
	signal.Ignore(syscall.SIGHUP)
	signal.Stop(i.signals)
	close(i.done)
	<-i.ended
	i.endScript(nil)
	i.endActions(nil)
}
