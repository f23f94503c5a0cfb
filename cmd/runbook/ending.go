package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"runbook/engine"
	"runbook/engine/screen"
)

// watchReader ends the script when who reads the run has gone: nobody would see what it does. The current action finishes.
func (x *execution) watchReader(i *interrupter) (stop func()) {
	done := make(chan struct{})
	go func() {
		select {
		case <-x.shown.Broken():
			i.endScript(interruption("%s", fate(x.shown)))
		case <-done:
		}
	}()
	return func() { close(done) }
}

// pace waits for who reads the run. That the reader has gone is watchReader's to say, which ends the script.
func (x *execution) pace(ctx context.Context) error {
	if x.shown.Wait(ctx, aheadOfReader) == nil {
		return nil
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

// interrupted says what an interrupt does now.
func (x *execution) interrupted(degree int, why string) (tell func()) {
	if degree > 2 {
		x.restoreTerminal()
		os.Exit(engine.ExitInterrupted) // the journal has every record that was written
	}
	text := sentence(why) + ": " + x.whatNow(degree)
	return func() { x.tell(text) }
}

func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func (x *execution) whatNow(degree int) string {
	underWay := strings.Join(x.text.UnderWay(), ", ")
	switch {
	case x.ended.Load():
		return fmt.Sprintf("the run itself has ended, and waits %s more for the reader of its output.", patience)
	case degree == 1 && underWay != "":
		return "finishing " + underWay + ", then the run ends with its clean-ups. Ctrl-C again cuts it off."
	case degree == 1:
		return "nothing is being changed at this moment; the run ends here, with its clean-ups. Ctrl-C again cuts those off."
	case underWay != "":
		return "cutting off " + underWay + ". Ctrl-C again ends the program at once, and nobody will know what came of it."
	}
	return "cutting off what is under way. Ctrl-C again ends the program at once."
}

// tell says something to the person at the terminal, wherever the output goes.
func (x *execution) tell(text string) {
	if x.shown == x.outlets.err || x.onTerminal {
		x.text.Interject(text)
		return
	}
	fmt.Fprintln(x.outlets.err, text) //nolint:errcheck // the outlet knows what became of it
}

// close ends everything that takes records, the journal first: it must not wait for a reader. It then gives the readers the time to take
// the rest. ran tells whether the run began; read, whether all was read.
func (x *execution) close(ctx context.Context, i *interrupter, document *screen.Document, ran bool) (read bool, err error) {
	if x.journal != nil {
		err = x.journal.Close()
	}
	_ = x.text.Close() // its outlet knows what became of it
	if ran && *x.flags.output == asJSON {
		_ = document.Close() // the same
	}
	patient, stop := i.impatient()
	defer stop()
	unread := x.outlets.drain(patient) //nolint:contextcheck // what ends the wait is what ends the run
	if unread != nil && ran {
		x.lastWord(ctx, unread)
	}
	return unread == nil, err
}

// lastMoment is how long the last word of a run may take to be read.
const lastMoment = 250 * time.Millisecond

// lastWord tells on the other output how the run ended, where one of them was not read.
func (x *execution) lastWord(ctx context.Context, unread *screen.Outlet) {
	other := x.outlets.other(unread)
	if other == nil || unread == x.outlets.err || x.journal == nil {
		return // there is no other, or it belongs to programs
	}
	//nolint:errcheck // the outlet knows what became of it
	fmt.Fprintf(other, "%s. All of the run is in %s\n", sentence(fate(unread)), x.journal.Dir().Journal())
	if unread == x.shown {
		x.text.Retell(other, screen.LookOf(x.io.err, getenv))
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), lastMoment)
	defer stop()
	_ = other.Wait(ctx, 0)
}

// die ends the process in the middle of a run, whose last record is written.
func (x *execution) die(code int) {
	x.restoreTerminal()
	ctx, stop := context.WithTimeout(context.Background(), lastMoment)
	defer stop()
	if unread := x.outlets.drain(ctx); unread != nil && x.journal != nil {
		x.lastWord(ctx, unread)
	}
	os.Exit(code) // which closes the journal and gives its lock back
}

func (x *execution) restoreTerminal() {
	if x.asking != nil {
		x.asking.prompt.Restore()
	}
}
