package cluster

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"

	"runbook/engine/workload"
)

// A column is one of a table that kubectl prints.
type column struct {
	name string
	cell func(Object) any
}

// columns are those of the kinds that people look at most; of any other they are shown name and age.
var columns = map[string][]column{
	"pods": {
		{"Ready", podReady}, {"Status", podState}, {"Restarts", podRestarts},
	},
	"deployments.apps":  {{"Ready", readyOf}, {"Up-to-date", statusNumber("updatedReplicas")}, {"Available", statusNumber("availableReplicas")}},
	"replicasets.apps":  {{"Desired", desired}, {"Current", statusNumber("replicas")}, {"Ready", statusNumber("readyReplicas")}},
	"statefulsets.apps": {{"Ready", readyOf}},
	"namespaces":        {{"Status", textAt("status", "phase")}},
	"services": {
		{"Type", textAt("spec", "type")}, {"Cluster-IP", textAt("spec", "clusterIP")},
	},
	"nodes": {{"Status", nodeState}, {"Version", textAt("status", "nodeInfo", "kubeletVersion")}},
	"events": {
		{"Last Seen", textAt("lastTimestamp")}, {"Type", textAt("type")}, {"Reason", textAt("reason")}, {"Object", about}, {"Message", textAt("message")},
	},
}

// table is objects as a table. now is for their ages.
func table(k *kind, items []Object, meta listMeta, now time.Time) metav1.Table {
	t := metav1.Table{
		TypeMeta: metav1.TypeMeta{Kind: "Table", APIVersion: "meta.k8s.io/v1"},
		ListMeta: metav1.ListMeta{ResourceVersion: meta.ResourceVersion, Continue: meta.Continue, RemainingItemCount: meta.Remaining},
		Rows:     []metav1.TableRow{},
	}
	all := append([]column{{"Name", func(o Object) any { return nameOf(o) }}}, columns[k.canonical()]...)
	all = append(all, column{"Age", func(o Object) any { return age(o, now) }})
	for _, c := range all {
		format := ""
		if c.name == "Name" {
			format = "name"
		}
		t.ColumnDefinitions = append(t.ColumnDefinitions, metav1.TableColumnDefinition{Name: c.name, Type: "string", Format: format})
	}
	for _, o := range items {
		row := metav1.TableRow{}
		for _, c := range all {
			row.Cells = append(row.Cells, c.cell(o))
		}
		if raw, err := json.Marshal(partial(o)); err == nil {
			row.Object = runtime.RawExtension{Raw: raw}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func textAt(path ...string) func(Object) any {
	return func(o Object) any {
		if text := workload.Text(o, path...); text != "" {
			return text
		}
		return "<none>"
	}
}

func statusNumber(name string) func(Object) any {
	return func(o Object) any {
		n, _ := workload.Int(o, "status", name)
		return n
	}
}

func desired(o Object) any { return workload.Replicas(o) }

func readyOf(o Object) any {
	n, _ := workload.Int(o, "status", "readyReplicas")
	return fmt.Sprint(n, "/", workload.Replicas(o))
}

func age(o Object, now time.Time) any {
	created, err := time.Parse(time.RFC3339, metaText(o, "creationTimestamp"))
	if err != nil {
		return "<unknown>"
	}
	return duration.HumanDuration(now.Sub(created))
}

func podReady(o Object) any {
	ready := 0
	for _, s := range workload.Maps(o, "status", "containerStatuses") {
		if s["ready"] == true {
			ready++
		}
	}
	return fmt.Sprint(ready, "/", len(workload.Maps(o, "spec", "containers")))
}

func podRestarts(o Object) any {
	var sum int64
	for _, s := range workload.Maps(o, "status", "containerStatuses") {
		n, _ := workload.Int(s, "restartCount")
		sum += n
	}
	return fmt.Sprint(sum)
}

// podState is the one word that tells most about a pod.
func podState(o Object) any {
	state := workload.Text(o, "status", "phase")
	if reason := workload.Text(o, "status", "reason"); reason != "" {
		state = reason
	}
	for _, s := range workload.Maps(o, "status", "containerStatuses") {
		if reason := workload.Text(s, "state", "waiting", "reason"); reason != "" {
			state = reason
		} else if reason := workload.Text(s, "state", "terminated", "reason"); reason != "" {
			state = reason
		}
	}
	if metaText(o, "deletionTimestamp") != "" {
		state = "Terminating"
	}
	return state
}

func nodeState(o Object) any {
	state := "Unknown"
	if ready := workload.Condition(o, "Ready"); ready != nil {
		state = map[bool]string{true: "Ready", false: "NotReady"}[ready["status"] == "True"]
	}
	if workload.Dig(o, "spec", "unschedulable") == true {
		state += ",SchedulingDisabled"
	}
	return state
}

func about(o Object) any {
	return strings.ToLower(workload.Text(o, "involvedObject", "kind")) + "/" + workload.Text(o, "involvedObject", "name")
}
