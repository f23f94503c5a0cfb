package kubernetes

import (
	"cmp"
	"context"
	"crypto/sha1" //nolint:gosec // websocket's handshake is made of it
	"encoding/base64"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"

	"runbook/engine/action"
	"runbook/engine/clock"
	"runbook/engine/module"
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
	var calls atomic.Int32
	d, _ := stubbed(t, map[string]http.HandlerFunc{"POST " + podsPath: func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 2 {
			hangUp(w, r)
			return
		}
		failure(403, "Forbidden", "no")(w, r)
	}})
	a := d.act("create", map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "p"}})
	for _, believed := range []bool{true, false, false} {
		_, err := a.Apply(t.Context(), action.Prediction{})
		if calls.Load() != 2 {
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
func hangUp(w http.ResponseWriter, r *http.Request) { babble("")(w, r) }

// An outage is over when it is in the time of the site, which in a simulated one is not that of the machine.
func TestHowLongAgoAnOutageWasIsTheSitesTime(t *testing.T) {
	site := clock.NewVirtual(testNow)
	ctx := module.WithOutside(t.Context(), site)
	l := &link{}
	require.False(t, l.justCameUp(ctx))
	l.wasAway(ctx)
	require.True(t, l.justCameUp(ctx))
	require.NoError(t, site.Sleep(ctx, rolesTime))
	require.False(t, l.justCameUp(ctx))
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
			cfg.Access.(*genericclioptions.ConfigFlags).Timeout = &limit
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
			cfg := configFor(t, cmp.Or(c.at, serve(t, &stub{answers: map[string]http.HandlerFunc{"GET " + podsPath: c.answer}})))
			if c.change != nil {
				c.change(&cfg)
			}
			b := newBinding(cfg)
			_, err := b.send(t.Context(), request{method: "GET", path: podsPath})
			require.Error(t, err)
			link, err := b.link()
			require.NoError(t, err)
			require.Equal(t, c.want, link.justCameUp(t.Context()))
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
		require.False(t, link.justCameUp(t.Context()))
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A command runs at most once, and one that may have run is not said to have failed.
func TestACommandThatMayHaveStarted(t *testing.T) {
	const get, post = "cannot get pods/exec", "cannot create pods/exec"
	reboot, look := []any{"reboot"}, []any{"df", "-h"}
	forbidden := failure(403, "Forbidden", get)
	for _, c := range []struct {
		name            string
		argv            []any
		websocket, spdy http.HandlerFunc
		code            action.Code
		says            string
		posts           int
	}{
		{"upgraded without a protocol", reboot, upgraded(nil), nil, action.CodeUncertain, "invalid protocol", 0},
		{"upgraded, and the proof lost", reboot, upgraded(func(h http.Header) { h.Del("Sec-WebSocket-Accept") }), nil, action.CodeUncertain, "bad handshake (101", 0},
		{"a page instead", reboot, answerJSON(200, "please log in"), nil, action.CodeUncertain, "please log in", 0},
		{"a look upgraded without a protocol", look, upgraded(nil), failure(403, "Forbidden", post), action.CodeForbidden, post, 1},

		{"refused twice", reboot, forbidden, failure(403, "Forbidden", post), action.CodeForbidden, post, 1},
		{"refused, and by a proxy that knows no SPDY", reboot, forbidden, answerJSON(400, "what is SPDY?"), action.CodeForbidden, get, 1},
		{"a proxy that knows no websocket", reboot, answerJSON(400, "what is websocket?"), failure(403, "Forbidden", post), action.CodeForbidden, post, 1},
		{"throttled", reboot, forbidden, answerJSON(429, "slow down"), action.CodeThrottled, "slow down", 1},
		{"a gateway that lost its server", reboot, forbidden, answerJSON(502, "prematurely closed"), action.CodeUncertain, "prematurely closed", 1},
		{"a gateway that gave up", reboot, answerJSON(405, "no"), answerJSON(504, "timed out"), action.CodeUncertain, "timed out", 1},
		{"a look through a gateway that gave up", look, answerJSON(405, "no"), answerJSON(504, "timed out"), action.CodeUnavailable, "timed out", 1},
		{"a connection lost", reboot, forbidden, hangUp, action.CodeUncertain, "the connection was lost", 1},
		{"no HTTP", reboot, forbidden, babble("SSH-2.0-x\r\n\r\n"), action.CodeUncertain, "malformed HTTP", 1},
		{"upgraded to something else", reboot, forbidden, babble("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"), action.CodeUncertain, "unable to upgrade", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, s := stubbed(t, map[string]http.HandlerFunc{
				"GET " + podsPath + "/a":       answerJSON(200, string(toRaw(t, podJSON("a", nil)))),
				"GET " + podsPath + "/a/exec":  c.websocket,
				"POST " + podsPath + "/a/exec": c.spdy,
			})
			var err error
			if c.argv[0] == "reboot" {
				_, err = d.act("exec", "pod/a", c.argv).Apply(t.Context(), action.Prediction{})
			} else {
				_, err = d.tryRead("exec", "pod/a", c.argv)
			}
			require.Equal(t, c.code, asError(t, err).Code, "%v", err)
			require.ErrorContains(t, err, c.says)
			require.Len(t, s.requests("POST"), c.posts)
		})
	}
}

// Where websocket is refused, a command still runs.
func TestACommandOverSPDY(t *testing.T) {
	streams := make(chan httpstream.Stream, 3)
	d, _ := stubbed(t, map[string]http.HandlerFunc{
		"GET " + podsPath + "/a":      answerJSON(200, string(toRaw(t, podJSON("a", nil)))),
		"GET " + podsPath + "/a/exec": failure(403, "Forbidden", "no"),
		"POST " + podsPath + "/a/exec": func(w http.ResponseWriter, r *http.Request) {
			if _, err := httpstream.Handshake(r, w, []string{"v4.channel.k8s.io"}); err != nil {
				return
			}
			connection := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(s httpstream.Stream, _ <-chan struct{}) error {
				streams <- s
				return nil
			})
			if connection == nil {
				return
			}
			defer connection.Close() //nolint:errcheck // the client has all
			for range cap(streams) {
				s := <-streams
				switch s.Headers().Get("streamType") {
				case "stdout":
					_, _ = io.WriteString(s, "hello")
				case "error":
					_, _ = io.WriteString(s, `{"kind":"Status","status":"Success"}`)
				}
				_ = s.Close()
			}
			<-connection.CloseChan()
		},
	})
	for _, argv := range [][]any{{"df", "-h"}, {"reboot"}} {
		var out any
		if argv[0] == "df" {
			out = d.read("exec", "pod/a", argv)
		} else {
			out = d.apply("exec", "pod/a", argv).Value
		}
		require.Equal(t, "hello", out.(map[string]any)["stdout"])
	}
}

// The second wall refuses over SPDY as well, in its own words.
func TestAWallUnderSPDY(t *testing.T) {
	cfg := configFor(t, serve(t, &stub{answers: map[string]http.HandlerFunc{
		"GET " + podsPath + "/a":      answerJSON(200, string(toRaw(t, podJSON("a", nil)))),
		"GET " + podsPath + "/a/exec": failure(403, "Forbidden", "no"),
	}}))
	cfg.WrapTransport = func(under http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost {
				return nil, action.Errorf(action.CodeRefused, "not through here")
			}
			return under.RoundTrip(r)
		})
	}
	_, err := driver{t, New(cfg), &fakeView{}}.tryRead("exec", "pod/a", []any{"df", "-h"})
	require.Equal(t, action.CodeRefused, asError(t, err).Code, "%v", err)
}

// upgraded agrees to websocket, and to no protocol of those on offer.
func upgraded(change func(http.Header)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		proof := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // RFC 6455 wants it
		header := http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}}
		header.Set("Sec-WebSocket-Accept", base64.StdEncoding.EncodeToString(proof[:]))
		if change != nil {
			change(header)
		}
		var text strings.Builder
		_ = header.Write(&text)
		babble("HTTP/1.1 101 Switching Protocols\r\n"+text.String()+"\r\n")(w, r)
	}
}

// babble says something on the bare connection, and ends it.
func babble(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_, _ = io.WriteString(connection, text)
			_ = connection.Close()
		}
	}
}
