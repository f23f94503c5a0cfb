//go:build unix

package ssh

import (
	"io"
	"math"
	"sync"
	"time"
)

// A quiet tells when nothing has come for a while of what a login prints that has ended. What comes and waits for who takes it is
// something: a connection holds megabytes.
type quiet struct {
	mu        sync.Mutex
	timer     *time.Timer
	listening bool
	busy      int // writes under way
}

func newQuiet(then func()) *quiet {
	q := &quiet{timer: time.AfterFunc(math.MaxInt64, then)} // which it does not reach before it is stopped
	q.timer.Stop()
	return q
}

// listen begins the while, after which then is called.
func (q *quiet) listen() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.listening = true
	q.rearm()
}

func (q *quiet) rearm() {
	if q.listening && q.busy == 0 {
		q.timer.Reset(silence)
	} else {
		q.timer.Stop()
	}
}

func (q *quiet) stop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.listening = false
	q.rearm()
}

func (q *quiet) change(by int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.busy += by
	q.rearm()
}

// over is a stream of which every write is something that comes.
func (q *quiet) over(to io.Writer) io.Writer { return heard{q, to} }

type heard struct {
	q  *quiet
	to io.Writer
}

func (h heard) Write(p []byte) (int, error) {
	h.q.change(1)
	defer h.q.change(-1)
	return h.to.Write(p)
}
