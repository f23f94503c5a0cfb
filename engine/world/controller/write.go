package controller

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"time"

	"k8s.io/apimachinery/pkg/util/rand"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// counted tells of which resources the API server counts generations.
var counted = map[string]bool{"replicasets.apps": true, "pods": true}

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
	return workload.Suffix(fmt.Sprintf("%s/%d", uidOf(owner), c.made[uidOf(owner)]))
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
	return c.create("pods", workload.Defaulted(pod))
}

func (c *Controllers) freeName(owner Object) string {
	for {
		name := nameOf(owner) + "-" + c.suffix(owner)
		if c.store.Get(store.Key{Resource: "pods", Namespace: namespaceOf(owner), Name: name}) == nil {
			return name
		}
	}
}
