package kubernetes

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"runbook/engine/action"
	"runbook/engine/workload"
)

// What the functions of the module do on a site, step by step.

func flowReal(s *site) {
	d := s.driver("admin", false)
	ns := s.namespace + "-flow"
	in := opts("namespace", ns)
	d.apply("delete", "namespace/"+ns)
	s.until(d, "namespace/"+ns, opts("condition", "deleted"))

	d.apply("create", namespaceNamed(ns))
	create := d.act("create", deploymentNamed("web", ns, 2))
	sent := s.now()
	made, err := create.Apply(s.Context(), action.Prediction{})
	require.NoError(s, err)
	require.Equal(s, "web", gjson.GetBytes(made.Value.(json.RawMessage), "metadata.name").String())
	d.settles(action.Done, create, action.Intent{Sent: sent})
	d.settles(action.Unknown, create, action.Intent{Sent: sent.Add(time.Hour)})
	_, err = create.Predict(s.Context(), d.view)
	require.Equal(s, action.CodeExists, action.CodeOf(err))
	s.until(d, "deployment/web", in)

	scale := d.act("scale", "deployment/web", float64(4), in)
	p, err := scale.Predict(s.Context(), d.view)
	require.NoError(s, err)
	d.settles(action.NotDone, scale, action.Intent{Evidence: p.Evidence})
	result, err := scale.Apply(s.Context(), p)
	require.NoError(s, err)
	require.Equal(s, int64(2), result.Value)
	d.settles(action.Done, scale, action.Intent{Evidence: p.Evidence})
	again := d.act("scale", "deployment/web", float64(7), in)
	_, err = again.Apply(s.Context(), p)
	require.Equal(s, action.CodeConflict, action.CodeOf(err))
	require.ErrorContains(s, err, "spec.replicas was 2 when this was planned and is 4 now")
	s.until(d, "deployment/web", opts("namespace", ns, "condition", "available"))

	pod := d.list("pods", in)[0]
	remove := d.act("delete", pod)
	require.Equal(s, action.Disruptive, remove.Describe().Risk)
	p, err = remove.Predict(s.Context(), d.view)
	require.NoError(s, err)
	d.settles(action.NotDone, remove, action.Intent{Evidence: p.Evidence})
	result, err = remove.Apply(s.Context(), p)
	require.NoError(s, err)
	require.Equal(s, true, result.Value)
	d.settles(action.Done, remove, action.Intent{Evidence: p.Evidence})
	s.until(d, pod, opts("condition", "deleted"))
	result, err = remove.Apply(s.Context(), p)
	require.NoError(s, err)
	require.Equal(s, false, result.Value)

	removeWeb := d.act("delete", "deployment/web", in)
	_, err = removeWeb.Apply(s.Context(), action.Prediction{Evidence: action.Evidence{UID: "11111111-2222-4333-8444-555555555555"}})
	require.Equal(s, action.CodeConflict, action.CodeOf(err))
	require.ErrorContains(s, err, "metadata.uid was 11111111")

	var reasons []string
	for _, raw := range d.list("events", opts("namespace", ns, "fields", "source=runbook")) {
		reasons = append(reasons, gjson.GetBytes(raw, "reason").String()+" "+gjson.GetBytes(raw, "message").String())
	}
	require.Contains(s, reasons, "RunbookScale scaled from 2 to 4 replicas by runbook run LAB for admin")

	d.apply("delete", "namespace/"+ns)
	s.until(d, "namespace/"+ns, opts("condition", "deleted"))
}

func flowRights(s *site) {
	d := s.driver("viewer", false)
	wanted := append(d.m.Func("scale").Permits("deployments"), d.m.Func("delete").Permits("pods")...)
	denied, err := d.m.Denied(s.Context(), wanted)
	require.NoError(s, err)
	var verbs []string
	for _, p := range denied {
		verbs = append(verbs, p.Verb+" "+p.Path())
	}
	require.Equal(s, []string{"patch deployments/scale", "delete pods"}, verbs)

	_, err = d.act("scale", "deployment/photon-compiler", float64(5)).Predict(s.Context(), d.view)
	require.Equal(s, action.CodeForbidden, action.CodeOf(err))
	require.Equal(s, "ask whether you may: kubectl auth can-i patch deployments.apps --subresource=scale -n photon-mlir", hintOf(err))
	_, err = s.driver("oncall", false).act("create", namespaceNamed("mine")).Predict(s.Context(), d.view)
	require.Equal(s, action.CodeForbidden, action.CodeOf(err))
}

// Kinds that are not built in are found by any of their names.
func flowCustomKinds(s *site) {
	d := s.driver("admin", false)
	d.apply("delete", "crd/widgets.runbook.test")
	s.until(d, "crd/widgets.runbook.test", opts("condition", "deleted"))
	d.apply("create", map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": "widgets.runbook.test"},
		"spec": map[string]any{
			"group": "runbook.test", "scope": "Namespaced",
			"names": map[string]any{"kind": "Widget", "plural": "widgets", "singular": "widget", "shortNames": []any{"wd"}},
			"versions": []any{map[string]any{
				"name": "v1", "served": true, "storage": true,
				"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
			}},
		},
	})
	s.until(d, "crd/widgets.runbook.test", opts("condition", "condition=Established"))
	widget := map[string]any{"apiVersion": "runbook.test/v1", "kind": "Widget", "metadata": map[string]any{"name": "w1"}}
	s.eventually(func() bool {
		_, err := d.act("create", widget).Apply(s.Context(), action.Prediction{})
		return err == nil
	})
	for _, word := range []string{"widgets", "widget", "wd", "Widget", "widgets.runbook.test", "widgets.v1.runbook.test"} {
		require.Equal(s, []string{"w1"}, d.names(word), word)
	}
	item, err := decode(d.list("wd")[0])
	require.NoError(s, err)
	require.Equal(s, "Widget", workload.Text(item, "kind"))
	p := d.predict("delete", "widgets.runbook.test/w1")
	require.Equal(s, action.Validated, p.Label)
	require.Empty(s, d.names("wd"))
	_, err = d.tryRead("list", "widgetz")
	require.ErrorContains(s, err, `did you mean "widgets"?`)
	_, err = d.act("scale", d.listFirst("widgets"), float64(1)).Predict(s.Context(), &fakeView{})
	require.Equal(s, action.CodeRejected, action.CodeOf(err))
	d.apply("delete", "crd/widgets.runbook.test")
}

func flowSecrets(s *site) {
	d := s.driver("admin", true)
	p := d.predict("create", map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "s"}, "stringData": map[string]any{"password": "hunter2"},
	})
	require.NotContains(s, string(toRaw(s.T, p)), "hunter2")
	require.NotContains(s, string(toRaw(s.T, p)), "aHVudGVyMg")
	values := 0
	for _, raw := range d.list("secrets") {
		gjson.GetBytes(raw, "data").ForEach(func(_, v gjson.Result) bool {
			require.Equal(s, concealed, v.String())
			values++
			return true
		})
	}
	require.Positive(s, values, "the site has a secret")
}

func flowExecAction(s *site) {
	d := s.driver("admin", false)
	pod := d.list("pods", opts("selector", "app=photon-compiler"))[0]
	result := d.apply("exec", pod, []any{"sh", "-c", "echo oops >&2; echo fine"})
	require.Equal(s, map[string]any{"stdout": "fine\n", "stderr": "oops\n", "exit_code": int64(0)}, result.Value)
	_, err := d.act("exec", pod, []any{"no such"}).Apply(s.Context(), action.Prediction{})
	require.Contains(s, hintOf(err), `{ "no", "such" }`)
}

// The binding reads the log that the server has.
func flowLogs(s *site) {
	d := s.driver("viewer", true)
	pod := d.list("pods", opts("selector", "app=photon-compiler"))[0]
	_, name := identity(pod)
	path := "/api/v1/namespaces/photon-mlir/pods/" + name + "/log"
	served := s.ask(s.Context(), "viewer", call{method: "GET", path: path + "?tailLines=5"})
	require.Equal(s, 200, served.code, string(served.body))
	want := lines(string(served.body))
	require.Len(s, want, 5)
	require.Equal(s, want, d.read("logs", pod, opts("tail", float64(5))))
	all := d.read("logs", pod).([]string)
	require.Greater(s, len(all), 5)
	require.Equal(s, want, all[len(all)-5:])
	_, err := d.tryRead("logs", pod, opts("container", "nope"))
	require.Equal(s, action.CodeRejected, action.CodeOf(err))
	require.Contains(s, hintOf(err), "its containers are compiler")
	_, err = d.tryRead("logs", pod, opts("previous", true))
	require.Error(s, err, "nothing ran before")
}

// Which part of a log is asked for.
func logOptions(s *site) {
	name := s.must("GET", "/api/v1/namespaces/photon-mlir/pods?labelSelector=app%3Dphoton-compiler").Get("items.0.metadata.name").String()
	log := func(query string) string {
		got := s.ask(s.Context(), "oncall", call{method: "GET", path: "/api/v1/namespaces/photon-mlir/pods/" + name + "/log" + query})
		require.Equal(s, 200, got.code, string(got.body))
		require.Equal(s, "text/plain", got.header.Get("Content-Type"))
		return string(got.body)
	}
	whole := log("")
	all := strings.SplitAfter(whole, "\n")
	all = all[:len(all)-1] // the last one ends, too
	require.Greater(s, len(all), 5)
	require.Equal(s, whole, log("?container=compiler"))
	require.Equal(s, strings.Join(all[len(all)-2:], ""), log("?tailLines=2"))
	require.Equal(s, whole, log("?tailLines=100000"))
	require.Empty(s, log("?tailLines=0"))
	require.Equal(s, whole[:10], log("?limitBytes=10"))
	require.Equal(s, all[len(all)-2][:5], log("?tailLines=2&limitBytes=5"))
	require.Empty(s, log("?sinceTime="+s.now().Add(time.Hour).UTC().Format(time.RFC3339)))
	require.Equal(s, whole, log("?sinceSeconds=1000000"))
	at, text, found := strings.Cut(log("?timestamps=true&tailLines=1"), " ")
	require.True(s, found)
	require.Equal(s, all[len(all)-1], text)
	written, err := time.Parse(time.RFC3339Nano, at)
	require.NoError(s, err)
	require.False(s, written.After(s.now()), at)
}

func flowExec(s *site) {
	d := s.driver("admin", true)
	pod := d.list("pods", opts("selector", "app=photon-compiler"))[0]
	out := d.read("exec", pod, []any{"echo", "hello", "there"}).(map[string]any)
	require.Equal(s, "hello there\n", out["stdout"])
	_, err := d.tryRead("exec", pod, []any{"false"})
	require.Equal(s, action.CodeCommand, action.CodeOf(err))
	require.ErrorContains(s, err, "exited with status 1")
	_, err = d.tryRead("exec", pod, []any{"no-such-program"})
	require.Equal(s, action.CodeCommand, action.CodeOf(err))

	touch := d.act("exec", pod, []any{"sh -c true"})
	p, err := touch.Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.Equal(s, action.Assumed, p.Label)
	_, err = touch.Apply(s.Context(), p)
	require.Equal(s, action.CodeRefused, action.CodeOf(err), "the wall is under exec as well: %v", err)
}

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
	require.Len(s, d.names("pods", opts("all_namespaces", true, "selector", "app=web", "fields", "status.phase=Pending")), 3)

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
	require.Equal(s, "3", row(d.get("deployment/web", in), s.now())["ready"].(string)[2:])

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
	require.Equal(s, "2 pods to start", p.Note)
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

func deploymentNamed(name, namespace string, replicas int) map[string]any {
	labels := map[string]any{"app": name}
	return map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{"name": name, "namespace": namespace, "labels": labels},
		"spec": map[string]any{
			"replicas": float64(replicas), "selector": map[string]any{"matchLabels": labels},
			"template": map[string]any{
				"metadata": map[string]any{"labels": labels},
				"spec":     map[string]any{"containers": []any{map[string]any{"name": "web", "image": "registry.example/web:1"}}},
			},
		},
	}
}

func namespaceNamed(name string) map[string]any {
	return map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name}}
}

func hintOf(err error) string {
	var e *action.Error
	if errors.As(err, &e) {
		return e.Hint
	}
	return ""
}

func (d driver) settles(want action.Settlement, a action.Action, intent action.Intent) {
	d.t.Helper()
	got, err := a.Settle(d.t.Context(), intent)
	require.NoError(d.t, err)
	require.Equal(d.t, want.String(), got.String())
}

func (d driver) listFirst(kind string) json.RawMessage {
	d.view = &fakeView{}
	return d.list(kind)[0]
}
