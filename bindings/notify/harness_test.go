package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"runbook/engine/action"
	"runbook/engine/module"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start is what time it is in every test that does not ask a real server.
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
	m       *module.Module
	outside module.Outside
	now     func() time.Time
	view    action.View
}

func drive(t *testing.T, cfg Config) driver {
	t.Helper()
	if cfg.Run.ID == "" {
		cfg.Run.ID = "T"
	}
	return driver{t, New(cfg), standing{start}, func() time.Time { return start }, empty{}}
}

// empty is the view of a run that intends nothing.
type empty struct{}

func (empty) Lay(_ action.Target, live map[string]any) (map[string]any, bool) { return live, false }

func (empty) Intended(string, string, string) []action.Target { return nil }

func (d driver) ctx() context.Context {
	ctx := module.WithNow(d.Context(), func(context.Context) time.Time { return d.now() })
	return module.WithRunbook(module.WithOutside(ctx, d.outside), "compiler-down")
}

// act makes the action of a call, as long as its arguments are right.
func (d driver) act(name string, values ...any) (action.Action, error) {
	d.Helper()
	f := d.m.Func(name)
	require.NotNil(d, f, name)
	args, err := f.Bind(d.m, values)
	if err != nil {
		return nil, err
	}
	a, err := f.Act(args)
	if err == nil {
		require.Equal(d, "notify."+name, a.Describe().Verb)
		require.Contains(d, f.Kinds, a.Describe().Target.Kind)
		require.NotPanics(d, func() { _ = a.Describe().Canonical() })
	}
	return a, err
}

// try predicts an action and carries it out once.
func (d driver) try(name string, values ...any) (predicted action.Prediction, result any, err error) {
	d.Helper()
	a, err := d.act(name, values...)
	if err != nil {
		return predicted, nil, err
	}
	if predicted, err = a.Predict(d.ctx(), d.view); err != nil || predicted.Unchanged {
		return predicted, predicted.Value, err
	}
	done, err := a.Apply(d.ctx(), predicted)
	return predicted, done.Value, err
}

// does is what a call gives, as JSON has it.
func (d driver) does(name string, values ...any) any {
	d.Helper()
	predicted, result, err := d.try(name, values...)
	require.NoError(d, err)
	_ = predicted
	return plain(d.T, result)
}

// fails is the error of a call.
func (d driver) fails(name string, values ...any) *action.Error {
	d.Helper()
	_, _, err := d.try(name, values...)
	require.Error(d, err)
	e, ok := err.(*action.Error) //nolint:errorlint // exactly that
	require.True(d, ok, "%T: %v", err, err)
	return e
}

// read is what a read gives, as JSON has it.
func (d driver) read(name string, values ...any) any {
	d.Helper()
	f := d.m.Func(name)
	args, err := f.Bind(d.m, values)
	require.NoError(d, err)
	r, err := f.Read(args)
	require.NoError(d, err)
	out, err := r.Read(d.ctx(), d.view)
	require.NoError(d, err)
	return plain(d.T, out)
}

func plain(t *testing.T, v any) (out any) {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &out))
	return out
}

// opts are options of a call: a name and its value, and so on.
func opts(pairs ...any) map[string]any {
	out := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}

// quiet lets no connection outlive a test.
func quiet(t *testing.T) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		if idle, ok := next.(interface{ CloseIdleConnections() }); ok {
			t.Cleanup(idle.CloseIdleConnections)
		}
		return next
	}
}
