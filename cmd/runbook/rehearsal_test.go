package main

import (
	"bytes"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"runbook/bindings/kubernetes"
	"runbook/engine"
	"runbook/engine/journal"
	"runbook/engine/redact"
)

// An overheard venue is a simulated site of which is known what was sent to it.
type overheard struct {
	*simulatedSite
	mu   sync.Mutex
	sent []string // of what may change something
	all  int
}

func (o *overheard) cluster() kubernetes.Access {
	return overheardAccess{simulatedCluster{o.simulatedSite}, o}
}

type overheardAccess struct {
	simulatedCluster
	by *overheard
}

func (a overheardAccess) ToRESTConfig() (*rest.Config, error) {
	config, err := a.simulatedCluster.ToRESTConfig()
	if err == nil {
		config.Wrap(func(next http.RoundTripper) http.RoundTripper { return ear{next, a.by} })
	}
	return config, err
}

// An ear is right at the wire.
type ear struct {
	next http.RoundTripper
	by   *overheard
}

func (e ear) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	e.by.hear(r, body)
	return e.next.RoundTrip(r)
}

func (o *overheard) hear(r *http.Request, body []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all++
	if !onlyLooks(r, body) {
		o.sent = append(o.sent, r.Method+" "+r.URL.String())
	}
}

// onlyLooks is a second opinion on what changes nothing: not the one of the wall.
func onlyLooks(r *http.Request, body []byte) bool {
	asks := r.URL.Query().Get("dryRun") == "All" || bytes.Contains(body, []byte(`"dryRun":["All"]`))
	review := strings.HasPrefix(filepath.Base(r.URL.Path), "selfsubject")
	return r.Method == http.MethodGet && r.Header.Get("Upgrade") == "" || asks || review
}

// Even without the second wall nothing leaves a dry run that could change a site, in any scenario of any shipped runbook. A real run of
// them does send something, or the scenario says that it is read-only: the ear hears.
func TestADryRunSendsNothingThatChangesInAnyScenario(t *testing.T) {
	entries, err := shelves()[:1].List()
	require.NoError(t, err)
	require.NotEmpty(t, entries)
	for _, entry := range entries {
		found := scenariosOf(entry)
		names, err := found.Folders[0].Names()
		require.NoError(t, err)
		require.NotEmpty(t, names, entry.Name)
		for _, name := range names {
			t.Run(entry.Name+"/"+name, func(t *testing.T) {
				for _, mode := range []engine.Mode{engine.Dry(time.Time{}, engine.Otherwise{}), engine.Real(engine.Yes{People: engine.Nobody{}})} {
					s, err := found.Load(name)
					require.NoError(t, err)
					at := &overheard{simulatedSite: &simulatedSite{scenario: s, flags: newClusterFlags()}}
					require.NoError(t, at.open())
					_, err = engine.Run(t.Context(), engine.Config{
						Entry: entry, Mode: at.mode(mode), Library: library(modules(t.Context(), at, "test", walls{}, redact.New())...), Redactor: redact.New(),
						Open:  func() (journal.Sink, error) { return journal.Tee(), nil },
						About: journal.Run{ID: "test", Site: at.identity(nil)}, Actions: t.Context(), Exit: func(int) {},
					})
					require.NoError(t, err)
					require.NoError(t, at.close())
					require.Positive(t, at.all)
					if mode.Name == journal.DryRun {
						require.Empty(t, at.sent)
					} else {
						require.Equal(t, s.ReadOnly, len(at.sent) == 0, at.sent)
					}
				}
			})
		}
	}
}
