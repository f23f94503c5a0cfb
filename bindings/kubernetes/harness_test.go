package kubernetes

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

// A fakeView is the simplest intended state: the last predicted object of each target.
type fakeView struct {
	objects map[action.Target]object // nil: intended not to exist
	order   []action.Target
}

func (v *fakeView) Lay(target action.Target, live map[string]any) (map[string]any, bool) {
	o, known := v.objects[target]
	if !known {
		return live, false
	}
	return o, true
}

func (v *fakeView) Intended(system, kind, scope string) []action.Target {
	var out []action.Target
	for _, t := range v.order {
		if t.System == system && t.Kind == kind && (scope == "" || t.Scope == scope) {
			out = append(out, t)
		}
	}
	return out
}

func (v *fakeView) take(changes []action.Change) {
	if v.objects == nil {
		v.objects = map[action.Target]object{}
	}
	for _, c := range changes {
		if _, known := v.objects[c.Target]; !known {
			v.order = append(v.order, c.Target)
		}
		after, _ := c.After.(object)
		v.objects[c.Target] = workload.Clone(after)
	}
}

// A driver calls a module's functions as the gate does.
type driver struct {
	t    *testing.T
	m    *module.Module
	view *fakeView
}

func (d driver) bind(name string, values []any) (*module.Func, module.Args) {
	d.t.Helper()
	f := d.m.Func(name)
	require.NotNil(d.t, f, name)
	args, err := f.Bind(d.m, values)
	require.NoError(d.t, err)
	return f, args
}

func (d driver) tryRead(name string, values ...any) (any, error) {
	d.t.Helper()
	f, args := d.bind(name, values)
	if f.Decide != nil {
		read, _, err := f.Decide(args)
		require.NoError(d.t, err)
		require.NotNil(d.t, read, "not a read")
		return read.Read(d.t.Context(), d.view)
	}
	read, err := f.Read(args)
	require.NoError(d.t, err)
	return read.Read(d.t.Context(), d.view)
}

func (d driver) read(name string, values ...any) any {
	d.t.Helper()
	out, err := d.tryRead(name, values...)
	require.NoError(d.t, err)
	return out
}

func (d driver) list(values ...any) []json.RawMessage {
	d.t.Helper()
	return d.read("list", values...).([]json.RawMessage)
}

func (d driver) names(values ...any) []string {
	d.t.Helper()
	names := []string{}
	for _, raw := range d.list(values...) {
		_, name := identity(raw)
		names = append(names, name)
	}
	return names
}

func (d driver) get(values ...any) object {
	d.t.Helper()
	raw, ok := d.read("get", values...).(json.RawMessage)
	if !ok {
		return nil
	}
	o, err := decode(raw)
	require.NoError(d.t, err)
	return o
}

func (d driver) act(name string, values ...any) action.Action {
	d.t.Helper()
	f, args := d.bind(name, values)
	if f.Decide != nil {
		_, a, err := f.Decide(args)
		require.NoError(d.t, err)
		require.NotNil(d.t, a, "not an action")
		return a
	}
	a, err := f.Act(args)
	require.NoError(d.t, err)
	return a
}

// predict predicts and, as in a dry run, makes that the intended state.
func (d driver) predict(name string, values ...any) action.Prediction {
	d.t.Helper()
	a := d.act(name, values...)
	p, err := a.Predict(d.t.Context(), d.view)
	require.NoError(d.t, err)
	if len(p.Changes) > 0 {
		require.Equal(d.t, a.Describe().Target, p.Changes[0].Target)
	}
	d.view.take(p.Changes)
	return p
}

// apply carries an action out, as in a real run.
func (d driver) apply(name string, values ...any) action.Result {
	d.t.Helper()
	a := d.act(name, values...)
	p, err := a.Predict(d.t.Context(), &fakeView{})
	require.NoError(d.t, err)
	result, err := a.Apply(d.t.Context(), p)
	require.NoError(d.t, err)
	return result
}

func (d driver) wait(values ...any) action.Wait {
	d.t.Helper()
	f, args := d.bind("wait", values)
	w, err := f.Wait(args)
	require.NoError(d.t, err)
	return w
}

func (d driver) check(values ...any) action.Progress {
	d.t.Helper()
	progress, err := d.wait(values...).Check(d.t.Context(), d.view)
	require.NoError(d.t, err)
	return progress
}

func (d driver) assume(values ...any) []action.Change {
	d.t.Helper()
	assumed, err := d.wait(values...).Assume(d.t.Context(), d.view)
	require.NoError(d.t, err)
	d.view.take(assumed)
	return assumed
}

// A stub is an API server that answers what a test told it to, by "METHOD path", and remembers what it was asked.
type stub struct {
	mu      sync.Mutex
	answers map[string]http.HandlerFunc
	asked   []asked
}

type asked struct {
	method, path, query, body string
	header                    http.Header
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.mu.Lock()
	s.asked = append(s.asked, asked{r.Method, r.URL.Path, r.URL.RawQuery, string(body), r.Header})
	answer := s.answers[r.Method+" "+r.URL.Path]
	s.mu.Unlock()
	if answer == nil {
		notFound(r.URL.Path)(w, r)
		return
	}
	answer(w, r)
}

func (s *stub) requests(method string) []asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.asked), func(a asked) bool { return a.method != method })
}

func answerJSON(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

func failure(code int, reason, message string) http.HandlerFunc {
	status, _ := json.Marshal(object{
		"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message, "code": code,
		"details": object{"name": "x", "kind": "pods"},
	})
	return answerJSON(code, string(status))
}

func notFound(path string) http.HandlerFunc {
	return failure(404, "NotFound", filepath.Base(path)+" not found")
}

var testNow = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)

// stubbed is a module on a stub, with the namespace "shop" as its context's.
func stubbed(t *testing.T, answers map[string]http.HandlerFunc) (driver, *stub) {
	s := &stub{answers: answers}
	return driver{t, New(configFor(t, serve(t, s))), &fakeView{}}, s
}

func serve(t *testing.T, s *stub) (address string) {
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server.URL
}

func configFor(t *testing.T, address string) Config {
	path := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(path, toRaw(t, object{
		"apiVersion": "v1", "kind": "Config", "current-context": "test",
		"clusters": []object{{"name": "test", "cluster": object{"server": address}}},
		"contexts": []object{{"name": "test", "context": object{"cluster": "test", "namespace": "shop"}}},
	}), 0o600))
	flags := genericclioptions.NewConfigFlags(false)
	flags.KubeConfig = &path
	return Config{
		Access: flags, UserAgent: "runbook/test R1", FieldManager: "runbook", Run: "R1",
		Commands: action.Commands{{"df", "-h"}}, Now: func() time.Time { return testNow },
	}
}

func toRaw(t *testing.T, v any) json.RawMessage {
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return raw
}

// opts is a table of options as a script writes it.
func opts(pairs ...any) map[string]any {
	out := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}
