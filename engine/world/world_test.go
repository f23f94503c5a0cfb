package world

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"runbook/engine/world/scenario"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const site = `
kubernetes:
  namespace: shop
  manifests:
    - {apiVersion: v1, kind: Node, metadata: {name: n1}}
    - {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
    - apiVersion: apps/v1
      kind: Deployment
      metadata: {name: web, namespace: shop}
      spec:
        replicas: 2
        selector: {matchLabels: {app: web}}
        template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: web:1}]}}
`

func open(t *testing.T, more string) *World {
	t.Helper()
	s, err := scenario.Shelves{}.Inline([]byte(site+more), "the test")
	require.NoError(t, err)
	w, err := Open(s)
	require.NoError(t, err)
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		_ = w.Close() // a test that cares looks itself
	})
	return w
}

// get reads a list, and returns its items by name with what is at status.
func (w *World) get(t *testing.T, path string) (code int, items map[string]map[string]any) {
	t.Helper()
	response, err := http.Get(w.Kubernetes() + path)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	var list struct {
		Items []struct {
			Metadata struct{ Name string }
			Status   map[string]any
		}
	}
	require.NoError(t, json.Unmarshal(text, &list), string(text))
	items = map[string]map[string]any{}
	for _, i := range list.Items {
		items[i.Metadata.Name] = i.Status
	}
	return response.StatusCode, items
}

const (
	pods        = "/api/v1/namespaces/shop/pods"
	deployments = "/apis/apps/v1/namespaces/shop/deployments"
)

func TestAWorldIsThereWhenItBegins(t *testing.T) {
	w := open(t, "")
	require.Equal(t, scenario.Began, w.Clock().Now())
	_, web := w.get(t, deployments)
	require.EqualValues(t, 2, web["web"]["readyReplicas"])
	_, running := w.get(t, pods)
	require.Len(t, running, 2)
	_, nodes := w.get(t, "/api/v1/nodes")
	require.Contains(t, fmt.Sprint(nodes["n1"]["nodeInfo"]), "kubeletVersion:v1.37.0")
}

// What is on the timeline happens at its time, which comes when the run waits for it.
func TestTheTimelineGoesOnWithTheClock(t *testing.T) {
	w := open(t, `
timeline:
  - {at: -1h, patch: deployment/web, with: {spec: {replicas: 3}}}
  - {at: 1m, patch: deployment/web, with: {spec: {replicas: 4}}}
  - {at: 2m, fault: {on: list pods, answer: 503, message: overloaded}}
  - {at: 3m, patch: deployment/gone, with: {spec: {replicas: 4}}}
`)
	require.NoError(t, w.Change(scenario.Event{At: 90 * time.Second, Patch: "deployment/web", With: map[string]any{"spec": map[string]any{"paused": true}}}))
	_, running := w.get(t, pods)
	require.Len(t, running, 3)
	require.NoError(t, w.Clock().Sleep(t.Context(), time.Minute))
	_, running = w.get(t, pods)
	require.Len(t, running, 4)
	require.NoError(t, w.Clock().Sleep(t.Context(), time.Minute))
	code, _ := w.get(t, pods)
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.NoError(t, w.Clock().Sleep(t.Context(), time.Minute))
	w.get(t, pods)
	err := w.Close()
	require.ErrorContains(t, err, "the test: line 19: at 3m0s: ")
	require.ErrorContains(t, err, `"gone" not found`)
}

func TestAWorldGoesTheSameWayEachTime(t *testing.T) {
	w := open(t, "timeline: [{at: -3m, become: crash-loop, count: 1}]")
	address := w.Kubernetes()
	_, first := w.get(t, pods)
	require.NoError(t, w.Change(scenario.Event{Delete: "deployment/web"}))
	require.NoError(t, w.Clock().Sleep(t.Context(), time.Hour))
	_, gone := w.get(t, pods)
	require.Empty(t, gone)
	require.NoError(t, w.Rewind())
	require.Equal(t, address, w.Kubernetes(), "who has the address keeps it")
	require.Equal(t, scenario.Began, w.Clock().Now())
	_, again := w.get(t, pods)
	require.Equal(t, first, again)
}

func TestAWorldThatCannotBeginSaysWhy(t *testing.T) {
	for text, message := range map[string]string{
		"timeline: [{at: -1m, patch: deployment/gone, with: {spec: {replicas: 1}}}]": `at -1m0s: `,
		"timeline: [{at: -1m, become: oom, pods: app=other}]":                        `the test: line 14: at -1m0s: `,
		"timeline: [{at: -25h, become: oom}]":                                        `the test: line 14: at -25h0m0s: the site was only set up 24h0m0s before the run`,
		"    - {apiVersion: v1, kind: Pod, metadata: {name: p}}":                     `the test: line 14: cannot apply Pod p: `,
		"    - {apiVersion: v1, kind: Deployment, metadata: {name: web}}":            `the simulated cluster knows no kind "Deployment" in "v1"; it is in apps/v1`,
	} {
		s, err := scenario.Shelves{}.Inline([]byte(site+text), "the test")
		require.NoError(t, err)
		_, err = Open(s)
		require.ErrorContains(t, err, message)
	}
}

// A query looks at the time of the run, and meets faults like anything else.
func TestThePrometheusOfAWorld(t *testing.T) {
	w := open(t, `
prometheus:
  series: [{series: "jobs_total", values: "0+60x10"}]
faults: [{on: get query, answer: 503, skip: 2}]
`)
	ask := func() string {
		response, err := http.Get(w.Prometheus() + "/api/v1/query?query=jobs_total")
		require.NoError(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return string(text)
	}
	require.Contains(t, ask(), `"600"`)
	require.NoError(t, w.Clock().Sleep(t.Context(), time.Minute))
	require.Contains(t, ask(), `"660"`)
	require.Contains(t, ask(), `"errorType":"timeout"`)
}

func TestCheckFindsWhatOnlyASystemUnderstands(t *testing.T) {
	_, err := scenario.Shelves{Check: Check}.Inline([]byte("prometheus:\n  series:\n    - {series: up, values: 1x}\n  rules:\n    - {alert: A, expr: sum(}\n"), "the test")
	require.ErrorContains(t, err, "the test: line 3: prometheus.series[0].values: ")
	require.ErrorContains(t, err, "line 5: prometheus.rules[0].expr: ")
}

// What is wrong with the simulation is no fault of the site that it simulates: it is told, and not only a connection that breaks.
func TestAFaultOfTheSimulationIsTold(t *testing.T) {
	w := open(t, "")
	w.mu.Lock()
	w.cluster = nil
	w.mu.Unlock()
	_, err := http.Get(w.Kubernetes() + pods)
	require.Error(t, err)
	require.ErrorContains(t, w.Close(), "the simulated kubernetes is broken: GET "+pods+": runtime error: invalid memory address")
}

func TestAConnectionThatAScenarioBreaksIsNoFaultOfTheSimulation(t *testing.T) {
	w := open(t, "faults: [{on: list pods, answer: half}]")
	response, err := http.Get(w.Kubernetes() + pods)
	require.NoError(t, err)
	defer response.Body.Close()
	_, err = io.ReadAll(response.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.NoError(t, w.Close())
}

func TestNothingHappensBeforeTheSiteIsThere(t *testing.T) {
	s, err := scenario.Shelves{}.Inline([]byte(site+"timeline: [{at: -25h, become: oom, pods: app=web}]"), "the test")
	require.NoError(t, err)
	_, err = Open(s)
	require.ErrorContains(t, err, "at -25h0m0s: the site was only set up 24h0m0s before the run: let this happen later, or make it older with kubernetes.age")
}

// Clients that ask while a world is rewound and closed get an answer or none, and nothing is left behind.
func TestAWorldIsRewoundAndClosedWhileClientsAsk(t *testing.T) {
	w := open(t, "faults: [{on: get pods, answer: slow, takes: 1h, times: -1}]")
	client := &http.Client{Transport: &http.Transport{}}
	var all sync.WaitGroup
	for _, path := range []string{
		pods, deployments, pods + "?watch=true", pods + "/none", pods + "?watch=true&resourceVersion=1", "/api/v1/namespaces/shop/events",
	} {
		all.Go(func() {
			for {
				response, err := client.Get(w.Kubernetes() + path)
				if err != nil {
					return // it is closed
				}
				_, _ = io.Copy(io.Discard, response.Body) // whatever comes
				_ = response.Body.Close()
			}
		})
	}
	for range 20 {
		require.NoError(t, w.Rewind())
		require.NoError(t, w.Change(scenario.Event{Become: scenario.CrashLoop, Pods: "app=web"}))
		require.NoError(t, w.Clock().Sleep(t.Context(), time.Minute))
	}
	require.NoError(t, w.Close())
	all.Wait()
	client.CloseIdleConnections()
}

// A message to a receiver that is an Alertmanager goes to the site's, as an alert.
func TestAFaultOfAReceiverSpeaksOfOneThatMeetsIt(t *testing.T) {
	for name, message := range map[string]string{
		"team": "", "te*": "", "taem": `there is no receiver "taem"; did you mean "team"?`, "alerts": `what is sent to alerts is an alert: write "create alerts"`,
	} {
		text := "notify: {receivers: {team: {slack: {}}, alerts: {alertmanager: {}}}}\nfaults: [{on: send receivers, answer: 503, name: '" + name + "'}]\n"
		s, err := scenario.Shelves{Check: Check}.Inline([]byte(text), "the test")
		require.NoError(t, err)
		w, err := Open(s)
		if message == "" {
			require.NoError(t, err)
			require.NoError(t, w.Close())
			continue
		}
		require.ErrorContains(t, err, "faults[0].name: "+message)
	}
}

// A fault that no call can meet would be a rehearsal of nothing.
func TestAFaultSpeaksOfCallsThatThereAre(t *testing.T) {
	for on, message := range map[string]string{
		"kubernetes": "", "prometheus": "", "* *": "", "delete pods": "", "get deployments.apps/scale": "", "list widgets": "", "delete* *": "", "get query": "",
		"kubernets":            `there is no system "kubernets"; did you mean "kubernetes"?`,
		"deletes pods":         `there is no verb "deletes"; did you mean "delete"?`,
		"delete pod":           `"pod" is no resource: write "pods"`,
		"patch deploy/scale":   `"deploy/scale" is no resource: write "deployments/scale"`,
		"list Deployment.apps": `"Deployment.apps" is no resource: write "deployments"`,
	} {
		fault := fmt.Sprintf("{on: %q, answer: 500}", on)
		for place, text := range map[string]string{"line 1: faults[0].on: ": "faults: [" + fault + "]", "line 1: timeline[0].fault.on: ": "timeline: [{at: 1m, fault: " + fault + "}]"} {
			s, err := scenario.Shelves{Check: Check}.Inline([]byte(text), "the test")
			if message != "" {
				require.ErrorContains(t, err, place+message)
				continue
			}
			require.NoError(t, err)
			require.NotNil(t, s)
		}
	}
	require.ErrorContains(t, open(t, "").Change(scenario.Event{Fault: &scenario.Fault{On: "delete pod", Answer: "500"}}), `fault.on: "pod" is no resource`)
}
