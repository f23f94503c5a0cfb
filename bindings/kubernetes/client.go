package kubernetes

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"

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
	link, err := b.link()
	if err != nil {
		return nil, err
	}
	response, err := link.do(ctx, r)
	if err != nil {
		return nil, broken(ctx, r, link, err)
	}
	defer response.Body.Close()
	body, err := readAll(response, r.into)
	if err != nil {
		return nil, broken(ctx, r, link, err)
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return nil, refused(r, response.StatusCode, body, b.Secrets)
	}
	return body, nil
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
		req.Header.Set("Content-Type", orElse(r.contentType, "application/json"))
	}
	req.Header.Set("Accept", orElse(r.accept, "application/json"))
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

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
