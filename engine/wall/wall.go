// Package wall is the second, independent wall of a dry run: it stands in the transport under a client, and before a machine that runs
// commands, and refuses every request and command that is not known to be a read.
//
// The first wall is the gate, which in a dry run never calls an action's Apply. If that were all, one mistake in one
// binding, a read that writes, would really change a site while the screen says DRY RUN. So whatever a binding's client
// sends passes here as well, and must be on that binding's own declared list of reads. The wall knows no protocol beyond
// HTTP and decides nothing itself: it asks, and refuses on any doubt. Read next: body.go, command.go, then the IsRead of a binding.
package wall

import (
	"net/http"
	"sync/atomic"

	"runbook/engine/action"
)

// ownFault is what to do about a refusal: the gate keeps a runbook's own changes from ever getting here.
const ownFault = "this is a fault of the binding that built the request, not of the runbook: please report it with this message"

// IsRead tells whether a request changes nothing, on the server as well as on the way; a non-nil error says why it may. The
// request's own body is spent: body holds what would be sent. Neither may be changed.
type IsRead func(r *http.Request, body []byte) error

// A Refusal is a request that was stopped. Nothing of it was sent.
type Refusal struct {
	Method string
	Host   string
	Path   string // without the query, which may hold credentials
	Reason error
}

// A Wall stops what is not a read. It is safe for concurrent use.
type Wall struct {
	isRead  IsRead
	observe func(Refusal)
	// commands are those that only look.
	commands action.Commands

	passed, refused atomic.Int64
}

// New returns a Wall that lets pass what isRead accepts; a nil isRead accepts nothing. Each refusal is told to observe,
// which may be nil, from whichever goroutine sent the request.
func New(isRead IsRead, observe func(Refusal)) *Wall {
	return &Wall{isRead: isRead, observe: observe}
}

// Passed counts the requests that went through.
func (w *Wall) Passed() int64 { return w.passed.Load() }

// Refused counts the requests that were stopped.
func (w *Wall) Refused() int64 { return w.refused.Load() }

// Check decides about a request whose body is given, and counts it. Wrap calls it; so must whoever sends a request by other
// means than a RoundTripper, such as a dialer of websockets. A refusal is an *action.Error.
func (w *Wall) Check(r *http.Request, body []byte) error {
	if err := w.ask(r, body); err != nil {
		return w.refuse(r, err)
	}
	w.passed.Add(1)
	return nil
}

func (w *Wall) ask(r *http.Request, body []byte) error {
	if w.isRead == nil {
		return errNoReads
	}
	return w.isRead(r, body)
}

func (w *Wall) refuse(r *http.Request, reason error) error {
	w.refused.Add(1)
	method := r.Method
	if method == "" {
		method = http.MethodGet // as net/http reads it
	}
	if w.observe != nil {
		w.observe(Refusal{Method: method, Host: r.URL.Host, Path: r.URL.Path, Reason: reason})
	}
	return action.Errorf(action.CodeRefused, "a dry run may only look, but %s %s is not known to be a read: %w; "+
		"nothing was sent", method, r.URL.Path, reason).
		Try(ownFault)
}
