package controller

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"time"

	"k8s.io/apimachinery/pkg/util/rand"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// counted tells of which resources the API server counts generations.
var counted = map[string]bool{"replicasets.apps": true, "jobs.batch": true, "pods": true}

func (c *Controllers) create(resource string, o Object) Object {
	return c.store.Create(resource, c.store.Stamped(o, counted[resource]))
}

// remove deletes an object as the API server would on a controller's request: a pod that runs is given its time, and what has finalizers
// waits for them.
func (c *Controllers) remove(key store.Key, o Object) {
	switch {
	case workload.IsLeaving(o):
	case key.Resource == "pods" && workload.Text(o, "spec", "nodeName") != "" && !workload.IsFinished(o) && graceOf(o) > 0:
		c.store.Update(key.Resource, c.leaving(o, graceOf(o)))
	case len(finalizers(o)) > 0:
		c.store.Update(key.Resource, c.leaving(o, 0))
	default:
		c.store.Delete(key)
	}
}

// graceOf is how long a pod has to stop, unless who deletes it says otherwise.
func graceOf(pod Object) time.Duration {
	if seconds, ok := workload.Int(pod, "spec", "terminationGracePeriodSeconds"); ok {
		return time.Duration(seconds) * time.Second
	}
	return 30 * time.Second
}

// leaving is the object once it was deleted and has that much time left.
func (c *Controllers) leaving(o Object, grace time.Duration) Object {
	o = workload.With(o, stampOf(c.now().Add(grace)), "metadata", "deletionTimestamp")
	o = workload.With(o, int64(grace/time.Second), "metadata", "deletionGracePeriodSeconds")
	if generation, ok := workload.Int(o, "metadata", "generation"); ok {
		o = workload.With(o, generation+1, "metadata", "generation")
	}
	return o
}

func finalizers(o Object) []any {
	list, _ := workload.Dig(o, "metadata", "finalizers").([]any)
	return list
}

// suffix is the next part of a name that an owner's objects get, in the alphabet of the API server's generateName. It is the same
// in every run of a scenario.
func (c *Controllers) suffix(owner Object) string {
	c.made[uidOf(owner)]++
	sum := sha256.Sum256([]byte(fmt.Sprintf("%s/%d", uidOf(owner), c.made[uidOf(owner)])))
	for i, b := range sum[:5] {
		sum[i] = 'a' + b%27 // as many as the alphabet has, so that each letter is as likely
	}
	return rand.SafeEncodeString(string(sum[:5]))
}

// hashOf is the hash of a template as it stands in names and labels. collisions tells it from another template of the same hash.
func hashOf(template any, collisions int64) string {
	data, err := json.Marshal(template)
	if err != nil {
		panic(fmt.Sprintf("a template that came out of JSON does not go back into it: %v", err))
	}
	h := fnv.New32a()
	_, _ = h.Write(data)
	if collisions > 0 {
		_, _ = fmt.Fprint(h, collisions)
	}
	return rand.SafeEncodeString(fmt.Sprint(h.Sum32()))
}

// newPod makes a pod of its owner's template under a name that the API server would generate, unless it is given.
func (c *Controllers) newPod(owner Object, name string, change func(Object) Object) Object {
	generated := name == ""
	if generated {
		name = c.freeName(owner)
	}
	pod := workload.NewPod(owner, name)
	if generated {
		pod = workload.With(pod, nameOf(owner)+"-", "metadata", "generateName")
	}
	if change != nil {
		pod = change(pod)
	}
	return c.create("pods", admitted(pod))
}

func (c *Controllers) freeName(owner Object) string {
	for {
		name := nameOf(owner) + "-" + c.suffix(owner)
		if c.store.Get(store.Key{Resource: "pods", Namespace: namespaceOf(owner), Name: name}) == nil {
			return name
		}
	}
}

// admitted is a pod with what the API server's admission adds to every one.
func admitted(pod Object) Object {
	pod = workload.Defaulted(pod)
	fill := func(value any, path ...string) {
		if workload.Dig(pod, path...) == nil {
			pod = workload.With(pod, value, path...)
		}
	}
	fill("default", "spec", "serviceAccountName")
	fill(workload.Text(pod, "spec", "serviceAccountName"), "spec", "serviceAccount")
	fill(int64(0), "spec", "priority")
	fill("PreemptLowerPriority", "spec", "preemptionPolicy")
	fill(true, "spec", "enableServiceLinks")
	fill([]any{evicting("not-ready"), evicting("unreachable")}, "spec", "tolerations")
	return pod
}

// evicting is how long a pod stays on a node that has gone bad.
func evicting(state string) Object {
	return Object{"key": "node.kubernetes.io/" + state, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": int64(300)}
}
