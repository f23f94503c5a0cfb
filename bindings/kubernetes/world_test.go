package kubernetes

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/world"
	"runbook/engine/world/scenario"
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
    - {pods: batch.kubernetes.io/job-name, be: completes}
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
`

func worldSite(t *testing.T) *site {
	files := fstest.MapFS{"lab.yaml": {Data: []byte(labScenario)}}
	for _, name := range []string{"cluster.yaml", "access.yaml", "photon-mlir.yaml"} {
		text, err := os.ReadFile(filepath.Join(labManifests, name))
		require.NoError(t, err)
		files[name] = &fstest.MapFile{Data: text}
	}
	s, err := scenario.Shelves{Folders: []scenario.Shelf{{Path: "the conformance table", Files: files}}, Check: world.Check}.Load("lab")
	require.NoError(t, err)
	w, err := world.Open(s)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return &site{
		T: t, kubeconfig: writeKubeconfig(t, w.Kubernetes()), now: w.Clock().Now, forget: w.Forget,
		pass: func(d time.Duration) { require.NoError(t, w.Clock().Sleep(t.Context(), d)) },
	}
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
