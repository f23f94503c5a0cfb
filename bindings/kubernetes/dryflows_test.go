package kubernetes

import (
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"runbook/bindings/kubernetes/printers"
	"runbook/engine/action"
)

// What dry runs see, and do not do.

// A dry run sees its own writes against a server that has seen none of them.
func flowDry(s *site) {
	d := s.driver("admin", true)
	ns := s.namespace + "-flow"
	in := opts("namespace", ns)

	require.Equal(s, action.Validated, d.predict("create", namespaceNamed(ns)).Label)
	require.Empty(s, d.list("pods", in))
	p := d.predict("create", deploymentNamed("web", ns, 3))
	require.Equal(s, action.Simulated, p.Label)
	require.Equal(s, []string{"web-new1-new1", "web-new1-new2", "web-new1-new3"}, d.names("pods", opts("namespace", ns, "selector", "app=web")))
	require.Equal(s, []string{"web"}, d.names("deploy", in))
	require.Contains(s, d.names("ns"), ns)
	everywhere := d.names("pods", opts("all_namespaces", true, "selector", "app=web", "fields", "status.phase=Pending"))
	others := func(name string) bool { return !strings.HasPrefix(name, "web-new1-") }
	require.Len(s, slices.DeleteFunc(everywhere, others), 3)

	require.False(s, d.check("deployment/web", opts("namespace", ns)).Met)
	d.assume("deployment/web", opts("namespace", ns))
	require.True(s, d.check("deployment/web", opts("namespace", ns)).Met)
	require.True(s, d.check("deployment/web", opts("namespace", ns, "condition", "available")).Met)
	require.Empty(s, d.names("pods", opts("namespace", ns, "fields", "status.phase!=Running")))

	p = d.predict("scale", "deployment/web", float64(0), in)
	require.Equal(s, action.Simulated, p.Label)
	require.Equal(s, int64(3), p.Value)
	require.Empty(s, d.names("pods", in))
	require.True(s, d.check("deployment/web", opts("namespace", ns)).Met)
	p = d.predict("scale", "deployment/web", float64(3), in)
	require.Equal(s, int64(0), p.Value)
	require.Len(s, d.names("pods", in), 3)
	require.Equal(s, "3", printers.Row(d.get("deployment/web", in), s.now())["ready"].(string)[2:])

	_, err := d.act("create", deploymentNamed("web", ns, 1)).Predict(s.Context(), d.view)
	require.Equal(s, action.CodeExists, action.CodeOf(err))
	_, err = d.act("scale", "deployment/wep", float64(3), in).Predict(s.Context(), d.view)
	require.Equal(s, action.CodeNotFound, action.CodeOf(err))
	require.Contains(s, hintOf(err), "deployments/web")

	require.Equal(s, action.Simulated, d.predict("delete", "deployment/web", in).Label)
	require.Nil(s, d.get("deployment/web", in))
	require.Empty(s, d.names("rs", in))
	require.Empty(s, d.names("pods", in))
	d.predict("create", deploymentNamed("web", ns, 1))
	d.predict("delete", "namespace/"+ns)
	require.Nil(s, d.get("namespace/"+ns))
	require.Nil(s, d.get("deployment/web", in))
	require.NotContains(s, d.names("ns"), ns)

	_, err = d.act("create", deploymentNamed("web", ns, 1)).Predict(s.Context(), d.view)
	require.Equal(s, action.CodeNotFound, action.CodeOf(err))
	d.predict("create", namespaceNamed(ns))
	require.Empty(s, d.names("pods", in))
}

// The same on what the lab really has: predictions are the server's, and their consequences are ours.
func flowDryOnLive(s *site) {
	d := s.driver("oncall", true)
	deployment := "deployment/photon-compiler"
	pods := d.names("pods", opts("selector", "app=photon-compiler"))
	require.Len(s, pods, 3)

	p := d.predict("delete", "pod/"+pods[0])
	require.Equal(s, action.Validated, p.Label)
	require.Equal(s, "1 pod to start", p.Note)
	require.Nil(s, d.get("pod/"+pods[0]))
	require.Len(s, d.names("pods", opts("selector", "app=photon-compiler")), 3)
	require.False(s, d.check(deployment).Met)
	require.Equal(s, "2 of 3 replicas ready", d.check(deployment).Detail)
	d.assume(deployment)
	require.True(s, d.check(deployment).Met)

	d.view = &fakeView{}
	p = d.predict("scale", deployment, float64(5))
	require.Equal(s, action.Validated, p.Label)
	require.Equal(s, map[string]any{"spec.replicas": int64(3)}, p.Evidence.Old)
	require.Contains(s, p.Note, "2 pods to start") // whether there are autoscalers is for those to know who may look
	require.Len(s, d.names("pods", opts("selector", "app=photon-compiler")), 5)
	require.Equal(s, "3 of 5 replicas available", d.check(deployment, opts("condition", "available")).Detail)
	require.Equal(s, action.Simulated, d.predict("scale", deployment, float64(3)).Label)
	require.Equal(s, pods, d.names("pods", opts("selector", "app=photon-compiler")))

	require.Equal(s, action.Simulated, d.predict("delete", deployment).Label)
	require.Empty(s, d.names("pods", opts("selector", "app=photon-compiler")))
	require.Nil(s, d.get(deployment))
	p, err := d.act("delete", deployment).Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.Equal(s, false, p.Value)

	// Nobody else has noticed.
	d.view = &fakeView{}
	require.Equal(s, pods, d.names("pods", opts("selector", "app=photon-compiler")))
	require.NotNil(s, d.get(deployment))
}
