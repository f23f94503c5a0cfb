package kubernetes

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"runbook/engine/workload"
)

// What becomes of a Deployment, as who watches sees it. Two servers that do the same do not do it in the same order throughout, and
// kwok's pods are ready at once. So a story holds what any of them must have: of each count its bounds and its end; of each condition
// the states that it went through; of each set, in the order of their creation, the sizes that it was given; of each pod the milestones
// that it reached; and the events of controllers and scheduler. A kubelet's events are left out, since in the lab kwok makes them up.

// A story is what happened. It is compared as YAML.
type story struct {
	Replicas   bounds              `json:"replicas"`
	Available  bounds              `json:"available"`
	Ready      bounds              `json:"ready"`
	Updated    bounds              `json:"updated"`
	Conditions map[string][]string `json:"conditions"`
	Sets       []setStory          `json:"sets"`
	Events     []string            `json:"events"` // of the Deployment
}

// A setStory is what happened to one ReplicaSet and its pods.
type setStory struct {
	Revision string         `json:"revision"`
	Sizes    []int64        `json:"sizes"`
	Pods     map[string]int `json:"pods,omitempty"`   // how many went through these milestones
	Events   map[string]int `json:"events,omitempty"` // its own, and the scheduler's about its pods
}

// bounds are "most 4, at the end 3" or "least 0, at the end 3".
type bounds string

// A recorder watches a namespace.
type recorder struct {
	site    *site
	watches map[string]*watching
}

func (s *site) recorder() *recorder {
	r := &recorder{s, map[string]*watching{}}
	for _, resource := range []string{"deployments", "replicasets", "pods", "events"} {
		r.watches[resource] = s.watch("admin", s.in(resource)+"?watch=1")
	}
	return r
}

// finish waits until everything that happened was told, and tells it.
func (r *recorder) finish() story {
	s := r.site
	s.Helper()
	events := map[string][]told{}
	for resource, w := range r.watches {
		var there = map[string]string{}
		for _, item := range s.must("GET", s.in(resource)).Get("items").Array() {
			there[item.Get("metadata.name").String()] = item.Get("metadata.resourceVersion").String()
		}
		isAll := func(events []told) bool {
			last := map[string]string{}
			for _, e := range events {
				last[workload.Text(e.Object, "metadata", "name")] = workload.Text(e.Object, "metadata", "resourceVersion")
				if e.Type == "DELETED" {
					delete(last, workload.Text(e.Object, "metadata", "name"))
				}
			}
			return fmt.Sprint(last) == fmt.Sprint(there)
		}
		events[resource] = slices.Clone(w.seen(isAll))
		require.True(s, isAll(events[resource]), "the watch of %s did not tell everything", resource)
	}
	return tell(s.namespace, events)
}

func tell(namespace string, events map[string][]told) story {
	out := story{Conditions: map[string][]string{}}
	var deployments []object
	for _, e := range events["deployments"] {
		deployments = append(deployments, e.Object)
		for _, c := range workload.Maps(e.Object, "status", "conditions") {
			name := workload.Text(c, "type")
			out.Conditions[name] = appendNew(out.Conditions[name], workload.Text(c, "status")+" "+stage(workload.Text(c, "reason")))
		}
	}
	out.Replicas = bounds(fmt.Sprintf("most %d, at the end %d", mostWanted(events["replicasets"]), countAt(deployments[len(deployments)-1], "status", "replicas")))
	out.Available = boundsOf(deployments, "availableReplicas", false)
	out.Ready = boundsOf(deployments, "readyReplicas", false)
	out.Updated = boundsOf(deployments, "updatedReplicas", true)
	names := &setNames{namespace: namespace}
	for _, e := range events["replicasets"] {
		name := workload.Text(e.Object, "metadata", "name")
		i := names.index(name)
		if i == len(out.Sets) {
			out.Sets = append(out.Sets, setStory{Pods: map[string]int{}, Events: map[string]int{}})
		}
		set := &out.Sets[i]
		set.Revision = workload.Text(e.Object, "metadata", "annotations", "deployment.kubernetes.io/revision")
		if size := countAt(e.Object, "spec", "replicas"); len(set.Sizes) == 0 || set.Sizes[len(set.Sizes)-1] != size {
			set.Sizes = append(set.Sizes, size)
		}
	}
	lives := map[string][]string{}
	var order []string
	for _, e := range events["pods"] {
		name := workload.Text(e.Object, "metadata", "name")
		if lives[name] == nil {
			order = append(order, name)
		}
		for _, m := range milestones(e) {
			if !slices.Contains(lives[name], m) {
				lives[name] = append(lives[name], m)
			}
		}
	}
	for _, name := range order {
		if i := names.of(name); i >= 0 {
			out.Sets[i].Pods[strings.Join(lives[name], ", ")]++
		}
	}
	out.addEvents(events["events"], names)
	return out
}

// stage is a condition's reason. How often a server writes down the beginning of a rollout depends on how much it has to do.
func stage(reason string) string {
	if slices.Contains([]string{"NewReplicaSetCreated", "FoundNewReplicaSet", "ReplicaSetUpdated"}, reason) {
		return "in progress"
	}
	return reason
}

func (out *story) addEvents(events []told, names *setNames) {
	type counted struct {
		text  string
		count int64
	}
	last := map[string]counted{}
	var order []string
	for _, e := range events {
		if e.Type == "DELETED" || workload.Text(e.Object, "source", "component") == "kubelet" {
			continue
		}
		id := workload.Text(e.Object, "metadata", "name")
		if _, known := last[id]; !known {
			order = append(order, id)
		}
		text := strings.Join([]string{workload.Text(e.Object, "type"), workload.Text(e.Object, "reason"), workload.Text(e.Object, "message")}, " ")
		last[id] = counted{names.plain(text), max(countAt(e.Object, "count"), 1)}
	}
	about := map[string]object{}
	for _, e := range events {
		about[workload.Text(e.Object, "metadata", "name")] = workload.Map(e.Object, "involvedObject")
	}
	for _, id := range order {
		e := last[id]
		switch kind, name := workload.Text(about[id], "kind"), workload.Text(about[id], "name"); kind {
		case "Deployment":
			out.Events = append(out.Events, e.text)
		case "ReplicaSet":
			out.Sets[names.index(name)].Events[e.text] += int(e.count)
		case "Pod":
			if i := names.of(name); i >= 0 {
				out.Sets[i].Events[e.text] += int(e.count)
			}
		}
	}
}

// milestones are what a pod has reached by now.
func milestones(e told) (out []string) {
	status := workload.Map(e.Object, "status")
	if e.Type == "ADDED" && workload.Text(status, "phase") == "Pending" {
		out = append(out, "pending")
	}
	if workload.Text(e.Object, "spec", "nodeName") != "" {
		out = append(out, "bound")
	}
	for _, c := range workload.Maps(status, "containerStatuses") {
		// A kubelet says first that it could not, then that it will try again; kwok only the latter.
		if workload.Text(c, "state", "waiting", "reason") == "ImagePullBackOff" {
			out = append(out, "waits for its image")
		}
	}
	for _, c := range workload.Maps(status, "conditions") {
		if workload.Text(c, "type") == "Ready" && workload.Text(c, "status") == "True" && workload.Text(status, "phase") == "Running" {
			out = append(out, "ready")
		}
	}
	if workload.Text(e.Object, "metadata", "deletionTimestamp") != "" {
		out = append(out, "asked to end")
	}
	if e.Type == "DELETED" {
		out = append(out, "gone")
	}
	return out
}

func boundsOf(objects []object, field string, most bool) bounds {
	var counts []int64
	for _, o := range objects {
		counts = append(counts, countAt(o, "status", field))
	}
	if most {
		return bounds(fmt.Sprintf("most %d, at the end %d", slices.Max(counts), counts[len(counts)-1]))
	}
	return bounds(fmt.Sprintf("least %d, at the end %d", slices.Min(counts), counts[len(counts)-1]))
}

// mostWanted is the greatest number of pods that the sets were to have at one time: what maxSurge bounds. The count in a Deployment's
// status is no measure of it: it adds up what each set said of itself last, and one may not have said yet that it became smaller.
func mostWanted(sets []told) (most int64) {
	sizes := map[string]int64{}
	for _, e := range sets {
		sizes[workload.Text(e.Object, "metadata", "name")] = countAt(e.Object, "spec", "replicas")
		if e.Type == "DELETED" {
			delete(sizes, workload.Text(e.Object, "metadata", "name"))
		}
		var sum int64
		for _, size := range sizes {
			sum += size
		}
		most = max(most, sum)
	}
	return most
}

func countAt(o object, path ...string) int64 {
	n, _ := workload.Dig(o, path...).(float64)
	return int64(n)
}

func appendNew(list []string, s string) []string {
	if len(list) > 0 && list[len(list)-1] == s {
		return list
	}
	return append(list, s)
}

// setNames gives ReplicaSets numbers, in the order in which they appear.
type setNames struct {
	namespace string
	names     []string
}

func (n *setNames) index(name string) int {
	if i := slices.Index(n.names, name); i >= 0 {
		return i
	}
	n.names = append(n.names, name)
	return len(n.names) - 1
}

// of is the number of a pod's set, -1 if it is of none.
func (n *setNames) of(pod string) int {
	return slices.IndexFunc(n.names, func(set string) bool { return strings.HasPrefix(pod, set+"-") })
}

var nodeText = regexp.MustCompile(`\blab-node-\d\b`)

func (n *setNames) plain(text string) string {
	for i, set := range n.names {
		text = regexp.MustCompile(regexp.QuoteMeta(set)+`-[a-z0-9]{5}\b`).ReplaceAllString(text, "{pod}")
		text = strings.ReplaceAll(text, set, fmt.Sprintf("{set %d}", i+1))
	}
	return nodeText.ReplaceAllString(strings.ReplaceAll(text, n.namespace, "{namespace}"), "{node}")
}
