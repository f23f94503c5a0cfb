package faultproxy

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A Fault is what goes wrong with some requests.
type Fault struct {
	Match
	Skip  int // how many of them pass first
	Count int // how many it befalls then; 0 for all that come
	Do    Effect

	seen, befallen int
}

// A Match says which requests are meant.
type Match struct {
	Method string // "" for any
	Path   string // a regular expression for the path; "" for any
}

func (m Match) matches(method, path string) bool {
	return (m.Method == "" || m.Method == method) && regexp.MustCompile(m.Path).MatchString(path)
}

func (f *Fault) befalls(r *http.Request) bool {
	if !f.matches(r.Method, r.URL.Path) {
		return false
	}
	f.seen++
	if f.seen <= f.Skip || f.Count > 0 && f.befallen == f.Count {
		return false
	}
	f.befallen++
	return true
}

// An Effect is how it goes wrong.
type Effect func(*exchange)

// An exchange is one request and where its answer goes.
type exchange struct {
	proxy *Proxy
	w     http.ResponseWriter
	r     *http.Request
}

// Answer answers in the server's place, with a Status as the server writes it. The server is not asked. A retryAfter of zero is left out.
func Answer(code int, reason metav1.StatusReason, message string, retryAfter time.Duration) Effect {
	return func(e *exchange) {
		status := metav1.Status{
			TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure,
			Reason: reason, Message: message, Code: int32(code),
		}
		if retryAfter > 0 {
			e.w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
			status.Details = &metav1.StatusDetails{RetryAfterSeconds: int32(retryAfter / time.Second)}
		}
		e.w.Header().Set("Content-Type", "application/json")
		e.w.WriteHeader(code)
		_ = json.NewEncoder(e.w).Encode(status)
	}
}

// AnswerWith answers in the server's place with a page of somebody in between, or as the server does where it writes no Status. The server is not
// asked.
func AnswerWith(code int, page string) Effect {
	return func(e *exchange) { http.Error(e.w, page, code) }
}

// AnswerAfter lets the server do it, and answers with a page of somebody in between.
func AnswerAfter(code int, page string) Effect {
	return func(e *exchange) {
		record(e.proxy.pass, e.r)
		http.Error(e.w, page, code)
	}
}

// Hang never answers. The server is not asked.
func Hang(e *exchange) {
	select {
	case <-e.r.Context().Done():
	case <-e.proxy.closed:
	}
}

// HangAfter never answers either, but the server does what it was asked.
func HangAfter(e *exchange) {
	record(e.proxy.pass, e.r)
	Hang(e)
}

// CutBefore cuts the connection instead of passing the request on.
func CutBefore(e *exchange) { cut(e.r) }

// CutAfter cuts the connection when the server has answered: what it did is done, and the answer is lost.
func CutAfter(e *exchange) {
	record(e.proxy.pass, e.r)
	cut(e.r)
}

// CutBody cuts the connection in the middle of the answer's body.
func CutBody(e *exchange) {
	answer := record(e.proxy.pass, e.r)
	half(answer)
	replay(answer, e.w)
	_ = http.NewResponseController(e.w).Flush() // what can be sent is sent, and then nothing
	cut(e.r)
}

// Shorten ends the answer in the middle as if that were its end, as proxies do that lose their own connection.
func Shorten(e *exchange) {
	answer := record(e.proxy.pass, e.r)
	half(answer)
	replay(answer, e.w)
}

// CutStream lets a connection be upgraded, and cuts it where that text comes through.
func CutStream(at string) Effect {
	return func(e *exchange) { e.proxy.pass.ServeHTTP(&talking{e.w, at}, e.r) }
}

// Late cuts the connection, and has the request reach the server only when it has answered the next request that matches: a client that
// looks what happened looks too early.
func Late(after Match) Effect {
	return func(e *exchange) {
		body, err := io.ReadAll(e.r.Body)
		if err != nil {
			cut(e.r)
		}
		again := e.r.Clone(context.WithoutCancel(e.r.Context()))
		again.Body = io.NopCloser(bytes.NewReader(body))
		e.proxy.mu.Lock()
		e.proxy.late = append(e.proxy.late, &lateRequest{again, after})
		e.proxy.mu.Unlock()
		cut(e.r)
	}
}

type lateRequest struct {
	r     *http.Request
	after Match
}

// cut closes the connection that a request came on, with all that is on it.
func cut(r *http.Request) {
	if c, ok := r.Context().Value(connKey{}).(interface{ NetConn() net.Conn }); ok {
		_ = c.NetConn().Close() // it is gone either way
	}
	panic(http.ErrAbortHandler)
}

// record has the server do it, whatever becomes of the client, and keeps the answer.
func record(pass http.Handler, r *http.Request) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	apart := context.WithValue(context.WithoutCancel(r.Context()), connKey{}, nil) // what goes wrong behind us is not the client's
	r = r.WithContext(apart)
	func() {
		defer func() { _ = recover() }() // a server that is gone has answered nothing
		pass.ServeHTTP(answer, r)
	}()
	return answer
}

func half(answer *httptest.ResponseRecorder) {
	answer.Body.Truncate(answer.Body.Len() / 2)
}

func replay(answer *httptest.ResponseRecorder, w http.ResponseWriter) {
	for name, values := range answer.Header() {
		if name != "Content-Length" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}
