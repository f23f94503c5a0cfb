package main

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"runbook/engine/screen"
)

// outlets stand before the program's two outputs, so that nobody waits for a reader who does not read.
type outlets struct{ out, err *screen.Outlet }

// outletsOf makes one outlet for both outputs where they are the same file, which keeps what goes there in order.
func outletsOf(io streams) outlets {
	out := screen.NewOutlet(io.out)
	if same(io.out, io.err) {
		return outlets{out, out}
	}
	return outlets{out, screen.NewOutlet(io.err)}
}

func same(a, b *os.File) bool {
	x, errX := a.Stat()
	y, errY := b.Stat()
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// drain waits until both were read to their end, or the context ends. It returns the one that was not, nil if there is none.
func (o outlets) drain(ctx context.Context) (unread *screen.Outlet) {
	for _, outlet := range []*screen.Outlet{o.out, o.err} {
		if outlet.Wait(ctx, 0) != nil {
			return outlet
		}
	}
	return nil
}

// other is the one that is not this, nil if both are the same.
func (o outlets) other(this *screen.Outlet) *screen.Outlet {
	switch o.out {
	case o.err:
		return nil
	case this:
		return o.err
	}
	return o.out
}

// aheadOfReader is how many bytes a run may be ahead of who reads it before its next call waits: as much again as the pipe into a
// pager holds by itself.
const aheadOfReader = 64 << 10

// patience is how long an interrupted run waits for its reader to take the end of it.
const patience = 2 * time.Second

// impatient is a context for waiting for a reader: it lasts only a while beyond the first interrupt, and a moment beyond the second. No
// shorter than a moment: a reader who reads all the time needs one too, for the end of the run.
func (i *interrupter) impatient() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(i.actions))
	soon := func(wait time.Duration) func() {
		return func() {
			timer := time.AfterFunc(wait, cancel)
			context.AfterFunc(ctx, func() { timer.Stop() })
		}
	}
	stopFirst := context.AfterFunc(i.script, soon(patience))
	stopSecond := context.AfterFunc(i.actions, soon(lastMoment))
	return ctx, func() {
		stopFirst()
		stopSecond()
		cancel()
	}
}

// fate says in words for a person what became of an output that was not read to its end.
func fate(o *screen.Outlet) string {
	err := o.Err()
	switch {
	case err == nil:
		return "the output was not read to its end"
	case errors.Is(err, syscall.EPIPE):
		return "the reader of the output went away"
	case errors.Is(err, syscall.EIO):
		return "the terminal is gone"
	}
	return "the output cannot be written: " + err.Error()
}
