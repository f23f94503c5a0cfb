package kubernetes

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"runbook/engine/action"
	"runbook/engine/workload"
)

// What patch, apply, label and annotate do on a site.

const webImage = `spec.template.spec.containers[name="web"].image`

// withImage is a strategic patch of the container web.
func withImage(image string) map[string]any {
	return map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
		"containers": []any{map[string]any{"name": "web", "image": image}},
	}}}}
}

func flowPatch(s *site) {
	d := s.driver("admin", false)
	d.apply("create", deploymentNamed("web", s.namespace, 2))
	in := opts("namespace", s.namespace)
	s.until(d, "deployment/web", in)

	a := d.act("patch", "deployment/web", withImage("registry.example/web:2"), in)
	require.True(s, a.Describe().Idempotent)
	p, err := a.Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.Equal(s, action.Validated, p.Label)
	require.Equal(s, map[string]any{webImage: "registry.example/web:1"}, p.Evidence.Old)
	require.NotEmpty(s, p.Evidence.UID)
	d.settles(action.NotDone, a, action.Intent{Evidence: p.Evidence})
	result, err := a.Apply(s.Context(), p)
	require.NoError(s, err)
	require.Equal(s, "registry.example/web:2", gjson.GetBytes(toRaw(s.T, result.Value), "spec.template.spec.containers.0.image").String())
	d.settles(action.Done, a, action.Intent{Evidence: p.Evidence})

	again, err := a.Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.True(s, again.Unchanged)
	_, err = d.act("patch", "deployment/web", withImage("registry.example/web:3"), in).Apply(s.Context(), p)
	require.Equal(s, action.CodeConflict, action.CodeOf(err))
	require.ErrorContains(s, err, webImage+" was registry.example/web:1 when this was planned and is registry.example/web:2 now")
	d.settles(action.Unknown, d.act("patch", "deployment/web", withImage("registry.example/web:3"), in), action.Intent{Evidence: p.Evidence})
	s.until(d, "deployment/web", in)
	s.eventually(func() bool {
		var images []string
		for _, raw := range d.list("pods", in) {
			images = append(images, gjson.GetBytes(raw, "spec.containers.0.image").String())
		}
		return slices.Equal(images, []string{"registry.example/web:2", "registry.example/web:2"})
	})

	// A JSON merge patch, and one that only the server knows to change nothing.
	d.apply("patch", "deployment/web", object{"metadata": object{"annotations": object{"example.com/a": "1", "b": "2"}}}, opts("namespace", s.namespace, "type", "merge"))
	require.Equal(s, "1", workload.Text(d.get("deployment/web", in), "metadata", "annotations", "example.com/a"))
	d.apply("patch", "deployment/web", withResources("500m"), in)
	p, err = d.act("patch", "deployment/web", withResources("0.5"), in).Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.True(s, p.Unchanged)

	// A JSON patch, done once.
	push := d.act("patch", "deployment/web", []any{object{"op": "add", "path": "/spec/template/spec/containers/0/args", "value": []any{"-v"}}}, opts("namespace", s.namespace, "type", "json"))
	require.True(s, push.Describe().Idempotent)
	d.apply("patch", "deployment/web", []any{object{"op": "add", "path": "/spec/template/spec/containers/0/args", "value": []any{"-v"}}}, opts("namespace", s.namespace, "type", "json"))
	push = d.act("patch", "deployment/web", []any{object{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": "-w"}}, opts("namespace", s.namespace, "type", "json"))
	require.False(s, push.Describe().Idempotent)
	p, err = push.Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.Equal(s, map[string]any{`spec.template.spec.containers[name="web"].args`: []any{"-v"}}, p.Evidence.Old)
	_, err = push.Apply(s.Context(), p)
	require.NoError(s, err)
	d.settles(action.Unknown, push, action.Intent{Evidence: p.Evidence})
	_, err = push.Apply(s.Context(), p)
	require.Equal(s, action.CodeConflict, action.CodeOf(err))

	// What the server refuses.
	for _, wrong := range []map[string]any{{"spec": map[string]any{"replicas": "two"}}, {"spec": map[string]any{"replicsa": 2.0}}} {
		_, err = d.act("patch", "deployment/web", wrong, in).Predict(s.Context(), d.view)
		require.Equal(s, action.CodeRejected, action.CodeOf(err), "%v", err)
	}
	_, err = d.act("patch", "deployment/wep", withImage("x"), in).Predict(s.Context(), d.view)
	require.Equal(s, action.CodeNotFound, action.CodeOf(err))
	require.Contains(s, hintOf(err), "deployments/web")

	var messages []string
	for _, raw := range d.list("events", opts("namespace", s.namespace, "fields", "reason=RunbookPatch")) {
		messages = append(messages, gjson.GetBytes(raw, "message").String())
	}
	require.Contains(s, messages, "changed "+webImage+" by runbook run LAB for admin")
}

func withResources(cpu string) map[string]any {
	return map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
		"containers": []any{map[string]any{"name": "web", "resources": map[string]any{"requests": map[string]any{"cpu": cpu}}}},
	}}}}
}

// Somebody else's writes beside the fields of a patch do not hinder it; on them they do.
func flowPatchContended(s *site) {
	d := s.driver("admin", false)
	in := opts("namespace", s.namespace)
	d.apply("create", configMapNamed("flags", s.namespace, object{"a": "1", "b": "1"}))
	a := d.act("patch", "configmap/flags", object{"data": object{"a": "2"}}, in)
	p, err := a.Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.Equal(s, map[string]any{"data.a": "1"}, p.Evidence.Old)
	s.change("configmaps/flags", "merge", object{"data": object{"b": "2"}})
	_, err = a.Apply(s.Context(), p)
	require.NoError(s, err)
	require.Equal(s, object{"a": "2", "b": "2"}, d.get("configmap/flags", in)["data"])
	s.change("configmaps/flags", "merge", object{"data": object{"a": "3"}})
	_, err = a.Apply(s.Context(), p)
	require.ErrorContains(s, err, "data.a was 1 when this was planned and is 3 now")
	d.apply("delete", "configmap/flags", in)
	_, err = a.Apply(s.Context(), p)
	require.ErrorContains(s, err, "it existed when this was planned and does not now")
	d.settles(action.Unknown, a, action.Intent{Evidence: p.Evidence})
}

// A dry run sees its own patches, whoever worked them out.
func flowDryPatch(s *site) {
	d := s.driver("admin", true)
	compiler, label := "deployment/photon-compiler", opts("selector", "app=photon-compiler")
	before := d.names("pods", label)
	p := d.predict("patch", compiler, object{"spec": object{"template": object{"metadata": object{"annotations": object{"note": "x"}}}}})
	require.Equal(s, action.Validated, p.Label)
	require.Equal(s, "1 pod replaced", p.Note)
	require.False(s, d.check(compiler).Met)
	d.assume(compiler)
	require.True(s, d.check(compiler).Met)
	after := d.names("pods", label)
	require.Len(s, after, len(before))
	for _, name := range before {
		require.NotContains(s, after, name)
	}
	p = d.predict("patch", compiler, object{"spec": object{"paused": true}}, opts("type", "merge"))
	require.Equal(s, action.Simulated, p.Label)
	require.Equal(s, true, workload.Dig(d.get(compiler), "spec", "paused"))
	require.Equal(s, "x", workload.Text(d.get(compiler), "spec", "template", "metadata", "annotations", "note"))

	d.view = &fakeView{}
	ns := s.namespace + "-flow"
	in := opts("namespace", ns)
	d.predict("create", namespaceNamed(ns))
	d.predict("create", deploymentNamed("web", ns, 3))
	p = d.predict("patch", "deployment/web", withImage("registry.example/web:2"), in)
	require.Equal(s, action.Simulated, p.Label)
	require.Equal(s, map[string]any{webImage: "registry.example/web:1"}, p.Evidence.Old)
	require.Equal(s, "IfNotPresent", workload.Text(firstContainer(d.get("deployment/web", in)), "imagePullPolicy"), "the other fields stay")
	p = d.predict("patch", "deployment/web", []any{object{"op": "replace", "path": "/spec/replicas", "value": 1.0}}, opts("namespace", ns, "type", "json"))
	require.Equal(s, map[string]any{"spec.replicas": int64(3)}, p.Evidence.Old)
	d.assume("deployment/web", in)
	require.Len(s, d.names("pods", in), 1)
	p, err := d.act("patch", "deployment/web", withImage("registry.example/web:2"), in).Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.True(s, p.Unchanged)
	_, err = d.act("patch", "deployment/web", []any{object{"op": "test", "path": "/spec/replicas", "value": 9.0}}, opts("namespace", ns, "type", "json")).
		Predict(s.Context(), d.view)
	require.Equal(s, action.CodeRejected, action.CodeOf(err))
	_, err = d.act("patch", "deployment/wep", withImage("x"), in).Predict(s.Context(), d.view)
	require.Equal(s, action.CodeNotFound, action.CodeOf(err))
}

// Server-side apply: creates, owns, meets other owners, takes over, gives up what it leaves out.
func flowApply(s *site) {
	d := s.driver("admin", false)
	in := opts("namespace", s.namespace)
	notice := func(data object) map[string]any { return configMapNamed("notice", s.namespace, data) }
	a := d.act("apply", notice(object{"text": "down", "since": "3"}))
	p, err := a.Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.Equal(s, action.Validated, p.Label)
	require.Nil(s, p.Changes[0].Before)
	require.Equal(s, action.Evidence{}, p.Evidence)
	d.settles(action.NotDone, a, action.Intent{Evidence: p.Evidence})
	_, err = a.Apply(s.Context(), p)
	require.NoError(s, err)
	d.settles(action.Done, a, action.Intent{Evidence: p.Evidence})
	_, err = a.Apply(s.Context(), p)
	require.ErrorContains(s, err, "it did not exist when this was planned and does now")
	p, err = a.Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.True(s, p.Unchanged)

	// What it leaves out goes; what others added stays.
	s.change("configmaps/notice", "merge", object{"data": object{"more": "1"}})
	a = d.act("apply", notice(object{"text": "up"}))
	p, err = a.Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.Equal(s, map[string]any{"data.text": "down", "data.since": "3"}, p.Evidence.Old)
	d.settles(action.NotDone, a, action.Intent{Evidence: p.Evidence})
	_, err = a.Apply(s.Context(), p)
	require.NoError(s, err)
	require.Equal(s, object{"text": "up", "more": "1"}, d.get("configmap/notice", in)["data"])

	// What others keep is theirs, until it is taken.
	other := d.act("apply", notice(object{"text": "sideways"}), opts("manager", "another"))
	_, err = other.Predict(s.Context(), d.view)
	require.Equal(s, action.CodeConflict, action.CodeOf(err))
	require.ErrorContains(s, err, `cannot apply configmaps/notice in `+s.namespace+`: data.text is kept by "runbook-lab"`)
	require.Contains(s, hintOf(err), "force = true")
	d.settles(action.Unknown, other, action.Intent{Evidence: p.Evidence})
	d.apply("apply", notice(object{"text": "sideways"}), opts("manager", "another", "force", true))
	require.Equal(s, "sideways", workload.Text(d.get("configmap/notice", in), "data", "text"))
	_, err = a.Apply(s.Context(), p)
	require.Equal(s, action.CodeConflict, action.CodeOf(err))

	// To come to own a field as it is changes nobody's value, and is a change.
	d.apply("apply", notice(object{"text": "sideways"}), opts("manager", "third"))
	var managers []string
	for _, entry := range workload.Maps(d.get("configmap/notice", in), "metadata", "managedFields") {
		managers = append(managers, workload.Text(entry, "manager"))
	}
	require.Contains(s, managers, "third")
	_, err = d.act("apply", configMapNamed("notice", s.namespace+"-none", nil)).Predict(s.Context(), d.view)
	require.Equal(s, action.CodeNotFound, action.CodeOf(err))
}

// Labels and annotations are set, overwritten and removed. A pod that loses its labels is let go.
func flowLabel(s *site) {
	d := s.driver("admin", false)
	in := opts("namespace", s.namespace)
	d.apply("create", deploymentNamed("web", s.namespace, 2))
	s.until(d, "deployment/web", in)
	a := d.act("label", "deployment/web", object{"example.com/team": "a", "app": false, "none": false}, in)
	require.Equal(s, action.Routine, a.Describe().Risk)
	p, err := a.Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.Equal(s, map[string]any{`metadata.labels["example.com/team"]`: nil, "metadata.labels.app": "web"}, p.Evidence.Old)
	require.Empty(s, p.Note)
	d.settles(action.NotDone, a, action.Intent{Evidence: p.Evidence})
	_, err = a.Apply(s.Context(), p)
	require.NoError(s, err)
	d.settles(action.Done, a, action.Intent{Evidence: p.Evidence})
	require.Equal(s, object{"example.com/team": "a"}, workload.Map(d.get("deployment/web", in), "metadata", "labels"))
	d.apply("annotate", "deployment/web", object{"note": "two words", "example.com/Ticket": "7"}, in)
	require.Equal(s, "two words", workload.Text(d.get("deployment/web", in), "metadata", "annotations", "note"))

	selected := opts("namespace", s.namespace, "selector", "app=web")
	pod := d.list("pods", selected)[0]
	p, err = d.act("label", pod, object{"app": false, "aside": "yes"}).Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.Equal(s, "1 pod to start", p.Note)
	d.apply("label", pod, object{"app": false, "aside": "yes"})
	s.eventually(func() bool { return len(d.names("pods", selected)) == 2 && len(d.names("pods", in)) == 3 })
	_, name := identity(pod)
	s.eventually(func() bool { return workload.Controller(d.get("pod/"+name, in)) == nil })
}

// A dry run sees what it applied and labelled, also where the server knows nothing of it.
func flowDryApply(s *site) {
	d := s.driver("admin", true)
	ns := s.namespace + "-flow"
	in := opts("namespace", ns)
	d.predict("create", namespaceNamed(ns))
	p := d.predict("apply", deploymentNamed("web", ns, 3))
	require.Equal(s, action.Simulated, p.Label)
	require.Len(s, d.names("pods", opts("namespace", ns, "selector", "app=web")), 3)
	p = d.predict("apply", deploymentNamed("web", ns, 1))
	require.Equal(s, map[string]any{"spec.replicas": int64(3)}, p.Evidence.Old)
	pods := d.names("pods", in)
	require.Len(s, pods, 1)
	p, err := d.act("apply", deploymentNamed("web", ns, 1)).Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.True(s, p.Unchanged)

	p = d.predict("label", "pod/"+pods[0], object{"app": false, "aside": "yes"}, in)
	require.Equal(s, "the server has not seen what this run intends before; 1 pod to start", p.Note)
	require.Equal(s, pods, d.names("pods", opts("namespace", ns, "selector", "aside")))
	require.Len(s, d.names("pods", opts("namespace", ns, "selector", "app=web")), 1)
	require.Nil(s, workload.Controller(d.get("pod/"+pods[0], in)))
	d.predict("delete", "deployment/web", in)
	require.Equal(s, pods, d.names("pods", in), "what was let go stays")

	d.predict("delete", "namespace/"+ns)
	_, err = d.act("apply", configMapNamed("notice", ns, nil)).Predict(s.Context(), d.view)
	require.Equal(s, action.CodeNotFound, action.CodeOf(err))

	d.view = &fakeView{}
	require.Equal(s, action.Validated, d.predict("apply", configMapNamed("notice", s.namespace, object{"a": "1"})).Label)
	require.Equal(s, action.Simulated, d.predict("annotate", "configmap/notice", object{"b": "2"}, opts("namespace", s.namespace)).Label)
	notice := d.get("configmap/notice", opts("namespace", s.namespace))
	require.Equal(s, "1", workload.Text(notice, "data", "a"))
	require.Equal(s, "2", workload.Text(notice, "metadata", "annotations", "b"))

	in = opts("namespace", s.namespace)
	d.predict("apply", deploymentNamed("web", s.namespace, 1))
	before := d.get("deployment/web", in)["status"]
	p = d.predict("patch", "deployment/web", object{"metadata": object{"labels": object{"a": "b"}}, "status": object{"replicas": 77.0}}, in)
	require.Equal(s, action.Simulated, p.Label)
	require.Equal(s, before, d.get("deployment/web", in)["status"], "the server drops it")
}

// flowAppliedTwice writes one object again and again, dry and then for real: an apply removes what it owned before, and may not write what
// others own, also where the server has not seen why.
func flowAppliedTwice(s *site) {
	in := opts("namespace", s.namespace)
	notice := func(data object) object { return configMapNamed("notice", s.namespace, data) }
	writes := func(tell func(function string, values ...any)) {
		tell("apply", notice(object{"a": "1", "b": "2"}))
		tell("apply", notice(object{"a": "1"}))
		tell("patch", "configmap/notice", object{"data": object{"c": "3"}}, in)
		tell("apply", notice(object{"a": "1", "c": "4"}))
		tell("apply", notice(object{"a": "1", "c": "3"}))
		tell("apply", notice(object{"a": "1", "c": "5"}), opts("force", true))
		tell("apply", notice(object{"a": "2"}), opts("manager", "another"))
		tell("apply", deploymentNamed("web", s.namespace, 1))
		tell("scale", "deployment/web", 2.0, in)
		tell("apply", deploymentNamed("web", s.namespace, 1))
		tell("apply", deploymentNamed("web", s.namespace, 1), opts("force", true))
		tell("delete", "deployment/web", in)
	}
	var dry, made []string
	rehearsed, d := s.driver("admin", true), s.driver("admin", false)
	told := func(d driver, err error, unchanged bool) string {
		return fmt.Sprint(err, " ", unchanged, " ", d.get("configmap/notice", in)["data"])
	}
	writes(func(function string, values ...any) {
		p, err := rehearsed.act(function, values...).Predict(s.Context(), rehearsed.view)
		if err == nil {
			rehearsed.view.take(p.Changes)
		}
		dry = append(dry, told(rehearsed, err, p.Unchanged))
	})
	writes(func(function string, values ...any) {
		a := d.act(function, values...)
		p, err := a.Predict(s.Context(), d.view)
		if err == nil && !p.Unchanged {
			_, err = a.Apply(s.Context(), p)
		}
		made = append(made, told(d, err, p.Unchanged))
	})
	require.Equal(s, made, dry)
	require.Contains(s, dry[3], "data.c is kept by")
	require.Contains(s, dry[9], "spec.replicas is kept by")
}

func firstContainer(deployment object) object {
	return workload.Maps(deployment, "spec", "template", "spec", "containers")[0]
}

func TestFieldPaths(t *testing.T) {
	before := object{
		"metadata": object{"annotations": object{"a.b/c": "1"}, "resourceVersion": "1", "generation": int64(1)},
		"spec":     object{"list": []any{object{"name": "x", "image": "1"}, object{"name": "y"}}, "plain": []any{int64(1)}, "same": "s"},
		"status":   object{"replicas": int64(1)},
	}
	after := object{
		"metadata": object{"annotations": object{"a.b/c": "2"}, "labels": object{"l": "1"}, "resourceVersion": "2", "generation": int64(2)},
		"spec":     object{"list": []any{object{"name": "x", "image": "2"}, object{"name": "z", "image": "1"}}, "plain": []any{int64(2)}, "same": "s", "empty": object{}},
		"status":   object{"replicas": int64(2)},
	}
	want := map[string]any{
		`metadata.annotations["a.b/c"]`: "1", `metadata.labels.l`: nil, `spec.empty`: nil, `spec.list[name="x"].image`: "1",
		`spec.list[name="y"]`: object{"name": "y"}, `spec.list[name="z"]`: nil, `spec.plain`: []any{int64(1)},
	}
	got := map[string]any{}
	for _, path := range written(before, after, "") {
		parsed, err := parseFieldPath(path.String())
		require.NoError(t, err)
		require.Equal(t, path, parsed)
		got[path.String()] = parsed.in(before)
	}
	require.Equal(t, want, got)
	require.Len(t, written(before, after, "status"), len(want)+1)
	require.Empty(t, written(before, before, ""))
	for _, wrong := range []string{".a", "a..b", "a[", `a["x`, `a[name=x]`, "a b", `["x"`} {
		_, err := parseFieldPath(wrong)
		require.Error(t, err, wrong)
	}
}

func configMapNamed(name, namespace string, data object) map[string]any {
	return map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": name, "namespace": namespace}, "data": data,
	}
}
