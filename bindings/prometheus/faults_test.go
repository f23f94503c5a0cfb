package prometheus

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/clock"
	"runbook/engine/module"
)

// Whatever goes wrong, the error says what was asked and what came back, and whether asking again makes sense.
func TestWhatGoesWrong(t *testing.T) {
	const page = "<!DOCTYPE html><html><head><title>Sign in &amp; go on</title></head><body>…</body></html>"
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		code   action.Code
		again  bool
		says   string
		hint   string
	}{
		{"bad data", says(400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 1:2: parse error"}`), action.CodeRejected, false, `cannot query up: invalid parameter "query": 1:2: parse error`, ""},
		{"execution", says(422, `{"status":"error","errorType":"execution","error":"many-to-many matching"}`), action.CodeRejected, false, "cannot query up: many-to-many matching", ""},
		{"a query that took too long", says(503, `{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}`), action.CodeTimeout, false, "cannot query up: query timed out in expression evaluation", `ask for less, or give it longer: { timeout = "5m" }`},
		{"a server that is starting", says(503, "Service Unavailable"), action.CodeUnavailable, true, "cannot query up: HTTP status 503 Service Unavailable", ""},
		{"a server that wants to be left alone", says(503, "busy", "Retry-After", "7"), action.CodeUnavailable, true, "cannot query up: HTTP status 503 Service Unavailable: busy", "the server asks to slow down; try again in 7s"},
		{"throttled", says(429, "too many", "Retry-After", "3"), action.CodeThrottled, true, "cannot query up: HTTP status 429 Too Many Requests: too many", "the server asks to slow down; try again in 3s"},
		{"internal", says(500, `{"status":"error","errorType":"internal","error":"disk"}`), action.CodeUnavailable, true, "cannot query up: disk", ""},
		{"a gateway", says(502, "<html><body><h1>Bad Gateway</h1><style>x{}</style>nginx</body></html>", "Content-Type", "text/html"), action.CodeUnavailable, true, "cannot query up: HTTP status 502 Bad Gateway: Bad Gateway nginx", ""},
		{"unknown", says(401, "Unauthorized"), action.CodeUnauth, false, "cannot query up: HTTP status 401 Unauthorized", "give credentials in Prometheus's own HTTP client configuration: prometheus.http_config in the site file, or --http.config.file"},
		{"forbidden", says(403, "no"), action.CodeForbidden, false, "cannot query up: HTTP status 403 Forbidden: no", "give credentials in Prometheus's own HTTP client configuration: prometheus.http_config in the site file, or --http.config.file"},
		{"not there", says(404, "404 page not found"), action.CodeNotFound, false, "cannot query up: HTTP status 404 Not Found: 404 page not found", "look at the address, and at the prefix of its paths: http://*"},
		{"a login page", says(200, page, "Content-Type", "text/html"), action.CodeUnavailable, false, "cannot query up: a page came back, and no answer of Prometheus: Sign in & go on", "look what is at http://*: a proxy that wants a login, or a prefix that is missing"},
		{"to log in elsewhere", says(302, "", "Location", "https://me:hunter2@login.example.com/in?state=hunter2"), action.CodeUnauth, false, "cannot query up: HTTP status 302 Found: it sends us to https://login.example.com/in", "name the address that answers by itself, or give credentials: --prometheus, --http.config.file"},
		{"no JSON", says(200, "hello"), action.CodeUnavailable, true, "cannot query up: the answer cannot be read: ", "it is cut short, or is not Prometheus's: look what is at http://*"},
		{"half of it", says(200, one[:len(one)/2]), action.CodeUnavailable, true, "cannot query up: the answer cannot be read: ", "it is cut short, or is not Prometheus's: look what is at http://*"},
		{"nothing in it", says(200, `{"status":"success"}`), action.CodeUnavailable, true, "cannot query up: the answer cannot be read: ", "it is cut short, or is not Prometheus's: look what is at http://*"},
		{"another type", says(200, `{"status":"success","data":{"resultType":"cube","result":[]}}`), action.CodeUnavailable, true, "cannot query up: the answer cannot be read: ", "it is cut short, or is not Prometheus's: look what is at http://*"},
		{"a hole in it", says(200, `{"status":"success","data":{"resultType":"vector","result":[null]}}`), action.CodeUnavailable, true, "cannot query up: the answer cannot be read: a series in it is null", "it is cut short, or is not Prometheus's: look what is at http://*"},
		{"a hole in another type", says(200, `{"status":"success","data":{"resultType":"matrix","result":[null]}}`), action.CodeUnavailable, true, "cannot query up: the answer cannot be read: a series in it is null", "it is cut short, or is not Prometheus's: look what is at http://*"},
		{"an error with a good status", says(200, `{"status":"error","errorType":"bad_data","error":"hm"}`), action.CodeRejected, false, "cannot query up: hm", ""},
		{"a cut connection", cut, action.CodeUnavailable, true, "cannot query up: the connection to *", ""},
		{"a cut answer", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(one))
		}, action.CodeUnavailable, true, "cannot query up: the connection to *", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			address := serve(t, c.answer)
			e := drive(t, address).fails("query", "up")
			require.Equal(t, c.code, e.Code, "%v", e)
			require.Equal(t, c.again, e.Retryable)
			said, _, _ := strings.Cut(c.says, "*")
			require.Contains(t, e.Message, said)
			require.Equal(t, strings.ReplaceAll(c.hint, "http://*", address), e.Hint)
			require.NotContains(t, e.Message, "hunter2")
			require.Equal(t, "query/up", e.Target.String())
			ranged := drive(t, address).fails("query_range", "up")
			require.Equal(t, c.code, ranged.Code)
			require.Equal(t, c.again, ranged.Retryable)
			if c.code == action.CodeUnavailable {
				require.Equal(t, c.code, drive(t, address).fails("values", map[string]any{"up": "up"}).Code)
			}
			require.Equal(t, c.code, drive(t, address).fails("alerts").Code)
			require.Equal(t, c.code, drive(t, address).fails("query", `"text"`).Code)
		})
	}
}

// cut breaks the connection in the head of an answer.
func cut(w http.ResponseWriter, _ *http.Request) {
	connection, buffer, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_, _ = buffer.WriteString("HTTP/1.1 200 OK\r\n")
		_ = buffer.Flush()
		_ = connection.Close()
	}
}

func TestNobodyIsThere(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	e := drive(t, gone.URL).fails("query", "up")
	require.Equal(t, action.CodeUnavailable, e.Code)
	require.True(t, e.Retryable)
	require.Contains(t, e.Message, "cannot query up: Prometheus does not answer: 127.0.0.1:")
	require.Equal(t, "look at its address: "+gone.URL, e.Hint)
}

func TestNoPrometheusIsKnown(t *testing.T) {
	for address, want := range map[string]string{
		"": "no Prometheus is known for this site", "http://": "the address of Prometheus is none", "::": "the address of Prometheus is none",
	} {
		e := drive(t, address).fails("query", "up")
		require.Equal(t, action.CodeInvalid, e.Code)
		require.Contains(t, e.Message, want)
		require.NotEmpty(t, e.Hint)
	}
}

// A server that hangs is given up on, and how long it hangs is the site's time: a rehearsal of it is over at once.
func TestAServerThatHangs(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	site := clock.NewVirtual(start)
	d := drive(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		if r.Form.Get("timeout") != "5m0s" {
			t.Errorf("the server was not told: %v", r.Form)
		}
		_ = site.Sleep(r.Context(), time.Hour)
		hang(w, r)
	})))
	read, err := d.build("query", "up", opts("timeout", "5m"))
	require.NoError(t, err)
	_, err = read.Read(module.WithOutside(t.Context(), site), nil)
	require.Equal(t, action.CodeTimeout, action.CodeOf(err), "%v", err)
	require.EqualError(t, err, "cannot query up: no answer in time: context deadline exceeded")
	require.Equal(t, start.Add(5*time.Minute+grace), site.Now())

	ctx, cancel := context.WithCancelCause(t.Context())
	d = drive(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // only then a server notices that its client goes away
		cancel(context.Canceled)
		hang(w, r)
	})))
	read, err = d.build("values", map[string]any{"a": "up", "b": "up"})
	require.NoError(t, err)
	_, err = read.Read(ctx, nil)
	require.ErrorContains(t, err, "cannot query up: interrupted")
}

// A server that takes no POST is asked by GET.
func TestAServerThatTakesNoPost(t *testing.T) {
	s := &stub{answer: func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		says(200, one)(w, r)
	}}
	d := drive(t, serve(t, s)+"/prefix/", walled)
	near(t, "1", d.read("value", "up + 1").(map[string]any)["value"])
	require.Len(t, s.asked, 2)
	require.Equal(t, "/prefix/api/v1/query", s.asked[1].URL.Path)
	require.Equal(t, "up + 1", s.asked[1].Form.Get("query"))
	require.Equal(t, "1740798000", s.asked[1].Form.Get("time"))
	require.Equal(t, "runbook/test T", s.asked[1].UserAgent())
}

// An answer that is not whole says so.
func TestWarnings(t *testing.T) {
	body := strings.Replace(one, `"status":"success"`, `"status":"success","warnings":["one of two stores did not answer"]`, 1)
	d := drive(t, serve(t, says(200, body)))
	for _, function := range []string{"query", "value"} {
		require.Equal(t, []any{"one of two stores did not answer"}, d.read(function, "up").(map[string]any)["warnings"])
	}
}

// What failed for the moment is asked once more, and only that.
func TestManyAreAskedAgainWhereTheyFailedForTheMoment(t *testing.T) {
	for _, c := range []struct {
		name  string
		fails int32
		state string
	}{{"once", 1, "ok"}, {"for long", 99, "error"}} {
		t.Run(c.name, func(t *testing.T) {
			var busy atomic.Int32
			s := &stub{answer: func(w http.ResponseWriter, r *http.Request) {
				if r.Form.Get("query") == "b" && busy.Add(1) <= c.fails {
					says(429, "busy")(w, r)
					return
				}
				says(200, one)(w, r)
			}}
			d := drive(t, serve(t, s))
			read, err := d.build("values", map[string]any{"a": "a", "b": "b", "c": "c"})
			require.NoError(t, err)
			_, err = read.Read(d.ctx(), nil)
			require.ErrorContains(t, err, "cannot query b: HTTP status 429")
			require.True(t, err.(*action.Error).Retryable) //nolint:errorlint // exactly that
			out, err := read.Read(d.ctx(), nil)
			require.NoError(t, err)
			require.Len(t, s.asked, 4)
			got := decoded(t, out).(map[string]any)
			require.Equal(t, "ok", got["a"].(map[string]any)["state"])
			require.Equal(t, c.state, got["b"].(map[string]any)["state"])
		})
	}
}

// A server that is away is no state of a number.
func TestManyOfAServerThatIsAway(t *testing.T) {
	for status, code := range map[int]action.Code{401: action.CodeUnauth, 403: action.CodeForbidden, 404: action.CodeNotFound} {
		d := drive(t, serve(t, says(status, "no")))
		require.Equal(t, code, d.fails("values", map[string]any{"a": "a", "b": "b"}).Code)
		require.Equal(t, code, d.fails("query_all", map[string]any{"a": "a", "b": "b"}).Code)
	}
	d := drive(t, serve(t, says(500, "no")))
	read, err := d.build("values", map[string]any{"a": "a", "b": "b"})
	require.NoError(t, err)
	for range 3 {
		_, err := read.Read(d.ctx(), nil)
		require.Equal(t, action.CodeUnavailable, action.CodeOf(err))
	}
	d = drive(t, serve(t, says(422, `{"status":"error","errorType":"execution","error":"no"}`)))
	require.Equal(t, "error", d.read("values", map[string]any{"a": "a"}).(map[string]any)["a"].(map[string]any)["state"], "it answers, and does not like the question")
}

// So many are asked at once, and no more.
func TestManyAreAskedAtOnce(t *testing.T) {
	for _, c := range []struct{ configured, want int32 }{{0, atOnce}, {1, 1}, {3, 3}} {
		var under atomic.Int32
		var seen sync.Mutex
		most := int32(0)
		arrived := make(chan struct{}, 100)
		d := drive(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n := under.Add(1)
			seen.Lock()
			most = max(most, n)
			seen.Unlock()
			if n < c.want {
				select {
				case <-arrived: // another one is there too
				case <-r.Context().Done():
				}
			}
			arrived <- struct{}{}
			under.Add(-1)
			says(200, one)(w, r)
		})), func(cfg *Config) { cfg.AtOnce = int(c.configured) })
		expressions := map[string]any{}
		for i := range 4 * atOnce {
			expressions[itoa(i)] = "up"
		}
		require.Len(t, d.read("values", expressions), len(expressions))
		require.Equal(t, c.want, most)
	}
}

// Why there is nothing may be more than the server bears: that there is nothing is said all the same.
func TestWhyThereIsNothingCannotBeFoundOut(t *testing.T) {
	d := drive(t, serve(t, &stub{answer: func(w http.ResponseWriter, r *http.Request) {
		if r.Form.Get("query") == "up" {
			says(200, `{"status":"success","data":{"resultType":"vector","result":[]}}`)(w, r)
			return
		}
		says(422, `{"status":"error","errorType":"execution","error":"too many samples"}`)(w, r)
	}}))
	got := d.read("value", "up").(map[string]any)
	require.Equal(t, "no_data", got["state"])
	require.Equal(t, "the expression gives nothing, and why could not be found out: cannot query count(up): too many samples", got["reason"])
}
