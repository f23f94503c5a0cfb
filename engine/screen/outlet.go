package screen

import (
	"bytes"
	"context"
	"io"
	"sync"
)

// An Outlet stands before a file that somebody reads, or does not: a pipe into a pager, a terminal that was stopped. Write takes
// everything at once and never waits for the reader, so that what must be written down about a run, and what must still be done in
// it, waits for no screen. Whoever can afford to wait asks Wait how far behind the reader is.
//
// What two Outlets before one file write comes out in any order: take one for both.
type Outlet struct {
	out io.Writer

	mu      sync.Mutex
	waiting bytes.Buffer
	behind  int  // bytes that were taken and are not written yet
	pumping bool // a goroutine writes; there is one as long as there is something to write
	err     error
	moved   chan struct{} // closed, and replaced, each time that something was written
	broken  chan struct{}
}

// NewOutlet makes an Outlet before out.
func NewOutlet(out io.Writer) *Outlet {
	return &Outlet{out: out, moved: make(chan struct{}), broken: make(chan struct{})}
}

// Write takes p. It fails only after the file has.
func (o *Outlet) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	o.waiting.Write(p)
	o.behind += len(p)
	if !o.pumping && o.behind > 0 {
		o.pumping = true
		go o.pump()
	}
	return len(p), nil
}

// pump writes until nothing is left. It is the only one that waits for the reader.
func (o *Outlet) pump() {
	page := make([]byte, pageSize)
	for {
		n := o.take(page)
		if n == 0 {
			return
		}
		_, err := o.out.Write(page[:n])
		o.wrote(n, err)
	}
}

func (o *Outlet) take(page []byte) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, _ := o.waiting.Read(page) // fails only at its end
	o.pumping = n > 0
	return n
}

func (o *Outlet) wrote(n int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.behind -= n
	if err != nil {
		o.err, o.behind = err, 0
		o.waiting = bytes.Buffer{}
		close(o.broken)
	}
	close(o.moved)
	o.moved = make(chan struct{})
}

// Wait returns once no more than limit bytes are waiting for the reader. It returns the error of the file, or the context's cause when
// it ends first.
func (o *Outlet) Wait(ctx context.Context, limit int) error {
	for {
		o.mu.Lock()
		behind, err, moved := o.behind, o.err, o.moved
		o.mu.Unlock()
		if err != nil || behind <= limit {
			return err
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Behind tells whether the reader has not taken everything yet.
func (o *Outlet) Behind() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.behind > 0
}

// Broken is closed when the file has failed: nobody will ever read the rest. Err says how.
func (o *Outlet) Broken() <-chan struct{} { return o.broken }

// Err is the error of the file.
func (o *Outlet) Err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}
