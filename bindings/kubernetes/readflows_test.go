package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
	"k8s.io/apimachinery/pkg/util/duration"

	"runbook/engine/action"
	"runbook/engine/workload"
)

// What is read of many objects at once, or put together of several.

// post makes an object in the case's namespace.
func (s *site) post(kind, name string, o object) {
	s.Helper()
	k := mustBuiltin(kind)
	o["apiVersion"], o["kind"] = k.apiVersion(), k.name
	meta := orEmpty(workload.Map(o, "metadata"))
	meta["name"], meta["namespace"] = name, s.namespace
	o["metadata"] = meta
	got := s.ask(s.Context(), "admin", call{method: "POST", path: k.path(s.namespace, ""), body: toRaw(s.T, o)})
	require.Equal(s, http.StatusCreated, got.code, string(got.body))
}

// here are options for the case's namespace.
func (s *site) here(more ...any) map[string]any {
	return opts(append([]any{"namespace", s.namespace}, more...)...)
}

func flowLogsOf(s *site) {
	d := s.driver("viewer", true)
	pods := d.list("pods", opts("selector", "app=photon-compiler"))
	require.Greater(s, len(pods), 1)
	items := make([]any, len(pods))
	for i, pod := range pods {
		items[i] = pod
	}
	last := map[string]string{}
	for _, pod := range pods {
		_, name := identity(pod)
		last[name] = d.read("logs", pod, opts("tail", float64(1))).([]string)[0]
	}
	for _, which := range []any{"app=photon-compiler", items} {
		said := d.read("logs_of", which, opts("tail", float64(2))).(map[string]any)
		require.Equal(s, int64(0), said["failed"])
		sources := said["sources"].([]any)
		require.Len(s, sources, len(pods))
		for _, item := range sources {
			source := item.(map[string]any)
			require.Equal(s, "compiler", source["container"])
			require.Len(s, source["lines"], 2)
			require.Equal(s, last[source["pod"].(string)], source["lines"].([]string)[1])
			require.NotContains(s, source, "error")
		}
		lines := said["lines"].([]any)
		require.Len(s, lines, 2)
		var before time.Time
		for _, item := range lines {
			line := item.(map[string]any)
			at, err := time.Parse(time.RFC3339Nano, line["time"].(string))
			require.NoError(s, err)
			require.False(s, at.Before(before))
			before = at
		}
	}

	// What matches is found from the end of the log, wherever it is.
	all := d.read("logs", pods[0], opts("tail", -1.0)).([]string)
	word := strings.Fields(all[0])[0]
	var matching []string
	for _, line := range all {
		if strings.Contains(line, word) {
			matching = append(matching, line)
		}
	}
	require.Equal(s, matching[len(matching)-1:], d.read("logs", pods[0], opts("tail", 1.0, "grep", strings.NewReplacer(".", "[.]", "+", "[+]").Replace(word))))
	require.Empty(s, d.read("logs", pods[0], opts("grep", "there is no such line")))

	// One that cannot be read does not take the others away.
	s.post("pods", "nowhere", object{"spec": object{"nodeSelector": object{"no": "where"}, "containers": []any{object{"name": "a", "image": "a:1"}}}})
	admin := s.driver("admin", true)
	mixed := append(admin.list("pods", s.here()), pods[0])
	said := admin.read("logs_of", []any{mixed[0], mixed[len(mixed)-1]}).(map[string]any)
	require.Equal(s, int64(1), said["failed"])
	require.Contains(s, said["sources"].([]any)[0].(map[string]any)["error"], "it waits for a node")
	require.NotEmpty(s, said["sources"].([]any)[1].(map[string]any)["lines"])
	said = admin.read("logs_of", []any{pods[0]}, opts("previous", true)).(map[string]any)
	require.Equal(s, int64(1), said["failed"], "nothing ran before")

	// A dry run has no logs of what it intends.
	walled := s.driver("admin", true)
	walled.predict("delete", pods[0])
	said = walled.read("logs_of", []any{pods[0]}).(map[string]any)
	require.Contains(s, said["sources"].([]any)[0].(map[string]any)["error"], "it does not exist")
}

func flowEvents(s *site) {
	d := s.driver("admin", true)
	s.post("deployments", "web", object{"spec": object{
		"replicas": 2, "selector": object{"matchLabels": object{"app": "web"}},
		"template": object{"metadata": object{"labels": object{"app": "web"}}, "spec": object{"containers": []any{object{"name": "a", "image": "a:1"}}}},
	}})
	reasons := func(values ...any) map[string]int64 {
		out := map[string]int64{}
		for _, raw := range d.read("events", values...).([]json.RawMessage) {
			e, err := decode(raw)
			require.NoError(s, err)
			n, _ := workload.Int(e, "count")
			out[workload.Text(e, "involvedObject", "kind")+" "+workload.Text(e, "reason")] += n
		}
		return out
	}
	s.eventually(func() bool {
		all := reasons("deployment/web", s.here("related", true))
		return all["Deployment ScalingReplicaSet"] == 1 && all["ReplicaSet SuccessfulCreate"] == 2 && all["Pod Scheduled"] == 2
	})
	require.Equal(s, map[string]int64{"Deployment ScalingReplicaSet": 1}, reasons("deployment/web", s.here()))
	require.NotContains(s, reasons(s.here("type", "Warning")), "Deployment ScalingReplicaSet")
	require.Equal(s, map[string]int64{"Deployment ScalingReplicaSet": 1}, reasons(s.here("reason", "ScalingReplicaSet")))
	require.Contains(s, reasons(s.here("since", "1h")), "Deployment ScalingReplicaSet")
	require.Empty(s, reasons("deployment/web", s.here("type", "Warning", "related", false)))

	// The same said again is counted, however it is written.
	again := func(name string, more object) {
		at := s.now().UTC().Format(time.RFC3339)
		e := object{
			"involvedObject": object{"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "namespace": s.namespace},
			"reason":         "Said", "message": "hello", "type": "Normal", "firstTimestamp": at, "lastTimestamp": at,
		}
		for key, value := range more {
			e[key] = value
		}
		s.post("events", name, e)
	}
	again("said-1", object{"count": 3})
	again("said-2", nil)
	require.Equal(s, map[string]int64{"ConfigMap Said": 4}, reasons("configmap/c", s.here()))

	// What exists only as intended has none, even where the server remembers another one of that name.
	d.predict("create", map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "c", "namespace": s.namespace},
	})
	require.Empty(s, reasons("configmap/c", s.here()))
}

func flowTop(s *site) {
	d := s.driver("viewer", true)
	top := func(values ...any) []map[string]any {
		var out []map[string]any
		for _, item := range d.read("top", values...).([]any) {
			out = append(out, item.(map[string]any))
		}
		return out
	}
	var pods []map[string]any
	s.eventually(func() bool {
		pods = top("pods", opts("selector", "app=photon-compiler", "sort_by", "memory"))
		for _, pod := range pods {
			if pod["measured"] != true {
				return false
			}
		}
		return len(pods) == 3
	})
	for i, pod := range pods {
		require.InDelta(s, 2.0, pod["cpu_limit"], 0)
		require.InDelta(s, float64(2<<30), pod["memory_limit"], 0)
		require.InDelta(s, 0.5, pod["cpu_request"], 0)
		require.InDelta(s, 100*pod["memory"].(float64)/float64(2<<30), pod["memory_percent"], 1e-9)
		require.Equal(s, fmt.Sprintf("%dMi", int(pod["memory"].(float64))>>20), pod["memory_text"])
		require.NotEmpty(s, pod["node"])
		require.True(s, i == 0 || pods[i-1]["memory"].(float64) >= pod["memory"].(float64))
	}
	parts := top("pods", opts("selector", "app=photon-compiler", "containers", true))
	require.Len(s, parts, 3)
	require.Equal(s, "compiler", parts[0]["container"])
	admin := s.driver("admin", true)
	d.m = admin.m
	nodes := top("nodes")
	require.NotEmpty(s, nodes)
	known := 0
	for _, node := range nodes {
		if node["measured"] == true {
			known++
			require.InDelta(s, 100*node["cpu"].(float64)/node["cpu_allocatable"].(float64), node["cpu_percent"], 1e-9)
		}
	}
	require.Positive(s, known)

	// A pod that does not run is there, and not measured.
	s.post("pods", "nowhere", object{"spec": object{"nodeSelector": object{"no": "where"}, "containers": []any{object{"name": "a", "image": "a:1"}}}})
	waits := top("pods", s.here())
	require.Len(s, waits, 1)
	require.Equal(s, false, waits[0]["measured"])
	require.NotContains(s, waits[0], "memory")

	// What is intended to be gone is gone.
	gone := pods[0]["name"].(string)
	d.predict("delete", "pod/"+gone)
	for _, pod := range top("pods", opts("selector", "app=photon-compiler")) {
		require.NotEqual(s, gone, pod["name"])
	}
}

func flowDescribe(s *site) {
	d := s.driver("admin", true)
	text := d.read("describe", "deployment/photon-compiler").(string)
	for _, want := range []string{"Name:                   photon-compiler", "3 desired", "Pod Template:", "Events:"} {
		require.Contains(s, text, want)
	}
	pod := d.list("pods", opts("selector", "app=photon-compiler"))[0]
	require.Contains(s, d.read("describe", pod), "registry.example/photon/compiler")
	require.True(s, s.agedAlike(d), "how old a pod is depends on who says it")
	_, err := d.tryRead("describe", "deployment/photon-compile")
	require.Equal(s, action.CodeNotFound, action.CodeOf(err))
	require.Contains(s, hintOf(err), "photon-compiler")

	// Of a Secret there are the sizes of its values.
	s.post("secrets", "keys", object{"stringData": object{"password": "correct horse battery"}})
	text = d.read("describe", "secret/keys", s.here()).(string)
	require.Regexp(s, `(?m)^password:\s+21 bytes$`, text)
	require.NotContains(s, text, "horse")
	d.predict("create", map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "new", "namespace": s.namespace},
		"stringData": map[string]any{"password": "correct horse battery"},
	})
	require.Regexp(s, `(?m)^password:\s+\[secret\]$`, d.read("describe", "secret/new", s.here()))

	// A dry run describes what it intends.
	d.predict("scale", "deployment/photon-compiler", float64(5))
	require.Contains(s, d.read("describe", "deployment/photon-compiler"), "5 desired")
	d.predict("delete", "deployment/photon-compiler")
	_, err = d.tryRead("describe", "deployment/photon-compiler")
	require.Equal(s, action.CodeNotFound, action.CodeOf(err))
	s.post("leases", "mine", object{"spec": object{"holderIdentity": "me"}})
	require.Regexp(s, `Holder Identity:\s+me`, d.read("describe", "lease/mine", s.here()), "any kind, by the generic description")
}

// agedAlike tells whether a pod is as old in the description of its node as it is by the site's clock. It goes on while one looks.
func (s *site) agedAlike(d driver) bool {
	return slices.ContainsFunc(make([]bool, 5), func(bool) bool {
		pod := gjson.ParseBytes(d.list("pods", opts("selector", "app=photon-compiler"))[0])
		text, _ := d.read("describe", "node/"+pod.Get("spec.nodeName").String()).(string)
		age := duration.HumanDuration(s.now().Sub(pod.Get("metadata.creationTimestamp").Time()))
		return regexp.MustCompile(`(?m)^.*\b` + pod.Get("metadata.name").String() + `\b.*\s` + age + `$`).MatchString(text)
	})
}

func flowWaits(s *site) {
	d := s.driver("admin", true)
	template := func(spec object) object {
		spec["restartPolicy"], spec["containers"] = "Never", []any{object{"name": "a", "image": "a:1"}}
		return object{"spec": spec}
	}
	s.post("jobs", "late", object{"spec": object{
		"activeDeadlineSeconds": 1, "template": template(object{"nodeSelector": object{"no": "where"}}),
	}})
	var failed action.Progress
	s.eventually(func() bool {
		failed = d.check("job/late", s.here())
		require.False(s, failed.Met, "a job that has begun is not done")
		return failed.Failed
	})
	require.Contains(s, failed.Detail, "DeadlineExceeded")
	for _, condition := range []string{"condition=Complete", "ready"} {
		require.True(s, d.check("job/late", s.here("condition", condition)).Failed, condition)
	}
	s.eventually(func() bool { return d.check("job/late", s.here("condition", "condition=Failed")).Met })

	s.post("jobs", "fine", object{"spec": object{"template": template(object{})}})
	s.eventually(func() bool { return d.check("job/fine", s.here("condition", "condition=Complete")).Met })
	require.True(s, d.check("job/fine", s.here()).Met)
	require.True(s, d.check("job/fine", s.here("condition", "condition=Failed")).Failed)

	// A pod that has no node yet is waited for.
	s.post("pods", "nowhere", object{"spec": object{"nodeSelector": object{"no": "where"}, "containers": []any{object{"name": "a", "image": "a:1"}}}})
	waits := d.check("pod/nowhere", s.here())
	require.False(s, waits.Failed || waits.Met, waits.Detail)
	require.Equal(s, "Pending, 0 of 1 containers ready", waits.Detail)
}

// Kinds go by all the names that kubectl takes.
func flowNames(s *site) {
	d := s.driver("admin", true)
	s.post("horizontalpodautoscalers", "web", object{"spec": object{
		"scaleTargetRef": object{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "maxReplicas": 3,
	}})
	for _, word := range []string{"hpa", "HorizontalPodAutoscaler", "horizontalpodautoscalers.autoscaling", "horizontalpodautoscaler.v2.autoscaling", "HPA"} {
		require.Equal(s, []string{"web"}, d.names(word, s.here()), word)
	}
	for _, word := range []string{"pods.v1", "pods.v1.", "Pod", "PO"} {
		require.NotEmpty(s, d.names(word), word)
	}
	require.Equal(s, "events", d.bindKind("events"), "of two groups with one name the one that kubectl means")

	// A definition may have several versions, and a singular name of its own.
	group := s.namespace + ".runbook.test"
	version := func(name string, stored bool) object {
		return object{
			"name": name, "served": true, "storage": stored,
			"schema": object{"openAPIV3Schema": object{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
		}
	}
	definitions := mustBuiltin("customresourcedefinitions")
	made := s.ask(s.Context(), "admin", call{method: "POST", path: definitions.path("", ""), body: toRaw(s.T, object{
		"apiVersion": definitions.apiVersion(), "kind": definitions.name, "metadata": object{"name": "gadgets." + group},
		"spec": object{
			"group": group, "scope": "Namespaced", "names": object{"kind": "Gadget", "plural": "gadgets", "singular": "gizmo"},
			"versions": []any{version("v1", true), version("v1beta1", false)},
		},
	})})
	require.Equal(s, http.StatusCreated, made.code, string(made.body))
	s.Cleanup(func() {
		s.ask(context.WithoutCancel(s.Context()), "admin", call{method: "DELETE", path: definitions.path("", "gadgets."+group)})
	})
	gadget := toRaw(s.T, object{
		"apiVersion": group + "/v1", "kind": "Gadget", "metadata": object{"name": "g", "generation": 1},
		"status": object{"conditions": []any{object{"type": "Armed", "status": "True"}}},
	})
	s.eventually(func() bool {
		got := s.ask(s.Context(), "admin", call{method: "POST", path: "/apis/" + group + "/v1/namespaces/" + s.namespace + "/gadgets", body: gadget})
		return got.code == http.StatusCreated || got.code == http.StatusConflict
	})
	for _, word := range []string{"gadgets." + group, "gizmo." + group, "Gadget.v1." + group, "gadgets.v1beta1." + group} {
		s.eventually(func() bool {
			out, err := d.tryRead("list", word, s.here())
			return err == nil && len(out.([]json.RawMessage)) == 1
		}, word)
	}
	old, err := decode(d.list("gadgets.v1beta1."+group, s.here())[0])
	require.NoError(s, err)
	require.Equal(s, group+"/v1beta1", workload.Text(old, "apiVersion"))
	require.True(s, d.check("gizmo."+group+"/g", s.here("condition", "condition=Armed")).Met, "a condition that a definition made up")
	require.False(s, d.check("gizmo."+group+"/g", s.here("condition", "condition=Disarmed")).Met)
	require.Regexp(s, `Type:\s+Armed`, d.read("describe", "gizmo."+group+"/g", s.here()))
}

func (d driver) bindKind(word string) string {
	f, args := d.bind("list", []any{word})
	read, err := f.Read(args)
	require.NoError(d.t, err)
	return read.Describe().Target.Kind
}
