package wall

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// bodyLimit is the size in bytes of the largest request body that is looked at. No read is larger, so a larger body is
// refused without being read to its end.
const bodyLimit = 16 << 20

var (
	errNoReads  = errors.New("its client declares no reads")
	errTooLarge = fmt.Errorf("its body is larger than %d MiB", bodyLimit>>20)
)

// spend reads and closes the request's body, as a RoundTripper must even if it fails. It gives up when the request's
// context ends, for a body may be a pipe that nobody fills.
func spend(r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	// Closing is the only way to end a Read that is under way.
	stop := context.AfterFunc(r.Context(), func() { r.Body.Close() })
	body, err := io.ReadAll(io.LimitReader(r.Body, bodyLimit+1))
	if stop() {
		r.Body.Close()
	}
	switch {
	case r.Context().Err() != nil:
		return nil, context.Cause(r.Context())
	case err != nil:
		return nil, fmt.Errorf("cannot read the body of %s %s: %w", r.Method, r.URL.Path, err)
	case len(body) > bodyLimit:
		return nil, errTooLarge
	}
	return body, nil
}

// renew returns the request with its spent body to be read again, as often as the transport likes: HTTP/2 asks for it anew
// when a connection goes away before the server has seen the request. A length that the client declared stays, right or
// wrong, since checking it is the transport's work; one that was unknown is known now, except where trailers need the
// chunked encoding.
func renew(r *http.Request, body []byte) *http.Request {
	if r.Body == nil || r.Body == http.NoBody {
		return r
	}
	out := r.Clone(r.Context())
	out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	out.Body = io.NopCloser(bytes.NewReader(body))
	switch {
	case r.ContentLength > 0 || len(r.Trailer) > 0:
	case len(body) == 0:
		out.Body, out.GetBody, out.ContentLength = http.NoBody, nil, 0
	default:
		out.ContentLength = int64(len(body))
	}
	return out
}
