package wall

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

// A site is a server that keeps its own log of what arrived: the proof of what was sent and what was not.
type site struct {
	*httptest.Server
	mu  sync.Mutex
	log []string // "proto method path length body trailer"
}

func newSite(t *testing.T, http2 bool) *site {
	s := &site{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		s.mu.Lock()
		s.log = append(s.log, fmt.Sprintf("%s %s %s %d %s%s",
			r.Proto, r.Method, r.URL.Path, r.ContentLength, body, r.Trailer.Get("Sum")))
		s.mu.Unlock()
		_, err = io.WriteString(w, "answer")
		assert.NoError(t, err)
	}))
	s.EnableHTTP2 = http2
	if http2 {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

func (s *site) arrived() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log
}

// behind returns a client of the site behind the wall.
func (s *site) behind(w *Wall) *http.Client {
	client := *s.Client()
	client.Transport = w.Wrap(client.Transport)
	return &client
}

var errWrites = errors.New("POST is not on the list")

// getsAndQueries is a binding's list of reads: GET, and a POST of which the body says that it only asks.
func getsAndQueries(r *http.Request, body []byte) error {
	if r.Method == http.MethodGet || bytes.HasPrefix(body, []byte("query=")) {
		return nil
	}
	return errWrites
}

func TestAReadArrivesAsItWasMeant(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		proto := map[bool]string{false: "HTTP/1.1", true: "HTTP/2.0"}[http2]
		for name, c := range map[string]struct {
			method string
			body   io.Reader
			want   string
		}{
			"no body": {"GET", nil, "GET /pods 0 "},
			"NoBody":  {"GET", http.NoBody, "GET /pods 0 "},
			"known":   {"POST", strings.NewReader("query=up"), "POST /pods 8 query=up"},
			"stream":  {"POST", streamed("query=up"), "POST /pods 8 query=up"},
			"empty":   {"GET", streamed(""), "GET /pods 0 "},
		} {
			t.Run(proto+" "+name, func(t *testing.T) {
				s := newSite(t, http2)
				w := New(getsAndQueries, nil)
				r, err := http.NewRequest(c.method, s.URL+"/pods", c.body)
				require.NoError(t, err)
				response, err := s.behind(w).Do(r)
				require.NoError(t, err)
				defer response.Body.Close()
				text, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				assert.Equal(t, "answer", string(text))
				assert.Equal(t, []string{proto + " " + c.want}, s.arrived())
				assert.EqualValues(t, 1, w.Passed())
				assert.EqualValues(t, 0, w.Refused())
			})
		}
	}
}

// streamed is a body of which the length is not known beforehand.
func streamed(text string) io.Reader { return io.MultiReader(strings.NewReader(text)) }

func TestTrailersFollowAStreamedBody(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		s := newSite(t, http2)
		r, err := http.NewRequest("POST", s.URL, streamed("query=up"))
		require.NoError(t, err)
		r.Trailer = http.Header{"Sum": {"42"}}
		response, err := s.behind(New(getsAndQueries, nil)).Do(r)
		require.NoError(t, err)
		response.Body.Close()
		require.Len(t, s.arrived(), 1)
		assert.Contains(t, s.arrived()[0], " -1 query=up42")
	}
}

func TestAnythingElseIsRefusedAndNothingArrives(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		s := newSite(t, http2)
		var seen []Refusal
		w := New(getsAndQueries, func(r Refusal) { seen = append(seen, r) })
		body := &closing{Reader: strings.NewReader("x")}
		r, err := http.NewRequest("POST", s.URL+"/api/v1/namespaces?token=abc", body)
		require.NoError(t, err)
		_, err = s.behind(w).Do(r)

		var wrapped *url.Error
		require.ErrorAs(t, err, &wrapped)
		var refusal *action.Error
		require.ErrorAs(t, err, &refusal)
		assert.Equal(t, action.CodeRefused, refusal.Code)
		assert.Equal(t, "a dry run may only look, but POST /api/v1/namespaces is not known to be a read: POST is not on the list; "+
			"nothing was sent", refusal.Message)
		assert.Contains(t, refusal.Hint, "fault of the binding")
		assert.False(t, refusal.Retryable)
		require.ErrorIs(t, err, errWrites)
		assert.Equal(t, []Refusal{{"POST", r.URL.Host, "/api/v1/namespaces", errWrites}}, seen)
		assert.True(t, body.closed, "a RoundTripper closes the body even if it fails")
		assert.Empty(t, s.arrived())
		assert.EqualValues(t, 1, w.Refused())
		assert.Zero(t, w.Passed())
	}
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }

func TestAWallWithoutReadsLetsNothingPass(t *testing.T) {
	s := newSite(t, false)
	_, err := s.behind(New(nil, nil)).Get(s.URL)
	require.ErrorContains(t, err, "declares no reads")
	assert.Empty(t, s.arrived())
}

func TestABodyThatIsTooLargeIsRefusedUnread(t *testing.T) {
	s := newSite(t, false)
	w := New(func(*http.Request, []byte) error { return nil }, nil)
	endless := &counting{}
	_, err := s.behind(w).Post(s.URL, "text/plain", endless)
	require.ErrorContains(t, err, "larger than 16 MiB")
	assert.Equal(t, action.CodeRefused, action.CodeOf(err))
	assert.LessOrEqual(t, endless.n, bodyLimit+1)
	assert.Empty(t, s.arrived())
	response, err := s.behind(w).Post(s.URL, "text/plain", bytes.NewReader(make([]byte, bodyLimit)))
	require.NoError(t, err)
	response.Body.Close()
	assert.Len(t, s.arrived(), 1)
}

type counting struct{ n int }

func (c *counting) Read(p []byte) (int, error) { c.n += len(p); return len(p), nil }

func TestABodyThatFailsOrNeverEndsIsAnErrorAndNothingArrives(t *testing.T) {
	s := newSite(t, false)
	client := s.behind(New(getsAndQueries, nil))
	failed := errors.New("disk gone")
	_, err := client.Post(s.URL, "text/plain", io.MultiReader(strings.NewReader("query="), failing{failed}))
	require.ErrorIs(t, err, failed)

	ctx, cancel := context.WithCancelCause(t.Context())
	in, out := io.Pipe()
	r, err := http.NewRequestWithContext(ctx, "POST", s.URL, in)
	require.NoError(t, err)
	stopped := errors.New("stopped")
	go func() {
		_, err := out.Write([]byte("query=")) // returns once the wall is reading
		assert.NoError(t, err)
		cancel(stopped)
	}()
	_, err = client.Do(r)
	require.ErrorIs(t, err, stopped)
	assert.Empty(t, s.arrived())
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// A client that follows a redirect to something that is no read is stopped there.
func TestARedirectIsAskedAboutAgain(t *testing.T) {
	s := newSite(t, false)
	from := httptest.NewServer(http.RedirectHandler(s.URL+"/restart", http.StatusTemporaryRedirect))
	defer from.Close()
	w := New(func(r *http.Request, _ []byte) error {
		if r.URL.Path == "/restart" {
			return errWrites
		}
		return nil
	}, nil)
	_, err := s.behind(w).Post(from.URL+"/status", "text/plain", strings.NewReader("x"))
	require.ErrorIs(t, err, errWrites)
	assert.Empty(t, s.arrived())
}

func TestTheTransportMayReadTheBodyAgain(t *testing.T) {
	var got *http.Request
	next := roundTrip(func(r *http.Request) (*http.Response, error) { got = r; return &http.Response{}, nil })
	r, err := http.NewRequest("POST", "http://site/", streamed("query=up"))
	require.NoError(t, err)
	_, err = New(getsAndQueries, nil).Wrap(next).RoundTrip(r)
	require.NoError(t, err)
	for range 2 {
		body, err := got.GetBody()
		require.NoError(t, err)
		text, err := io.ReadAll(body)
		require.NoError(t, err)
		assert.Equal(t, "query=up", string(text))
	}
	assert.Nil(t, r.GetBody, "a RoundTripper does not change the request")
	assert.Zero(t, r.ContentLength)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAnUpgradedConnectionPasses(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		defer func() { assert.NoError(t, conn.Close()) }()
		_, err = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
		assert.NoError(t, err)
		line, err := rw.ReadString('\n')
		assert.NoError(t, err)
		_, err = io.WriteString(conn, line)
		assert.NoError(t, err)
	}))
	defer server.Close()
	r, err := http.NewRequest("GET", server.URL, nil)
	require.NoError(t, err)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "echo")
	response, err := New(getsAndQueries, nil).Wrap(server.Client().Transport).RoundTrip(r)
	require.NoError(t, err)
	both, ok := response.Body.(io.ReadWriteCloser)
	require.True(t, ok)
	defer func() { assert.NoError(t, both.Close()) }()
	_, err = io.WriteString(both, "hello\n")
	require.NoError(t, err)
	text, err := io.ReadAll(both)
	require.NoError(t, err)
	assert.Equal(t, "hello\n", string(text))
}

func TestCheckIsForThoseWithoutATransport(t *testing.T) {
	w := New(getsAndQueries, nil)
	exec, err := http.NewRequest("GET", "wss://site/exec?command=uname&command=-r", nil)
	require.NoError(t, err)
	require.NoError(t, w.Check(exec, nil))
	exec.Method = "PUT"
	require.ErrorIs(t, w.Check(exec, nil), errWrites)
	assert.EqualValues(t, 1, w.Passed())
	assert.EqualValues(t, 1, w.Refused())
}

func TestTheWallCanBeUnwrapped(t *testing.T) {
	next := &http.Transport{}
	wrapped := New(nil, nil).Wrap(next)
	assert.Same(t, next, wrapped.(interface{ WrappedRoundTripper() http.RoundTripper }).WrappedRoundTripper())
	(&http.Client{Transport: wrapped}).CloseIdleConnections()
}
