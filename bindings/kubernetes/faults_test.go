package kubernetes

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"runbook/engine/action"
)

const threePods = `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[` +
	`{"metadata":{"name":"a"},"spec":{"args":["x"]}},{"metadata":{"name":"b"}},{"metadata":{"name":"c"}}]}` + "\n"

// Wherever a list is cut short, half of it is not taken for all of it.
func TestHalfAListIsNone(t *testing.T) {
	whole := len(threePods) - 1 // the line's end may be missing
	for n := range whole {
		_, _, err := splitPage(mustBuiltin("pods"), []byte(threePods[:n]))
		require.Error(t, err, threePods[:n])
	}
	items, _, err := splitPage(mustBuiltin("pods"), []byte(threePods[:whole]))
	require.NoError(t, err)
	require.Len(t, items, 3)
}

func TestTheServersWishToWaitIsHeard(t *testing.T) {
	answer := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		http.Error(w, "Too many requests, please try again later.", http.StatusTooManyRequests)
	}
	d, _ := stubbed(t, map[string]http.HandlerFunc{"GET " + podsPath: answer})
	_, err := d.tryRead("list", "pods")
	e := asError(t, err)
	require.Equal(t, 7*time.Second, e.After)
	require.Equal(t, "the server asks to slow down; try again in 7s", e.Hint)
}

// A server that is silent is given up on, also in the middle of an answer; one that is slow is not.
func TestPatience(t *testing.T) {
	silent := func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(`{"items":[`))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	s := &stub{answers: map[string]http.HandlerFunc{"GET " + podsPath: silent}}
	cfg := configFor(t, serve(t, s))
	cfg.Patience = 100 * time.Millisecond
	_, err := driver{t, New(cfg), &fakeView{}}.tryRead("list", "pods")
	require.Equal(t, action.CodeTimeout, asError(t, err).Code)
	require.EqualError(t, err, "cannot list pods in shop: no answer in time: the server was silent for 100ms: context deadline exceeded")
}

// What an API server that has just come up says about rights is not believed at once.
func TestRefusedRightAfterAnOutage(t *testing.T) {
	calls := 0
	d, _ := stubbed(t, map[string]http.HandlerFunc{"POST " + podsPath: func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls == 2 {
			hangUp(w, r)
			return
		}
		failure(403, "Forbidden", "no")(w, r)
	}})
	a := d.act("create", map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "p"}})
	for _, believed := range []bool{true, false, false} {
		_, err := a.Apply(t.Context(), action.Prediction{})
		if calls != 2 {
			require.Equal(t, action.CodeForbidden, asError(t, err).Code)
			require.Equal(t, believed, !asError(t, err).Retryable)
		}
	}
}

// A cluster that refuses to tell its kinds was not lost on the way.
func TestRefusedDiscovery(t *testing.T) {
	d, _ := stubbed(t, map[string]http.HandlerFunc{
		"GET /api": failure(401, "Unauthorized", "who are you"), "GET /apis": failure(401, "Unauthorized", "who are you"),
	})
	_, err := d.tryRead("list", "widgets.example.com")
	require.Equal(t, action.CodeUnauth, asError(t, err).Code, "%v", err)
	require.ErrorContains(t, err, "cannot ask the cluster for its kinds: the server has asked for the client to provide credentials")
}

// A look ahead that fails keeps nobody from acting, whatever is in its way. What passes is told, for the gate to look again.
func TestALookAheadThatFailsIsMissed(t *testing.T) {
	pod := `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"shop","uid":"u1","ownerReferences":[` +
		`{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-1","uid":"u2","controller":true}]}}`
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		away   bool
		passes bool
	}{
		{"in trouble", failure(500, "InternalError", "etcdserver: request timed out"), false, true},
		{"throttled", failure(429, "TooManyRequests", "slow down"), false, true},
		{"forbidden", failure(403, "Forbidden", "no"), false, false},
		{"forbidden after an outage", failure(403, "Forbidden", "no"), true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, _ := stubbed(t, map[string]http.HandlerFunc{
				"GET " + podsPath:            hangUp,
				"GET " + podsPath + "/a":     answerJSON(200, pod),
				"DELETE " + podsPath + "/a":  answerJSON(200, `{"kind":"Pod"}`),
				"GET " + setsPath + "/web-1": c.answer,
			})
			if c.away {
				_, err := d.tryRead("list", "pods")
				require.Equal(t, action.CodeUnavailable, asError(t, err).Code)
			}
			p, err := d.act("delete", "pod/a").Predict(t.Context(), d.view)
			require.NoError(t, err)
			require.Contains(t, p.Note, "what follows of it is not known: cannot read replicasets/web-1 in shop")
			require.Len(t, p.Changes, 1)
			require.Equal(t, c.passes, asError(t, p.Missed).Retryable)
		})
	}
}

const setsPath = "/apis/apps/v1/namespaces/shop/replicasets"

// hangUp loses the answer.
func hangUp(w http.ResponseWriter, _ *http.Request) {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = connection.Close()
	}
}

// What is noted as an outage is one: else a refusal that is final would be asked for again.
func TestWhatIsAnOutage(t *testing.T) {
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of us
	t.Cleanup(untrusted.Close)
	nobody := httptest.NewServer(nil)
	nobody.Close()
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"items":[`)
	}
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		change func(*Config)
		at     string // another address than the stub's
		want   bool
	}{
		{"a connection lost", hangUp, nil, "", true},
		{"a body cut", cut, nil, "", true},
		{"a gateway without a server", answerJSON(502, "bad gateway"), nil, "", true},
		{"a balancer without a server", answerJSON(503, "no server is available"), nil, "", true},
		{"a gateway that gave up", answerJSON(504, "upstream timed out"), nil, "", true},
		{"nobody there", nil, nil, nobody.URL, true},
		{"a server in trouble", failure(500, "InternalError", "etcdserver: request timed out"), nil, "", false},
		{"a server that is not trusted", nil, nil, untrusted.URL, false},
		{"a server that is silent", hang, func(cfg *Config) { cfg.Patience = 50 * time.Millisecond }, "", false},
		{"a limit of our own", hang, func(cfg *Config) {
			limit := "50ms"
			cfg.Getter.(*genericclioptions.ConfigFlags).Timeout = &limit
		}, "", false},
		{"a wall", nil, func(cfg *Config) {
			cfg.WrapTransport = func(http.RoundTripper) http.RoundTripper {
				return roundTrip(func(*http.Request) (*http.Response, error) {
					return nil, action.Errorf(action.CodeRefused, "a dry run changes nothing")
				})
			}
		}, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := configFor(t, orElse(c.at, serve(t, &stub{answers: map[string]http.HandlerFunc{"GET " + podsPath: c.answer}})))
			if c.change != nil {
				c.change(&cfg)
			}
			b := newBinding(cfg)
			_, err := b.send(t.Context(), request{method: "GET", path: podsPath})
			require.Error(t, err)
			link, err := b.link()
			require.NoError(t, err)
			require.Equal(t, c.want, link.justCameUp())
		})
	}
	t.Run("an interrupt", func(t *testing.T) {
		b := newBinding(configFor(t, serve(t, &stub{})))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := b.send(ctx, request{method: "GET", path: podsPath})
		require.Error(t, err)
		link, err := b.link()
		require.NoError(t, err)
		require.False(t, link.justCameUp())
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
