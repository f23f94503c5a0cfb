package fault

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"runbook/engine/world/scenario"
)

// tooLong is how long a server works on a request before it gives up, as kube-apiserver does by default (--request-timeout).
const tooLong = time.Minute

// An answer is how one request goes wrong.
type answer struct {
	clock  Sleeper
	system System
	call   Call
	fault  *scenario.Fault
}

func (a answer) give(w http.ResponseWriter, r *http.Request) {
	switch a.fault.Answer {
	case scenario.Slow:
		a.sleep(r, a.fault.Takes)
		a.system.Handler.ServeHTTP(w, r)
	case scenario.Half:
		if a.call.Verb == "watch" {
			cut(w) // it has no end, and so no half
			return
		}
		a.half(w, r)
	case scenario.Cut:
		a.perform(r)
		cut(w)
	case scenario.Timeout:
		a.perform(r)
		a.sleep(r, tooLong)
		a.refuse(w, r, http.StatusGatewayTimeout)
	default:
		a.perform(r)
		code, _ := strconv.Atoi(a.fault.Answer) // the scenario was checked
		a.refuse(w, r, code)
	}
}

// sleep lets time pass for the branch that waits for this answer. A client that gives up meanwhile hears nothing of it, and ends it: the
// server only notices that once it has read what the client had to say.
func (a answer) sleep(r *http.Request, d time.Duration) {
	if body, err := io.ReadAll(r.Body); err == nil {
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	_ = a.clock.Sleep(r.Context(), d)
}

func (a answer) refuse(w http.ResponseWriter, r *http.Request, code int) {
	a.system.Refuse(w, r, code, a.fault.Message, a.fault.RetryAfter)
}

// perform has the system do it, if the fault says that only the answer goes wrong. What becomes of the client does not matter to it.
func (a answer) perform(r *http.Request) {
	if a.fault.Done {
		a.system.Handler.ServeHTTP(&recorder{header: http.Header{}}, r.WithContext(context.WithoutCancel(r.Context())))
	}
}

// half sends the first half of an answer that says how long it would have been.
func (a answer) half(w http.ResponseWriter, r *http.Request) {
	whole := &recorder{header: http.Header{}}
	a.system.Handler.ServeHTTP(whole, r)
	for name, values := range whole.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(whole.body.Len()))
	w.WriteHeader(whole.status())
	_, _ = w.Write(whole.body.Bytes()[:whole.body.Len()/2])
	_ = http.NewResponseController(w).Flush() // what can be sent is sent, and then nothing
	panic(http.ErrAbortHandler)
}

// cut breaks the connection in the head of an answer. Before it, a client would be free to ask again by itself.
func cut(w http.ResponseWriter) {
	connection, buffer, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, _ = buffer.WriteString("HTTP/1.1 200 OK\r\n")
	_ = buffer.Flush() // it is gone either way
	_ = connection.Close()
}

// A recorder keeps an answer instead of sending it.
type recorder struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(code int) {
	if r.code == 0 {
		r.code = code
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(p)
}

func (r *recorder) status() int {
	if r.code == 0 {
		return http.StatusOK
	}
	return r.code
}
