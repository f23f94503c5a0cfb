package prometheus

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/world/metrics"
	"runbook/engine/world/scenario"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start is what time it is outside in every test.
var start = time.Date(2025, 3, 1, 3, 0, 0, 0, time.UTC)

// standing is an outside whose time stands still, but whose bounds are those of the machine: the servers of these tests are real.
type standing struct{ at time.Time }

func (s standing) Now() time.Time { return s.at }

func (standing) Sleep(ctx context.Context, _ time.Duration) error { return context.Cause(ctx) }

func (standing) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d)
}

// A driver calls a module's functions as the gate does.
type driver struct {
	*testing.T
	m  *module.Module
	at time.Time
}

// drive is a module that asks the server at an address.
func drive(t *testing.T, address string, changes ...func(*Config)) driver {
	t.Helper()
	cfg := Config{Access: func() Access { return Access{URL: address} }, UserAgent: "runbook/test T"}
	for _, change := range changes {
		change(&cfg)
	}
	above := cfg.WrapTransport
	cfg.WrapTransport = func(next http.RoundTripper) http.RoundTripper {
		t.Cleanup(next.(interface{ CloseIdleConnections() }).CloseIdleConnections)
		if above == nil {
			return next
		}
		return above(next)
	}
	return driver{t, New(cfg), start}
}

func (d driver) ctx() context.Context { return module.WithOutside(d.Context(), standing{d.at}) }

// build makes the read of a call, as long as its arguments are right.
func (d driver) build(name string, values ...any) (action.Read, error) {
	d.Helper()
	f := d.m.Func(name)
	require.NotNil(d, f, name)
	args, err := f.Bind(d.m, values)
	if err != nil {
		return nil, err
	}
	return f.Read(args)
}

// try makes a call, again while the gate would.
func (d driver) try(name string, values ...any) (any, error) {
	d.Helper()
	read, err := d.build(name, values...)
	if err != nil {
		return nil, err
	}
	require.Equal(d, "prometheus."+name, read.Describe().Verb)
	require.Empty(d, read.Describe().Permissions)
	require.NotPanics(d, func() { _ = read.Describe().Canonical() })
	return read.Read(d.ctx(), nil)
}

// read is what a call gives, as JSON has it.
func (d driver) read(name string, values ...any) any {
	d.Helper()
	out, err := d.try(name, values...)
	require.NoError(d, err)
	return decoded(d.T, out)
}

// decoded is a result as JSON has it.
func decoded(t *testing.T, out any) (value any) {
	t.Helper()
	raw, ok := out.(json.RawMessage)
	require.True(t, ok, "%T", out)
	require.NoError(t, json.Unmarshal(raw, &value), string(raw))
	return value
}

// fails is the error of a call.
func (d driver) fails(name string, values ...any) *action.Error {
	d.Helper()
	_, err := d.try(name, values...)
	require.Error(d, err)
	e, ok := err.(*action.Error) //nolint:errorlint // exactly that
	require.True(d, ok, "%T: %v", err, err)
	return e
}

// opts are options of a call: a name and its value, and so on.
func opts(pairs ...any) map[string]any {
	out := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}

// A hand is a clock that a test holds.
type hand struct{ at time.Time }

func (h *hand) Now() time.Time { return h.at }

// simulated is the address of a simulated Prometheus.
func simulated(t *testing.T, section *scenario.Prometheus) string {
	t.Helper()
	m, err := metrics.New(section, start, &hand{start})
	require.NoError(t, err)
	return serve(t, m)
}

// serve is the address of a server that lasts as long as a test.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// A stub answers what a test tells it to, and remembers what it was asked.
type stub struct {
	answer http.HandlerFunc
	mu     sync.Mutex
	asked  []*http.Request
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	s.mu.Lock()
	s.asked = append(s.asked, r)
	s.mu.Unlock()
	s.answer(w, r)
}

// says is an answer with a status and a body.
func says(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// one is an answer with a vector of one series.
const one = `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1740798000,"1"]}]}}`

// near compares JSON values, numbers as far as arithmetic in another order may change them.
func near(t *testing.T, want string, got any) {
	t.Helper()
	var wanted any
	require.NoError(t, json.Unmarshal([]byte(want), &wanted), want)
	require.True(t, isNear(wanted, got), "want %s\ngot  %s", want, action.Text(got))
}

func isNear(want, got any) bool {
	switch w := want.(type) {
	case float64:
		g, ok := got.(float64)
		return ok && math.Abs(w-g) <= 1e-9*max(1, math.Abs(w))
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for i := range w {
			if !isNear(w[i], g[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for name := range w {
			if !isNear(w[name], g[name]) {
				return false
			}
		}
		return true
	}
	return want == got
}
