package kubernetes

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"runbook/engine/action"
)

// A request is one call to the API server, with what an error message needs to say about it.
type request struct {
	purpose     string // for "cannot …": "delete pods/x in y"
	target      action.Target
	verb        string // as kubectl auth can-i spells it
	method      string
	path        string
	query       url.Values
	body        []byte
	contentType string
	accept      string
	mutates     bool          // a cut-off connection leaves it unknown whether the server did it
	into        *bytes.Buffer // what the answer is read into, if the caller is done with it before the next request; nil for a new one
}

// send makes one request and returns the body of a successful answer. It never tries again: that is the gate's business, which
// knows whether it may.
func (b *binding) send(ctx context.Context, r request) ([]byte, error) {
	var body []byte
	err := b.receive(ctx, r, func(response *http.Response) (err error) {
		body, err = readAll(response, r.into)
		return err
	})
	if err != nil {
		return nil, err
	}
	return body, nil
}

// receive makes one request and lets read have a successful answer as it comes. An error of read is one of the connection.
func (b *binding) receive(ctx context.Context, r request, read func(*http.Response) error) error {
	link, err := b.link()
	if err != nil {
		return err
	}
	ctx, alive, stop := b.impatient(ctx)
	defer stop()
	response, err := link.do(ctx, r)
	if err != nil {
		link.noteLoss(ctx, err)
		return broken(ctx, r, link, err)
	}
	defer response.Body.Close()
	response.Body = watched{response.Body, alive}
	success := response.StatusCode >= 200 && response.StatusCode <= 299
	var body []byte
	if success {
		err = read(response)
	} else {
		body, err = readAll(response, nil)
	}
	if err != nil {
		link.noteLoss(ctx, err)
		return broken(ctx, r, link, err)
	}
	if success {
		return nil
	}
	link.noteAnswer(ctx, response.StatusCode)
	e := refused(r, response, body, b.Secrets)
	if e.Code == action.CodeForbidden && link.justCameUp(ctx) {
		e = e.Again()
	}
	return e
}

// sendFor is send for an answer that is one object. A server that said yes in another way than with an object did what it was asked,
// as far as anybody knows: what came back may be cut short, or be the page of somebody in between.
func (b *binding) sendFor(ctx context.Context, r request) (json.RawMessage, object, error) {
	raw, err := b.send(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	o, err := decode(raw)
	if err != nil {
		return nil, nil, garbled(r, err)
	}
	return raw, o, nil
}

// garbled is the error of a successful answer that cannot be read.
func garbled(r request, err error) *action.Error {
	if r.mutates {
		return action.Errorf(action.CodeUncertain, "sent, but the answer cannot be read: %s: %w", r.purpose, err).On(r.target)
	}
	return action.Errorf(action.CodeUnavailable, "cannot %s: %w", r.purpose, err).On(r.target).Again().
		Try("the answer is cut short, or is not the cluster's: look at what is between you and it")
}

// patience is how long a server may be silent in the middle of a request: as long as an API server itself works on one.
const patience = time.Minute

// impatient is a context that ends when alive was not called for as long as patience allows.
func (b *binding) impatient(ctx context.Context) (watching context.Context, alive func(), stop func()) {
	allowed := b.Patience
	if allowed == 0 {
		allowed = patience
	}
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(allowed, func() {
		cancel(fmt.Errorf("the server was silent for %s: %w", allowed, context.DeadlineExceeded))
	})
	return ctx, func() { timer.Reset(allowed) }, func() { timer.Stop(); cancel(nil) }
}

// watched is a body that says when something comes.
type watched struct {
	io.ReadCloser
	alive func()
}

func (w watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if n > 0 {
		w.alive()
	}
	return n, err
}

func (l *link) do(ctx context.Context, r request) (*http.Response, error) {
	address := *l.base
	address.Path, _ = url.JoinPath(address.Path, r.path)
	address.RawQuery = r.query.Encode()
	req, err := http.NewRequestWithContext(ctx, r.method, address.String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	if r.body == nil {
		req.Body, req.ContentLength = nil, 0
	} else {
		req.Header.Set("Content-Type", cmp.Or(r.contentType, "application/json"))
	}
	req.Header.Set("Accept", cmp.Or(r.accept, "application/json"))
	return l.http.Do(req)
}

// readAll reads a body into memory that is right from the start when the server says how much there is.
func readAll(response *http.Response, buffer *bytes.Buffer) ([]byte, error) {
	if buffer == nil {
		buffer = new(bytes.Buffer)
	}
	buffer.Reset()
	if n := response.ContentLength; n > 0 {
		buffer.Grow(int(n) + bytes.MinRead)
	}
	_, err := io.Copy(buffer, response.Body)
	return buffer.Bytes(), err
}
