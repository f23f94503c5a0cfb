package s3

import (
	"context"
	"fmt"
	"io"
	stdlog "log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/files/local"
	"runbook/engine/machine"
	"runbook/engine/module"
	"runbook/engine/overlay"
	"runbook/engine/world/fault"
	"runbook/engine/world/s3"
	"runbook/engine/world/scenario"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// began is what time it is in the simulated store.
var began = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)

type stopped struct{ at time.Time }

func (s stopped) Now() time.Time { return s.at }

// unhurried is a clock on which a fault costs no time.
type unhurried struct{}

func (unhurried) Sleep(context.Context, time.Duration) error { return nil }

// A driver calls a module's functions as the gate does.
type driver struct {
	*testing.T
	m       *module.Module
	server  *httptest.Server
	sent    *log
	secrets *vault
	cfg     Config
}

// uploads are the keys of what is stored in parts and is not complete.
func (d *driver) uploads(bucket string) (keys []string) {
	d.Helper()
	l, err := d.cfg.connect()
	require.NoError(d, err)
	out, err := l.client.ListMultipartUploads(d.Context(), &awss3.ListMultipartUploadsInput{Bucket: &bucket})
	require.NoError(d, err)
	for _, one := range out.Uploads {
		keys = append(keys, *one.Key)
	}
	return keys
}

// A log is what was asked of a store.
type log struct {
	mu  sync.Mutex
	all []string
}

func (l *log) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
}

// writes are the requests that were no reads.
func (l *log) writes() (out []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.all {
		if line[0] != 'G' && line[0] != 'H' {
			out = append(out, line)
		}
	}
	return out
}

// A vault remembers secrets.
type vault struct {
	mu  sync.Mutex
	all []string
}

func (v *vault) Add(secrets ...string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.all = append(v.all, secrets...)
	return true
}

func (*vault) String(text string) string { return text }

// drive is a module that asks a simulated store, in which things go wrong as the faults say.
func drive(t *testing.T, section scenario.S3, faults ...scenario.Fault) *driver {
	t.Helper()
	return driveAt(t, unhurried{}, section, faults...)
}

// driveAt is drive with a clock on which faults take their time.
func driveAt(t *testing.T, clock fault.Sleeper, section scenario.S3, faults ...scenario.Fault) *driver {
	t.Helper()
	store, err := s3.New(&section, began, stopped{began})
	require.NoError(t, err)
	d := &driver{T: t, sent: &log{}, secrets: &vault{}}
	faulty := fault.New(faults, clock).Before(fault.System{
		Name: "s3", Handler: store, Refuse: s3.Refuse,
		Describe: func(r *http.Request) fault.Call {
			verb, resource, bucket, key := s3.Describe(r)
			return fault.Call{Verb: verb, Resource: resource, Namespace: bucket, Name: key}
		},
	})
	d.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		line := r.Method + " " + r.URL.Path
		if r.Method == http.MethodPost && r.URL.Query().Has("uploads") {
			line += " uploads"
		}
		d.sent.add(line)
		faulty.ServeHTTP(w, r)
	}))
	d.server.Config.ErrorLog = stdlog.New(io.Discard, "", 0) // connections that are cut are part of it
	d.server.Start()
	t.Cleanup(d.server.Close)
	d.cfg = Config{
		Access: func() Access {
			return Access{Endpoint: d.server.URL, Region: s3.Region, PathStyle: true, Keys: Keys{s3.AccessKey, s3.SecretKey}}
		},
		Machines:      machine.Set[files.System]{Local: local.New()},
		WrapTransport: closing(t), Secrets: d.secrets, UserAgent: "runbook/test T",
	}
	d.m = New(d.cfg)
	return d
}

// closing ends the connections of a client with the test.
func closing(t *testing.T) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		t.Cleanup(next.(interface{ CloseIdleConnections() }).CloseIdleConnections)
		return next
	}
}

// nobody is a view in which nothing is intended.
var nobody action.View = nothing{}

func (d *driver) bind(name string, values ...any) (*module.Func, module.Args) {
	d.Helper()
	f := d.m.Func(name)
	require.NotNil(d, f, name)
	args, err := f.Bind(d.m, values)
	require.NoError(d, err)
	return f, args
}

// see makes a read with a view.
func (d *driver) see(view action.View, name string, values ...any) (any, error) {
	d.Helper()
	f, args := d.bind(name, values...)
	read, err := f.Read(args)
	if err != nil {
		return nil, err
	}
	require.Equal(d, "s3."+name, read.Describe().Verb)
	return read.Read(d.Context(), view)
}

// read is what a read gives.
func (d *driver) read(name string, values ...any) any {
	d.Helper()
	out, err := d.see(nobody, name, values...)
	require.NoError(d, err)
	return out
}

// action makes the action of a call.
func (d *driver) action(name string, values ...any) action.Action {
	d.Helper()
	f, args := d.bind(name, values...)
	a, err := f.Act(args)
	require.NoError(d, err)
	require.Equal(d, "s3."+name, a.Describe().Verb)
	return a
}

// try carries an action out as the gate does: a refusal for the moment is tried again, and a lost answer settled.
func (d *driver) try(name string, values ...any) (any, error) {
	d.Helper()
	a := d.action(name, values...)
	predicted, err := a.Predict(d.Context(), nobody)
	if err != nil {
		return nil, err
	}
	if predicted.Unchanged {
		return predicted.Value, nil
	}
	for attempt := 1; ; attempt++ {
		result, err := a.Apply(d.Context(), predicted)
		e, _ := err.(*action.Error) //nolint:errorlint // exactly that
		if err == nil || attempt == 5 || e == nil || !e.Retryable {
			return result.Value, err
		}
	}
}

func (d *driver) do(name string, values ...any) any {
	d.Helper()
	out, err := d.try(name, values...)
	require.NoError(d, err)
	return out
}

// fails is the error of a call.
func (d *driver) fails(err error) *action.Error {
	d.Helper()
	require.Error(d, err)
	e, ok := err.(*action.Error) //nolint:errorlint // exactly that
	require.True(d, ok, "%T %v", err, err)
	return e
}

// rehearse predicts an action into an intended state.
func (d *driver) rehearse(state *overlay.Overlay, name string, values ...any) action.Prediction {
	d.Helper()
	predicted, err := d.action(name, values...).Predict(d.Context(), state)
	require.NoError(d, err)
	require.NoError(d, state.Apply(predicted.Changes))
	return predicted
}

func opts(pairs ...any) map[string]any {
	out := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}

// with is a bucket of texts.
func with(texts map[string]string) scenario.S3 {
	b := scenario.Bucket{}
	for key, text := range texts {
		b.Objects = append(b.Objects, scenario.StoredObject{Key: key, Content: text})
	}
	return scenario.S3{Buckets: map[string]scenario.Bucket{"box": b}}
}

// tree is what is in the files of a folder, by their paths below it.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		rel, _ := filepath.Rel(root, path)
		out[rel] = string(text)
		return err
	}))
	return out
}

// write writes files below a folder, as old as the simulated store is long.
func write(t *testing.T, root string, texts map[string]string, at time.Time) {
	t.Helper()
	for rel, text := range texts {
		path := filepath.Join(root, rel)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		require.NoError(t, os.Chtimes(path, at, at))
	}
}

// fetched is what is at an address.
func fetched(t *testing.T, address string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return fmt.Sprint(response.StatusCode, " ", string(text))
}
