package kubernetes

import (
	"encoding/json"
	"errors"
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

// definition is that of a custom resource with any fields.
func definition(group, kind, singular, short string) map[string]any {
	return map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": singular + "s." + group, "annotations": map[string]any{"api-approved.kubernetes.io": "unapproved, a test"}},
		"spec": map[string]any{
			"group": group, "scope": "Namespaced",
			"names": map[string]any{"kind": kind, "plural": singular + "s", "singular": singular, "shortNames": []any{short}},
			"versions": []any{map[string]any{
				"name": "v1", "served": true, "storage": true,
				"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
			}},
		},
	}
}

// Kinds that are not built in are found by any of their names.
func flowCustomKinds(s *site) {
	d := s.driver("admin", false)
	d.apply("delete", "crd/widgets.runbook.test")
	s.until(d, "crd/widgets.runbook.test", opts("condition", "deleted"))
	d.apply("create", definition("runbook.test", "Widget", "widget", "wd"))
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
	d.apply("patch", "wd/w1", object{"spec": object{"list": []any{object{"name": "a"}}}})
	d.apply("patch", "wd/w1", object{"spec": object{"list": []any{object{"name": "b"}}}})
	require.Equal(s, []any{object{"name": "b"}}, workload.Dig(d.get("wd/w1"), "spec", "list"), "nobody knows how its lists are merged")
	_, err = d.act("patch", "wd/w1", object{}, opts("type", "strategic")).Predict(s.Context(), d.view)
	require.ErrorContains(s, err, "nobody knows by which key its lists are merged")
	d.apply("label", "widgets.runbook.test/w1", object{"a": "b"})
	require.Equal(s, []string{"w1"}, d.names("widgets", opts("selector", "a=b")))
	applied := map[string]any{"apiVersion": "runbook.test/v1", "kind": "Widget", "metadata": map[string]any{"name": "w1"}, "spec": map[string]any{"size": 1.0}}
	d.apply("apply", applied)
	require.Equal(s, int64(1), workload.Dig(d.get("wd/w1"), "spec", "size"))
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
