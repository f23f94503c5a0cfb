package wall

import (
	"errors"
	"net/http"
)

// Wrap puts the wall in front of next. Responses are next's own, untouched, so that watches stream and upgraded connections
// stay usable.
func (w *Wall) Wrap(next http.RoundTripper) http.RoundTripper { return &transport{wall: w, next: next} }

type transport struct {
	wall *Wall
	next http.RoundTripper
}

// RoundTrip sends a read and refuses everything else with an *action.Error, without calling next.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := spend(r)
	if errors.Is(err, errTooLarge) {
		return nil, t.wall.refuse(r, err)
	}
	if err != nil {
		return nil, err
	}
	if err := t.wall.Check(r, body); err != nil {
		return nil, err
	}
	return t.next.RoundTrip(renew(r, body))
}

// WrappedRoundTripper returns what is behind the wall. client-go's helpers ask for it to find the transport's TLS settings
// and dialer; a request that they send there by themselves has to pass Check first.
func (t *transport) WrappedRoundTripper() http.RoundTripper { return t.next }

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the transport behind the wall.
func (t *transport) CloseIdleConnections() {
	if next, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}
