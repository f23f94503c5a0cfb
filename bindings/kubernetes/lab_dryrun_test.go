//go:build lab

package kubernetes

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"runbook/engine/action"
)

// A dry run sees its own writes against a server that has seen none of them.
func TestLabDryRunFlow(t *testing.T) {
	d := lab(t, "lab-admin", true)
	ns := "flow-dry"
	in := opts("namespace", ns)

	require.Equal(t, action.Validated, d.predict("create", namespaceNamed(ns)).Label)
	require.Empty(t, d.list("pods", in))
	p := d.predict("create", deploymentNamed("web", ns, 3))
	require.Equal(t, action.Simulated, p.Label)
	require.Equal(t, []string{"web-new1-new1", "web-new1-new2", "web-new1-new3"}, d.names("pods", opts("namespace", ns, "selector", "app=web")))
	require.Equal(t, []string{"web"}, d.names("deploy", in))
	require.Contains(t, d.names("ns"), ns)
	require.Len(t, d.names("pods", opts("all_namespaces", true, "selector", "app=web", "fields", "status.phase=Pending")), 3)

	require.False(t, d.check("deployment/web", opts("namespace", ns)).Met)
	d.assume("deployment/web", opts("namespace", ns))
	require.True(t, d.check("deployment/web", opts("namespace", ns)).Met)
	require.True(t, d.check("deployment/web", opts("namespace", ns, "condition", "available")).Met)
	require.Empty(t, d.names("pods", opts("namespace", ns, "fields", "status.phase!=Running")))

	p = d.predict("scale", "deployment/web", float64(0), in)
	require.Equal(t, action.Simulated, p.Label)
	require.Equal(t, int64(3), p.Value)
	require.Empty(t, d.names("pods", in))
	require.True(t, d.check("deployment/web", opts("namespace", ns)).Met)
	p = d.predict("scale", "deployment/web", float64(3), in)
	require.Equal(t, int64(0), p.Value)
	require.Len(t, d.names("pods", in), 3)
	require.Equal(t, "3", d.rowOf(d.get("deployment/web", in))["ready"].(string)[2:])

	_, err := d.act("create", deploymentNamed("web", ns, 1)).Predict(t.Context(), d.view)
	require.Equal(t, action.CodeExists, action.CodeOf(err))
	_, err = d.act("scale", "deployment/wep", float64(3), in).Predict(t.Context(), d.view)
	require.Equal(t, action.CodeNotFound, action.CodeOf(err))
	require.Contains(t, hintOf(err), "deployments/web")

	require.Equal(t, action.Simulated, d.predict("delete", "deployment/web", in).Label)
	require.Nil(t, d.get("deployment/web", in))
	require.Empty(t, d.names("rs", in))
	require.Empty(t, d.names("pods", in))
	d.predict("create", deploymentNamed("web", ns, 1))
	d.predict("delete", "namespace/"+ns)
	require.Nil(t, d.get("namespace/"+ns))
	require.Nil(t, d.get("deployment/web", in))
	require.NotContains(t, d.names("ns"), ns)

	_, err = d.act("create", deploymentNamed("web", ns, 1)).Predict(t.Context(), d.view)
	require.Equal(t, action.CodeNotFound, action.CodeOf(err))
	d.predict("create", namespaceNamed(ns))
	require.Empty(t, d.names("pods", in))
}

// The same on what the lab really has: predictions are the server's, and their consequences are ours.
func TestLabDryRunOnLiveObjects(t *testing.T) {
	d := lab(t, "lab-oncall", true)
	deployment := "deployment/photon-compiler"
	pods := d.names("pods", opts("selector", "app=photon-compiler"))
	require.Len(t, pods, 3)

	p := d.predict("delete", "pod/"+pods[0])
	require.Equal(t, action.Validated, p.Label)
	require.Equal(t, "1 pod to start", p.Note)
	require.Nil(t, d.get("pod/"+pods[0]))
	require.Len(t, d.names("pods", opts("selector", "app=photon-compiler")), 3)
	require.False(t, d.check(deployment).Met)
	require.Equal(t, "2 of 3 replicas ready", d.check(deployment).Detail)
	d.assume(deployment)
	require.True(t, d.check(deployment).Met)

	d.view = &fakeView{}
	p = d.predict("scale", deployment, float64(5))
	require.Equal(t, action.Validated, p.Label)
	require.Equal(t, map[string]any{"spec.replicas": int64(3)}, p.Evidence.Old)
	require.Equal(t, "2 pods to start", p.Note)
	require.Len(t, d.names("pods", opts("selector", "app=photon-compiler")), 5)
	require.Equal(t, "3 of 5 replicas available", d.check(deployment, opts("condition", "available")).Detail)
	require.Equal(t, action.Simulated, d.predict("scale", deployment, float64(3)).Label)
	require.Equal(t, pods, d.names("pods", opts("selector", "app=photon-compiler")))

	require.Equal(t, action.Simulated, d.predict("delete", deployment).Label)
	require.Empty(t, d.names("pods", opts("selector", "app=photon-compiler")))
	require.Nil(t, d.get(deployment))
	p, err := d.act("delete", deployment).Predict(t.Context(), d.view)
	require.NoError(t, err)
	require.Equal(t, false, p.Value)

	// Nobody else has noticed.
	d.view = &fakeView{}
	require.Equal(t, pods, d.names("pods", opts("selector", "app=photon-compiler")))
	require.NotNil(t, d.get(deployment))
}

// The audit log is the proof: of all that the walled tests sent, nothing was a change.
func TestLabZAuditShowsNoChange(t *testing.T) {
	lab(t, "lab-admin", true)
	log, err := os.ReadFile(filepath.Join(os.Getenv("RUNBOOK_LAB"), "audit.log"))
	require.NoError(t, err)
	seen := 0
	for _, line := range lines(string(log)) {
		e := gjson.Parse(line)
		if !strings.HasPrefix(e.Get("userAgent").String(), "runbook/lab TestLabDryRun") {
			continue
		}
		seen++
		verb, uri := e.Get("verb").String(), e.Get("requestURI").String()
		switch verb {
		case "get", "list", "watch":
		case "delete":
			require.Equal(t, `["All"]`, e.Get("requestObject.dryRun").Raw, line)
		default:
			require.True(t, strings.Contains(uri, "dryRun=All") || strings.Contains(uri, "selfsubject"), "%s %s", verb, uri)
		}
	}
	require.Positive(t, seen)
}
