package kubernetes

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"runbook/engine/action"
)

// The conformance table is what we know about API servers, and what we rely on. TestWorldConformance holds a simulated cluster to it,
// TestLabConformance a real one: the expectations are the same literals, and a case cannot tell which of both it runs against. What
// stands in testdata/conformance was recorded from the real one (see transcript_test.go).

// A conformanceCase is one row of the table.
type conformanceCase struct {
	name string
	run  func(s *site)
}

func conformance(t *testing.T) []conformanceCase {
	cases := []conformanceCase{
		{"flow/real", flowReal},
		{"flow/dry", flowDry},
		{"flow/dry on live objects", flowDryOnLive},
		{"flow/rights", flowRights},
		{"flow/custom kinds", flowCustomKinds},
		{"flow/secrets stay inside", flowSecrets},
		{"flow/patch", flowPatch},
		{"flow/patch beside others", flowPatchContended},
		{"flow/dry patch", flowDryPatch},
		{"flow/apply", flowApply},
		{"flow/dry apply", flowDryApply},
		{"flow/applied twice", flowAppliedTwice},
		{"flow/label", flowLabel},
		{"flow/contents", flowContents},
		{"flow/secrets of others", flowSecretsOfOthers},
		{"flow/dry contents", flowDryContents},
		{"flow/dry contested", flowDryContested},
		{"flow/vertical autoscalers", flowVerticalAutoscalers},
		{"flow/rollouts", flowRollout},
		{"flow/an undo goes where it was agreed to", flowUndoAgreed},
		{"flow/planned rollouts", flowPlannedRollout},
		{"flow/pause and resume", flowPause},
		{"flow/intended rollouts", flowDryRollout},
		{"flow/evict", flowEvict},
		{"flow/evict against a budget", flowEvictForbidden},
		{"flow/intended evictions", flowIntendedEvictions},
		{"flow/cordon and drainable", flowDrain},
		{"flow/intended drain", flowIntendedDrain},
		{"flow/logs", flowLogs},
		{"flow/logs of many pods", flowLogsOf},
		{"flow/events", flowEvents},
		{"flow/top", flowTop},
		{"flow/describe", flowDescribe},
		{"flow/waiting for jobs and custom kinds", flowWaits},
		{"flow/names of kinds", flowNames},
		{"flow/exec", flowExec},
		{"flow/exec as an action", flowExecAction},
		{"flow/a pod as a host", flowMachine},
		{"answers/parts of a log", logOptions},
		{"watch/changes", watchChanges},
		{"watch/deletion", watchDeletion},
		{"watch/selectors", watchSelectors},
		{"watch/beginnings", watchBeginnings},
		{"watch/timeout", watchTimeout},
		{"watch/expired", watchExpired},
	}
	for _, q := range sequences {
		cases = append(cases, conformanceCase{"sequence/" + q.name, q.run})
	}
	paths, err := filepath.Glob("testdata/conformance/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		cases = append(cases, conformanceCase{"answers/" + name, func(s *site) { s.transcript(path) }})
	}
	return cases
}

// A site is what a case runs against.
type site struct {
	*testing.T
	kubeconfig string // with the contexts lab-admin, lab-oncall and lab-viewer
	namespace  string // the case's own
	// time is the site's own: real, or that of the simulation. To pass it is to sleep.
	now  func() time.Time
	pass func(time.Duration)
	// forget makes the server forget what was long ago.
	forget func()
	// record makes the answers of a site the expectation: those of a real one only.
	record bool
	// races is how many more times the site may be asked for a story before it is held against it.
	races int
}

// runConformance runs the whole table. A case that is skipped fails: on either side it would prove nothing.
func runConformance(t *testing.T, open func(t *testing.T) *site) {
	for _, c := range conformance(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			t.Cleanup(func() {
				if t.Skipped() {
					t.Error("no case of the conformance table may be skipped, here or elsewhere")
				}
			})
			s := open(t)
			s.begin()
			c.run(s)
		})
	}
}

// begin makes a namespace for the case, and waits until pods can be made in it.
func (s *site) begin() {
	s.Helper()
	s.namespace = "conform-" + rand.String(5)
	namespace := s.namespace
	body := toRaw(s.T, namespaceNamed(s.namespace))
	require.Equal(s, http.StatusCreated, s.ask(s.Context(), "admin", call{method: "POST", path: "/api/v1/namespaces", body: body}).code)
	s.Cleanup(func() {
		s.ask(context.WithoutCancel(s.Context()), "admin", call{method: "DELETE", path: "/api/v1/namespaces/" + namespace})
	})
	for _, there := range []string{"serviceaccounts/default", "configmaps/kube-root-ca.crt"} {
		c := call{method: "GET", path: "/api/v1/namespaces/" + s.namespace + "/" + there}
		s.eventually(func() bool { return s.ask(s.Context(), "admin", c).code == http.StatusOK })
	}
}

// longest is how long a case waits for what has to come, in the site's time.
const longest = 90 * time.Second

// eventually waits until something is so.
func (s *site) eventually(so func() bool, what ...any) {
	s.Helper()
	for until := s.now().Add(longest); !so(); s.pass(200 * time.Millisecond) {
		if s.now().After(until) {
			require.FailNow(s, "it did not come true within "+longest.String(), what...)
		}
	}
}

// driver is a module on the site, for one of its people. A walled one refuses to send whatever is not on the list of reads.
func (s *site) driver(user string, walled bool) driver {
	return driver{s.T, New(s.moduleConfig(user, walled)), &fakeView{}}
}

func (s *site) moduleConfig(user string, walled bool) Config {
	flags := genericclioptions.NewConfigFlags(false)
	who := "lab-" + user
	flags.KubeConfig, flags.Context = &s.kubeconfig, &who
	cfg := Config{
		Access: flags, UserAgent: "runbook/lab " + s.Name(), FieldManager: "runbook-lab", Run: "LAB", Commands: siteCommands, Now: s.now,
	}
	if walled {
		cfg.WrapTransport = func(rt http.RoundTripper) http.RoundTripper { return wall{Reads(siteCommands), rt} }
	}
	return cfg
}

// siteCommands are those that read only.
var siteCommands = action.Commands{{"df", "-h"}, {"echo", "..."}, {"false"}, {"no-such-program"}}

type wall struct {
	refuses func(*http.Request, []byte) error
	next    http.RoundTripper
}

func (w wall) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	if err := w.refuses(r, body); err != nil {
		return nil, action.Errorf(action.CodeRefused, "%s %s: %w", r.Method, r.URL, err)
	}
	return w.next.RoundTrip(r)
}

// until waits for what a script waits for.
func (s *site) until(d driver, values ...any) {
	s.Helper()
	w := d.wait(values...)
	s.eventually(func() bool {
		progress, err := w.Check(s.Context(), d.view)
		return err == nil && progress.Met
	})
}

// config is how a client reaches the site as one of its people.
func (s *site) config(user string) *rest.Config {
	s.Helper()
	rules := &clientcmd.ClientConfigLoadingRules{ExplicitPath: s.kubeconfig}
	over := &clientcmd.ConfigOverrides{CurrentContext: "lab-" + user, Context: clientcmdapi.Context{}}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, over).ClientConfig()
	require.NoError(s, err)
	config.QPS = -1
	return config
}

// A call is one request, and a reply what came back.
type call struct {
	method, path, contentType string
	body                      []byte
	header                    http.Header
}

type reply struct {
	code     int
	header   http.Header
	body     []byte
	warnings []string
}

// ask makes a request as one of the site's people, past everything that a client library would do to it.
func (s *site) ask(ctx context.Context, user string, c call) reply {
	s.Helper()
	config := s.config(user)
	client, err := rest.HTTPClientFor(config)
	require.NoError(s, err)
	request, err := http.NewRequestWithContext(ctx, c.method, strings.TrimSuffix(config.Host, "/")+c.path, strings.NewReader(string(c.body)))
	require.NoError(s, err)
	if len(c.body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.contentType != "" {
		request.Header.Set("Content-Type", c.contentType)
	}
	for name := range c.header {
		request.Header.Set(name, c.header.Get(name))
	}
	request.Header.Set("User-Agent", "conformance/1 test")
	response, err := client.Do(request)
	require.NoError(s, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(s, err)
	return reply{response.StatusCode, response.Header, body, response.Header.Values("Warning")}
}

func labFolder(t *testing.T) string {
	folder := os.Getenv("RUNBOOK_LAB")
	if folder == "" {
		t.Fatal("RUNBOOK_LAB names no lab: start this with make test-lab")
	}
	return folder
}
