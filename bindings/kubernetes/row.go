package kubernetes

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"runbook/engine/module"
	"runbook/engine/workload"
)

func (b *binding) rowFunc() module.Func {
	return module.Func{
		Name: "row",
		Doc: `The columns that kubectl prints for an object, as strings.

Every object has name, namespace and age. Beside them:

- pods: ready ("1/2"), status ("CrashLoopBackOff"), restarts ("5 (2m ago)"), ip, node
- deployments: ready, up_to_date, available
- replica sets and stateful sets: desired, current, ready (a stateful set's is "1/2")
- daemon sets: desired, current, ready, up_to_date, available
- nodes: status, roles, version
- events: last_seen, type, reason, object, message, count
- namespaces, persistent volumes and claims: status`,
		Params:   []module.Param{{Name: "object", Kind: module.Object, Required: true, Doc: "an object that came from the cluster"}},
		Returns:  module.Result{Type: "table<string, string>", Doc: "the columns by name"},
		Examples: []string{`for _, pod in ipairs(pods) do print(pod.metadata.name, kubernetes.row(pod).status) end`},
		Pure: func(ctx context.Context, args module.Args) (any, error) {
			raw, err := rawObject(args["object"])
			if err != nil {
				return nil, err
			}
			o, err := glance(raw)
			if err != nil {
				return nil, err
			}
			return row(o, b.now(ctx)), nil
		},
	}
}

func row(o object, now time.Time) map[string]any {
	columns := map[string]any{
		"name": nameOf(o), "namespace": namespaceOf(o), "age": age(timeOf(o, "metadata", "creationTimestamp"), now),
	}
	switch workload.Text(o, "kind") {
	case "Pod":
		podColumns(columns, o, now)
	case "Deployment":
		columns["ready"] = number(o, "readyReplicas") + "/" + wantedReplicas(o)
		columns["up_to_date"], columns["available"] = number(o, "updatedReplicas"), number(o, "availableReplicas")
	case "ReplicaSet":
		columns["desired"], columns["current"], columns["ready"] = wantedReplicas(o), number(o, "replicas"), number(o, "readyReplicas")
	case "StatefulSet":
		columns["desired"], columns["current"] = wantedReplicas(o), number(o, "replicas")
		columns["ready"] = number(o, "readyReplicas") + "/" + wantedReplicas(o)
	case "DaemonSet":
		columns["desired"], columns["current"] = number(o, "desiredNumberScheduled"), number(o, "currentNumberScheduled")
		columns["ready"], columns["up_to_date"] = number(o, "numberReady"), number(o, "updatedNumberScheduled")
		columns["available"] = number(o, "numberAvailable")
	case "Node":
		columns["status"], columns["roles"] = nodeStatus(o), nodeRoles(o)
		columns["version"] = workload.Text(o, "status", "nodeInfo", "kubeletVersion")
	case "Event":
		eventColumns(columns, o, now)
	case "Namespace", "PersistentVolume", "PersistentVolumeClaim":
		columns["status"] = workload.Text(o, "status", "phase")
	}
	return columns
}

func podColumns(columns map[string]any, pod object, now time.Time) {
	s := podStatus(pod)
	columns["ready"] = fmt.Sprintf("%d/%d", s.ready, s.total)
	columns["status"], columns["restarts"] = s.status, s.restartText(now)
	columns["ip"] = orElse(workload.Text(pod, "status", "podIP"), "<none>")
	columns["node"] = orElse(workload.Text(pod, "spec", "nodeName"), "<none>")
}

func number(o object, field string) string {
	n, _ := workload.Int(o, "status", field)
	return strconv.FormatInt(n, 10)
}

func wantedReplicas(o object) string { return strconv.FormatInt(workload.Replicas(o), 10) }

func age(since, now time.Time) string {
	if since.IsZero() {
		return "<unknown>"
	}
	return duration.HumanDuration(now.Sub(since))
}

func nodeStatus(node object) string {
	status := "Unknown"
	if ready := workload.Condition(node, "Ready"); ready != nil {
		status = "NotReady"
		if ready["status"] == "True" {
			status = "Ready"
		}
	}
	if workload.Dig(node, "spec", "unschedulable") == true {
		status += ",SchedulingDisabled"
	}
	return status
}

func nodeRoles(node object) string {
	var roles []string
	for label, value := range workload.Map(node, "metadata", "labels") {
		role, isRole := strings.CutPrefix(label, "node-role.kubernetes.io/")
		if label == "kubernetes.io/role" {
			role, isRole = fmt.Sprint(value), true
		}
		if isRole && role != "" {
			roles = append(roles, role)
		}
	}
	slices.Sort(roles)
	return orElse(strings.Join(slices.Compact(roles), ","), "<none>")
}

func eventColumns(columns map[string]any, event object, now time.Time) {
	last := timeOf(event, "lastTimestamp")
	for _, path := range [][]string{{"firstTimestamp"}, {"eventTime"}} {
		if last.IsZero() {
			last = timeOf(event, path...)
		}
	}
	count, _ := workload.Int(event, "count")
	if workload.Map(event, "series") != nil {
		last = timeOf(event, "series", "lastObservedTime")
		count, _ = workload.Int(event, "series", "count")
	}
	about := strings.ToLower(workload.Text(event, "involvedObject", "kind"))
	if name := workload.Text(event, "involvedObject", "name"); name != "" {
		about += "/" + name
	}
	columns["last_seen"], columns["count"] = age(last, now), strconv.FormatInt(max(count, 1), 10)
	columns["type"], columns["reason"] = workload.Text(event, "type"), workload.Text(event, "reason")
	columns["object"], columns["message"] = about, strings.TrimSpace(workload.Text(event, "message"))
}
