package httpclient

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What follows a redirection takes credentials and bodies along: never to somebody else, and never out of what is encrypted.
func TestWhatIsRedirected(t *testing.T) {
	request := func(method, url string) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
		require.NoError(t, err)
		return r
	}
	for _, c := range []struct {
		from, method, to string
		followed         bool
	}{
		{"https://a.example.com/x", "POST", "https://a.example.com/y", true},
		{"http://a.example.com/x", "POST", "http://a.example.com/y", true},
		{"http://a.example.com/x", "POST", "https://a.example.com/y", true},
		{"https://a.example.com/x", "POST", "http://a.example.com/y", false},
		{"https://a.example.com/x", "POST", "https://b.example.com/y", false},
		{"https://a.example.com/x", "POST", "https://a.example.com:444/y", false},
		{"https://a.example.com/x", "GET", "https://a.example.com/y", false},
	} {
		err := redirects(true)(request(c.method, c.to), []*http.Request{request("POST", c.from)})
		assert.Equal(t, c.followed, err == nil, "%s to %s %s", c.from, c.method, c.to)
	}
}
