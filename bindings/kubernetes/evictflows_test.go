package kubernetes

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"runbook/bindings/kubernetes/printers"
	"runbook/engine/action"
	"runbook/engine/workload"
)

// What evict, the condition "evictable", cordon and drainable do on a site.

// budgetNamed is a budget for the pods of web.
func budgetNamed(name, namespace, field string, n any) map[string]any {
	return map[string]any{
		"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": map[string]any{"name": name, "namespace": namespace},
		"spec": map[string]any{field: n, "selector": map[string]any{"matchLabels": map[string]any{"app": "web"}}},
	}
}

// guarded makes a deployment and its budget, and waits until so many disruptions are allowed.
func (s *site) guarded(d driver, replicas int, field string, n any, allowed int64) {
	s.Helper()
	in := opts("namespace", s.namespace)
	d.apply("create", deploymentNamed("web", s.namespace, replicas))
	s.until(d, "deployment/web", in)
	d.apply("create", budgetNamed("web", s.namespace, field, n))
	s.eventually(func() bool {
		budget := d.get("pdb/web", in)
		got, counted := workload.Int(budget, "status", "disruptionsAllowed")
		return counted && got == allowed && workload.Equal(workload.Dig(budget, "status", "observedGeneration"), workload.Dig(budget, "metadata", "generation"))
	})
}

func flowEvict(s *site) {
	d := s.driver("admin", false)
	in := opts("namespace", s.namespace)
	s.guarded(d, 3, "minAvailable", 2.0, 1)
	pods := d.list("pods", in)
	evict := d.act("evict", pods[0])
	require.Equal(s, action.Disruptive, evict.Describe().Risk)
	p, err := evict.Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.Equal(s, action.Validated, p.Label)
	d.settles(action.NotDone, evict, action.Intent{Evidence: p.Evidence})
	require.True(s, d.check(pods[0], opts("condition", "evictable")).Met)
	result, err := evict.Apply(s.Context(), p)
	require.NoError(s, err)
	require.Equal(s, true, result.Value)
	d.settles(action.Done, evict, action.Intent{Evidence: p.Evidence})

	s.until(d, pods[0], opts("condition", "deleted"))
	result, err = evict.Apply(s.Context(), p)
	require.NoError(s, err)
	require.Equal(s, false, result.Value, "it is gone already")
	s.until(d, pods[1], opts("condition", "evictable"))
	d.apply("evict", pods[1])
	s.until(d, "deployment/web", in)

	var messages []string
	for _, raw := range d.list("events", opts("namespace", s.namespace, "fields", "reason=RunbookEvict")) {
		messages = append(messages, gjson.GetBytes(raw, "message").String())
	}
	require.Contains(s, messages, "evicted by runbook run LAB for admin")
}

// What a budget forbids is said with its numbers, and is no throttling.
func flowEvictForbidden(s *site) {
	d := s.driver("admin", false)
	in := opts("namespace", s.namespace)
	s.guarded(d, 2, "minAvailable", 2.0, 0)
	pod := d.list("pods", in)[0]
	_, err := d.act("evict", pod).Predict(s.Context(), d.view)
	_, name := identity(pod)
	require.EqualError(s, err, "cannot evict pods/"+name+" in "+s.namespace+
		": its PodDisruptionBudget does not allow it now: The disruption budget web needs 2 healthy pods and has 2 currently")
	e := asError(s.T, err)
	require.Equal(s, action.CodeThrottled, e.Code)
	require.False(s, e.Retryable, "asking again at once would not help")
	require.Contains(s, e.Hint, `kubernetes.wait(pod, { condition = "evictable" })`)
	_, err = d.act("evict", pod).Apply(s.Context(), action.Prediction{Evidence: action.Evidence{UID: gjson.GetBytes(pod, "metadata.uid").String()}})
	require.Equal(s, action.CodeThrottled, asError(s.T, err).Code)
	require.False(s, asError(s.T, err).Retryable)

	progress := d.check(pod, opts("condition", "evictable"))
	require.True(s, progress.Failed)
	require.Equal(s, "the PodDisruptionBudget web never allows a disruption: 2 of 2 pods have to be healthy", progress.Detail)

	// Two budgets are one too many.
	d.apply("create", budgetNamed("another", s.namespace, "maxUnavailable", 1.0))
	_, err = d.act("evict", pod).Predict(s.Context(), d.view)
	require.Equal(s, action.CodeRejected, action.CodeOf(err), "%v", err)
	require.ErrorContains(s, err, "two PodDisruptionBudgets guard it, another and web, and the cluster evicts no such pod")
	_, err = d.act("evict", pod).Apply(s.Context(), action.Prediction{Evidence: action.Evidence{UID: gjson.GetBytes(pod, "metadata.uid").String()}})
	require.Equal(s, action.CodeRejected, action.CodeOf(err), "%v", err)
	require.False(s, asError(s.T, err).Retryable)
	require.True(s, d.check(pod, opts("condition", "evictable")).Failed)

	// Another pod under that name is left alone.
	_, err = d.act("evict", "pod/"+name, in).Apply(s.Context(), action.Prediction{Evidence: action.Evidence{UID: "11111111-2222-4333-8444-555555555555"}})
	require.Error(s, err)
	require.NotNil(s, d.get("pod/"+name, in))
}

// A dry run counts its own evictions against the budget, which the server has not seen.
func flowIntendedEvictions(s *site) {
	live, d := s.driver("admin", false), s.driver("admin", true)
	in := opts("namespace", s.namespace)
	s.guarded(live, 3, "minAvailable", 2.0, 1)
	pods := d.list("pods", in)
	p := d.predict("evict", pods[0])
	require.Equal(s, action.Validated, p.Label)
	require.Equal(s, "1 pod to start", p.Note)
	require.Nil(s, d.get(pods[0]))
	require.Len(s, d.list("pods", in), 3)
	budget := d.get("pdb/web", in)
	require.Equal(s, int64(0), budgetCount(budget, "disruptionsAllowed"))
	require.Equal(s, int64(2), budgetCount(budget, "currentHealthy"))

	_, err := d.act("evict", pods[1]).Predict(s.Context(), d.view)
	require.Equal(s, action.CodeThrottled, action.CodeOf(err), "%v", err)
	require.ErrorContains(s, err, "the PodDisruptionBudget web allows no disruption: 2 of 3 pods are healthy, and 2 have to be")
	progress := d.check(pods[1], opts("condition", "evictable"))
	require.False(s, progress.Met)
	require.False(s, progress.Failed)
	require.NotEmpty(s, d.assume(pods[1], opts("condition", "evictable")))
	require.True(s, d.check(pods[1], opts("condition", "evictable")).Met)
	require.Equal(s, int64(1), budgetCount(d.get("pdb/web", in), "disruptionsAllowed"))
	p = d.predict("evict", pods[1])
	require.Equal(s, action.Simulated, p.Label)

	// Pods that are assumed to have become ready count, too.
	_, err = d.act("evict", pods[2]).Predict(s.Context(), d.view)
	require.Equal(s, action.CodeThrottled, action.CodeOf(err))
	d.assume("deployment/web", in)
	d.predict("evict", pods[2])
	p, err = d.act("evict", pods[2]).Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.True(s, p.Unchanged)
	require.Equal(s, false, p.Value)

	// Nobody else has noticed.
	require.Equal(s, int64(1), budgetCount(live.get("pdb/web", in), "disruptionsAllowed"))
	require.Len(s, live.list("pods", in), 3)
	require.NotNil(s, live.get(pods[0]))

	// A second wall lets an eviction pass that says that it is none, and no other.
	uid := gjson.GetBytes(pods[0], "metadata.uid").String()
	_, err = d.act("evict", pods[0]).Apply(s.Context(), action.Prediction{Evidence: action.Evidence{UID: uid}})
	require.Equal(s, action.CodeRefused, action.CodeOf(err), "%v", err)
}

func budgetCount(budget object, field string) int64 {
	n, _ := workload.Int(budget, "status", field)
	return n
}

// pool makes two nodes of the case's own, on which nothing else runs.
func (s *site) pool(d driver) (nodes []string) {
	s.Helper()
	for _, n := range []string{"-a", "-b"} {
		name := s.namespace + n
		nodes = append(nodes, name)
		d.apply("create", map[string]any{
			"apiVersion": "v1", "kind": "Node",
			"metadata": map[string]any{"name": name, "labels": map[string]any{"runbook.test/pool": s.namespace, "kubernetes.io/hostname": name}},
			"spec":     map[string]any{"taints": []any{map[string]any{"key": "runbook.test/pool", "effect": "NoSchedule"}}},
		})
		s.Cleanup(func() {
			c := call{method: "DELETE", path: "/api/v1/nodes/" + name}
			s.ask(context.WithoutCancel(s.Context()), "admin", c)
		})
		s.until(d, "node/"+name, opts("condition", "condition=Ready"))
		s.eventually(func() bool { return len(workload.Maps(d.get("node/"+name), "spec", "taints")) == 1 }) // not ready is a taint
	}
	return nodes
}

// pooled is a workload that runs on the case's own nodes.
func (s *site) pooled(o map[string]any) map[string]any {
	spec := o["spec"].(map[string]any)
	if template, ok := spec["template"].(map[string]any); ok {
		spec = template["spec"].(map[string]any)
	}
	spec["nodeSelector"] = map[string]any{"runbook.test/pool": s.namespace}
	spec["tolerations"] = []any{map[string]any{"key": "runbook.test/pool", "operator": "Exists"}}
	return o
}

func flowDrain(s *site) {
	d := s.driver("admin", false)
	nodes := s.pool(d)
	in := opts("namespace", s.namespace)
	d.apply("create", s.pooled(deploymentNamed("web", s.namespace, 4)))
	daemons := s.pooled(roller("daemonset/web", s.namespace, 0))
	daemons["metadata"].(map[string]any)["name"] = "agent"
	daemons["spec"].(map[string]any)["selector"] = map[string]any{"matchLabels": map[string]any{"app": "agent"}}
	daemons["spec"].(map[string]any)["template"].(map[string]any)["metadata"] = map[string]any{"labels": map[string]any{"app": "agent"}}
	d.apply("create", daemons)
	s.until(d, "deployment/web", in)
	s.eventually(func() bool { return len(d.list("pods", opts("namespace", s.namespace, "selector", "app=agent"))) == 2 })
	node := nodes[0]
	sorted := func(more ...any) (out []string) {
		what := d.read("drainable", node, opts(more...)).(object)
		for _, part := range []string{"evict", "skip", "refuse", "held"} {
			var apps []string
			for _, item := range what[part].([]any) {
				raw, ok := item.(json.RawMessage)
				if !ok {
					raw = item.(object)["pod"].(json.RawMessage)
				}
				apps = append(apps, gjson.GetBytes(raw, "metadata.labels.app").String())
			}
			out = append(out, part+" "+strings.Join(apps, ","))
		}
		return out
	}
	require.Equal(s, []string{"evict web,web", "skip agent", "refuse ", "held "}, sorted())
	require.Equal(s, []string{"evict web,web", "skip ", "refuse agent", "held "}, sorted("ignore_daemonsets", false))
	require.Equal(s, []string{"evict ", "skip agent", "refuse ", "held "}, sorted("selector", "app=agent"))
	for _, c := range []struct {
		name   string
		volume map[string]any
		option string
	}{{"alone", nil, "force"}, {"keeper", map[string]any{"name": "v", "emptyDir": map[string]any{}}, "delete_emptydir"}} {
		spec := map[string]any{"nodeName": node, "containers": []any{map[string]any{"name": "c", "image": "registry.example/c:1"}}}
		if c.volume != nil {
			spec["volumes"] = []any{c.volume}
		}
		d.apply("create", map[string]any{
			"apiVersion": "v1", "kind": "Pod", "spec": spec,
			"metadata": map[string]any{"name": c.name, "namespace": s.namespace, "labels": map[string]any{"app": c.name}},
		})
	}
	require.Equal(s, []string{"evict web,web", "skip agent", "refuse alone,keeper", "held "}, sorted())
	require.Equal(s, []string{"evict alone,web,web", "skip agent", "refuse keeper", "held "}, sorted("force", true))
	require.Equal(s, []string{"evict alone,keeper,web,web", "skip agent", "refuse ", "held "}, sorted("force", true, "delete_emptydir", true))
	d.apply("create", budgetNamed("web", s.namespace, "minAvailable", 4.0))
	s.eventually(func() bool { return budgetCount(d.get("pdb/web", in), "desiredHealthy") == 4 })
	require.Equal(s, []string{"evict web,web", "skip agent", "refuse alone,keeper", "held web,web"}, sorted())

	cordon := d.act("cordon", node)
	p, err := cordon.Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.Equal(s, action.Validated, p.Label)
	result, err := cordon.Apply(s.Context(), p)
	require.NoError(s, err)
	require.Equal(s, true, result.Value)
	d.settles(action.Done, cordon, action.Intent{Evidence: p.Evidence})
	require.Equal(s, false, d.apply("cordon", "node/"+node).Value, "it is so already")
	require.Equal(s, "Ready,SchedulingDisabled", printers.Row(d.get("node/"+node), s.now())["status"])
	require.Equal(s, true, d.apply("uncordon", d.get("node/"+node)).Value)
	require.Nil(s, workload.Dig(d.get("node/"+node), "spec", "unschedulable"))
	_, err = d.tryRead("drainable", "no-such-node")
	require.Equal(s, action.CodeNotFound, action.CodeOf(err))
	_, err = d.m.Func("cordon").Act(map[string]any{"ref": "pod/web"})
	require.ErrorContains(s, err, "cannot cordon pods/web in photon-mlir: that is for nodes")
}

// A dry run of the steps of a drain changes what it sees.
func flowIntendedDrain(s *site) {
	live, d := s.driver("admin", false), s.driver("admin", true)
	nodes := s.pool(live)
	in := opts("namespace", s.namespace)
	live.apply("create", s.pooled(deploymentNamed("web", s.namespace, 2)))
	s.until(live, "deployment/web", in)
	require.Equal(s, true, d.predict("cordon", nodes[0]).Value)
	require.Equal(s, false, d.predict("cordon", nodes[0]).Value)
	require.Equal(s, "Ready,SchedulingDisabled", printers.Row(d.get("node/"+nodes[0]), s.now())["status"])
	going := d.read("drainable", nodes[0]).(object)["evict"].([]any)
	require.Len(s, going, 1)
	d.predict("evict", going[0])
	require.Empty(s, d.read("drainable", nodes[0]).(object)["evict"])
	require.Len(s, live.read("drainable", nodes[0]).(object)["evict"], 1)
	require.Nil(s, workload.Dig(live.get("node/"+nodes[0]), "spec", "unschedulable"))
}
