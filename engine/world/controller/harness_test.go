package controller

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"runbook/engine/workload"
	"runbook/engine/world/scenario"
	"runbook/engine/world/store"
)

var began = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)

// A world is a cluster of its own in a test.
type world struct {
	*Controllers
	t require.TestingT
	s *store.Store
}

func newWorld(t require.TestingT, behaviour ...scenario.Behaviour) *world {
	s := store.New(began)
	w := &world{Controllers: New(s, &scenario.Kubernetes{Namespace: "shop", Behaviour: behaviour}), t: t, s: s}
	w.apply("kind: Namespace\napiVersion: v1\nmetadata: {name: shop}\nspec: {finalizers: [kubernetes]}")
	return w
}

// resources of the kinds that tests use.
var resources = map[string]string{
	"Deployment": "deployments.apps", "ReplicaSet": "replicasets.apps", "StatefulSet": "statefulsets.apps", "DaemonSet": "daemonsets.apps",
	"Pod": "pods", "Namespace": "namespaces", "Node": "nodes", "Job": "jobs.batch", "CronJob": "cronjobs.batch", "Service": "services", "ConfigMap": "configmaps",
	"ReplicationController": "replicationcontrollers", "PodDisruptionBudget": budgets,
}

// apply creates an object as an API server would have stored it.
func (w *world) apply(text string) Object {
	var o Object
	require.NoError(w.t, yaml.Unmarshal([]byte(text), &o))
	return w.create(o)
}

func (w *world) create(o Object) Object {
	if o["kind"] != "Namespace" && o["kind"] != "Node" && namespaceOf(o) == "" {
		o = workload.With(o, "shop", "metadata", "namespace")
	}
	resource := resources[workload.Text(o, "kind")]
	require.NotEmpty(w.t, resource)
	o = w.s.Create(resource, w.s.Stamped(workload.Defaulted(o), true))
	w.React()
	return o
}

// deployment is a plain one, and more lines of its spec.
func (w *world) deployment(name string, replicas int, more string) Object {
	return w.apply(fmt.Sprintf(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s}
spec:
  replicas: %[2]d
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec: {containers: [{name: app, image: "%[1]s:1"}]}
%[3]s`, name, replicas, more))
}

// edit changes the spec of an object as a person does.
func (w *world) edit(resource, name string, value any, path ...string) {
	o := w.get(resource, name)
	o = workload.With(o, value, path...)
	generation, _ := workload.Int(o, "metadata", "generation")
	w.s.Update(resource, workload.Defaulted(workload.With(o, generation+1, "metadata", "generation")))
	w.React()
}

func (w *world) get(resource, name string) Object {
	namespace := "shop"
	if resource == "nodes" || resource == "namespaces" {
		namespace = ""
	}
	o := w.s.Get(store.Key{Resource: resource, Namespace: namespace, Name: name})
	require.NotNil(w.t, o, "%s %s", resource, name)
	return o
}

// drop deletes an object as the API server does, with finalizers for a propagation policy.
func (w *world) drop(resource, name string, policy ...any) {
	o := w.get(resource, name)
	if len(policy) > 0 {
		o = w.s.Update(resource, workload.With(o, policy, "metadata", "finalizers"))
	}
	w.remove(store.KeyOf(resource, o), o)
	w.React()
}

func (w *world) after(d time.Duration) { w.Advance(w.s.Now().Add(d)) }

func (w *world) image(deployment, image string) {
	w.edit("deployments.apps", deployment, []any{Object{"name": "app", "image": image}}, "spec", "template", "spec", "containers")
}

// pods are shown as kubectl does, by name: name ready/total status restarts.
func (w *world) pods() (out []string) {
	for _, pod := range w.s.List("pods", "shop") {
		out = append(out, nameOf(pod)+" "+columns(pod))
	}
	return out
}

// states are the same without names, counted: "3 1/1 Running 0".
func (w *world) states() string {
	counts, order := map[string]int{}, []string{}
	for _, pod := range w.s.List("pods", "shop") {
		state := columns(pod)
		if counts[state]++; counts[state] == 1 {
			order = append(order, state)
		}
	}
	for i, state := range order {
		order[i] = fmt.Sprintf("%d× %s", counts[state], state)
	}
	slices.Sort(order)
	return strings.Join(order, ", ")
}

// columns are kubectl's READY, STATUS and RESTARTS, by the rules of its printPod.
func columns(pod Object) string {
	status := workload.Text(pod, "status", "phase")
	ready, restarts, total := 0, int64(0), len(workload.Maps(pod, "spec", "containers"))
	containers := workload.Maps(pod, "status", "containerStatuses")
	inits := workload.Maps(pod, "status", "initContainerStatuses")
	initializing := false
	for i, s := range inits {
		code, ended := workload.Int(s, "state", "terminated", "exitCode")
		waits := workload.Text(s, "state", "waiting", "reason")
		if ended && code == 0 {
			continue
		}
		initializing = true
		switch {
		case ended:
			status = "Init:" + workload.Text(s, "state", "terminated", "reason")
		case waits != "" && waits != "PodInitializing":
			status = "Init:" + waits
		default:
			status = fmt.Sprintf("Init:%d/%d", i, len(inits))
		}
		break
	}
	for i := len(containers) - 1; i >= 0 && !initializing; i-- {
		s := containers[i]
		n, _ := workload.Int(s, "restartCount")
		restarts += n
		if reason := workload.Text(s, "state", "waiting", "reason"); reason != "" {
			status = reason
		} else if reason := workload.Text(s, "state", "terminated", "reason"); reason != "" {
			status = reason
		} else if s["ready"] == true {
			ready++
		}
	}
	if workload.IsLeaving(pod) && !workload.IsFinished(pod) {
		status = "Terminating"
	}
	return fmt.Sprintf("%d/%d %s %d", ready, total, status, restarts)
}

// rollout is a deployment's status: ready/wanted, up to date, available, and the reason of Progressing.
func (w *world) rollout(name string) string {
	d := w.get("deployments.apps", name)
	return fmt.Sprintf("%d/%d %d %d %s", amount(d, "readyReplicas"), workload.Replicas(d), amount(d, "updatedReplicas"),
		amount(d, "availableReplicas"), workload.Condition(d, "Progressing")["reason"])
}

// events are those about an object, in order: reason, message and count if it is not one.
func (w *world) events(about string) (out []string) {
	for _, e := range w.s.List("events", "") {
		if workload.Text(e, "involvedObject", "name") != about {
			continue
		}
		text := workload.Text(e, "reason") + ": " + workload.Text(e, "message")
		if n := timesSaid(e); n > 1 {
			text += fmt.Sprintf(" ×%d", n)
		}
		out = append(out, text)
	}
	return out
}

func (w *world) podNames() (out []string) {
	for _, pod := range w.s.List("pods", "shop") {
		out = append(out, nameOf(pod))
	}
	return out
}

// A moment is what a timeline looks like at a time since it began.
type moment struct {
	at      time.Duration
	do      func(*world) // before one looks
	states  string
	rollout string
}

func (w *world) follow(t *testing.T, moments []moment) {
	t.Helper()
	for _, m := range moments {
		w.Advance(began.Add(m.at))
		if m.do != nil {
			m.do(w)
		}
		require.Equal(t, m.states, w.states(), "pods at %s: %s", m.at, w.pods())
		if m.rollout != "" {
			require.Equal(t, m.rollout, w.rollout("web"), "deployment at %s", m.at)
		}
	}
}

// timesSaid is how often an event was said, in either form in which they are counted.
func timesSaid(e Object) int64 {
	count, _ := workload.Int(e, "count")
	series, _ := workload.Int(e, "series", "count")
	return max(count, series)
}
