package kubernetes

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/clock"
	"runbook/engine/world/cluster"
	"runbook/engine/world/controller"
	"runbook/engine/world/scenario"
	"runbook/engine/world/store"
)

// TestWorldConformance holds a simulated site to the table.
func TestWorldConformance(t *testing.T) { runConformance(t, worldSite) }

// labManifests is what is in the lab, and so in the world that is compared with it.
const labManifests = "../../examples/lab/site/manifests"

// A world needs to be told what the lab's kwok does, and what commands print that the lab runs on its machine.
const labScenario = `
kubernetes:
  namespace: photon-mlir
  manifests: [{file: cluster.yaml}, {file: access.yaml}, {file: photon-mlir.yaml}]
  behaviour:
    - {pods: lab.runbook/scenario=bad-image, be: bad-image}
    - be: healthy
      logs: |
        {time} line 1
        {time} line 2
        {time} line 3
        {time} line 4
        {time} line 5
        {time} line 6
        {time} line 7
  commands:
    - {argv: [echo, hello, there], stdout: "hello there\n"}
    - {argv: ["false"], exit_code: 1}
    - {argv: [sh, -c, echo oops >&2; echo fine], stdout: "fine\n", stderr: "oops\n"}
    - {argv: [sleep, "20"], takes: 20s}
`

func worldSite(t *testing.T) *site {
	files := fstest.MapFS{"lab.yaml": {Data: []byte(labScenario)}}
	for _, name := range []string{"cluster.yaml", "access.yaml", "photon-mlir.yaml"} {
		text, err := os.ReadFile(filepath.Join(labManifests, name))
		require.NoError(t, err)
		files[name] = &fstest.MapFile{Data: text}
	}
	s, err := scenario.Shelves{{Path: "the conformance table", Files: files}}.Load("lab")
	require.NoError(t, err)
	w := simulate(t, s)
	server := httptest.NewServer(w.cluster)
	t.Cleanup(server.Close)
	return &site{
		T: t, kubeconfig: writeKubeconfig(t, server.URL), now: w.clock.Now, forget: w.forget,
		pass: func(d time.Duration) { require.NoError(t, w.clock.Sleep(t.Context(), d)) },
	}
}

// life is the controllers as the API server takes them.
type life struct{ *controller.Controllers }

func (l life) Logs(pod store.Object, container string, previous bool) (out []cluster.Line, err error) {
	lines, err := l.Controllers.Logs(pod, container, previous)
	for _, line := range lines {
		out = append(out, cluster.Line(line))
	}
	return out, err
}

// A simulation is a cluster with what lives in it.
type simulation struct {
	lock    sync.Mutex
	clock   *clock.Virtual
	store   *store.Store
	life    *controller.Controllers
	cluster *cluster.Cluster
}

func simulate(t *testing.T, s *scenario.Scenario) *simulation {
	starts := s.Starts()
	w := &simulation{clock: clock.NewVirtual(starts), store: store.New(starts.Add(-s.Kubernetes.Aged()))}
	w.life = controller.New(w.store, &s.Kubernetes)
	w.cluster = cluster.New(cluster.Config{
		Store: w.store, Section: &s.Kubernetes, Life: life{w.life}, Lock: &w.lock, CatchUp: func() { w.life.Advance(w.clock.Now()) },
	})
	w.lock.Lock()
	defer w.lock.Unlock()
	for _, m := range s.Kubernetes.Manifests {
		for _, o := range m.Objects {
			require.NoError(t, w.cluster.Apply(o))
		}
	}
	w.life.Advance(starts)
	return w
}

func (w *simulation) forget() {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.store.Forget()
}

// writeKubeconfig writes one as the lab has it. Certificates tell the lab who somebody is; here the administrator acts as them.
func writeKubeconfig(t *testing.T, address string) string {
	config := object{
		"apiVersion": "v1", "kind": "Config", "current-context": "lab-admin",
		"clusters": []object{{"name": "lab", "cluster": object{"server": address}}},
	}
	var contexts, users []object
	for _, user := range []string{"admin", "oncall", "viewer"} {
		contexts = append(contexts, object{
			"name": "lab-" + user, "context": object{"cluster": "lab", "user": user, "namespace": "photon-mlir"},
		})
		as := object{}
		if user != "admin" {
			as["as"] = user
		}
		users = append(users, object{"name": user, "user": as})
	}
	config["contexts"], config["users"] = contexts, users
	path := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(path, toRaw(t, config), 0o600))
	return path
}
