package printers

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"

	"runbook/engine/workload"
)

// The columns of what runs pods.

func deploymentColumns(columns map[string]any, o object, _ time.Time) {
	columns["ready"] = number(o, "readyReplicas") + "/" + wantedReplicas(o)
	columns["up_to_date"], columns["available"] = number(o, "updatedReplicas"), number(o, "availableReplicas")
	templateColumns(columns, o)
}

func replicaSetColumns(columns map[string]any, o object, _ time.Time) {
	columns["desired"], columns["current"], columns["ready"] = wantedReplicas(o), number(o, "replicas"), number(o, "readyReplicas")
	templateColumns(columns, o)
}

func statefulSetColumns(columns map[string]any, o object, _ time.Time) {
	columns["desired"], columns["current"] = wantedReplicas(o), number(o, "replicas")
	columns["ready"] = number(o, "readyReplicas") + "/" + wantedReplicas(o)
	templateColumns(columns, o)
}

func daemonSetColumns(columns map[string]any, o object, _ time.Time) {
	columns["desired"], columns["current"] = number(o, "desiredNumberScheduled"), number(o, "currentNumberScheduled")
	columns["ready"], columns["up_to_date"] = number(o, "numberReady"), number(o, "updatedNumberScheduled")
	columns["available"] = number(o, "numberAvailable")
	columns["node_selector"] = labelText(workload.Map(o, "spec", "template", "spec", "nodeSelector"))
	templateColumns(columns, o)
}

func jobColumns(columns map[string]any, job object, now time.Time) {
	columns["status"], columns["completions"], columns["duration"] = jobStatus(job), JobCompletions(job), ""
	if begun := workload.Time(job, "status", "startTime"); !begun.IsZero() {
		end := workload.Time(job, "status", "completionTime")
		if end.IsZero() {
			end = now
		}
		columns["duration"] = duration.HumanDuration(end.Sub(begun))
	}
	templateColumns(columns, job)
}

func jobStatus(job object) string {
	holds := func(condition string) bool { return workload.Condition(job, condition)["status"] == "True" }
	switch {
	case holds("Complete"):
		return "Complete"
	case holds("Failed"):
		return "Failed"
	case workload.Text(job, "metadata", "deletionTimestamp") != "":
		return "Terminating"
	}
	for _, condition := range []string{"Suspended", "FailureTarget", "SuccessCriteriaMet"} {
		if holds(condition) {
			return condition
		}
	}
	return "Running"
}

// JobCompletions is how many of a job's pods are done, as in "1/3".
func JobCompletions(job object) string {
	done := number(job, "succeeded")
	if wanted, ok := workload.Int(job, "spec", "completions"); ok {
		return fmt.Sprintf("%s/%d", done, wanted)
	}
	if beside, _ := workload.Int(job, "spec", "parallelism"); beside > 1 {
		return fmt.Sprintf("%s/1 of %d", done, beside)
	}
	return done + "/1"
}

func cronJobColumns(columns map[string]any, o object, now time.Time) {
	columns["schedule"], columns["timezone"] = workload.Text(o, "spec", "schedule"), orNone(workload.Text(o, "spec", "timeZone"))
	columns["suspend"] = printedBool(workload.Dig(o, "spec", "suspend"))
	columns["active"] = strconv.Itoa(len(workload.Maps(o, "status", "active")))
	columns["last_schedule"] = none
	if last := workload.Time(o, "status", "lastScheduleTime"); !last.IsZero() {
		columns["last_schedule"] = age(last, now)
	}
	templateColumns(columns, workload.Map(o, "spec", "jobTemplate"))
}

// printedBool is as Kubernetes prints a boolean that may be missing.
func printedBool(v any) string {
	switch v {
	case true:
		return "True"
	case false:
		return "False"
	}
	return unset
}

// templateColumns are what is in the pod template of o, and how its controller finds its pods.
func templateColumns(columns map[string]any, o object) {
	var names, images []string
	for _, c := range workload.Maps(o, "spec", "template", "spec", "containers") {
		names, images = append(names, workload.Text(c, "name")), append(images, workload.Text(c, "image"))
	}
	columns["containers"], columns["images"] = strings.Join(names, ","), strings.Join(images, ",")
	columns["selector"] = selectorText(o)
}

func selectorText(o object) string {
	selector := workload.Map(o, "spec", "selector")
	if workload.Text(o, "kind") == "ReplicationController" {
		return labelText(selector)
	}
	if selector == nil {
		return none
	}
	return labelSelectorText(selector)
}

func labelSelectorText(selector object) string {
	var written metav1.LabelSelector
	if runtime.DefaultUnstructuredConverter.FromUnstructured(selector, &written) != nil {
		return "<invalid>"
	}
	return metav1.FormatLabelSelector(&written)
}

// shownMetrics is how many of an autoscaler's metrics are printed.
const shownMetrics = 2

func autoscalerColumns(columns map[string]any, o object, _ time.Time) {
	columns["reference"] = workload.Text(o, "spec", "scaleTargetRef", "kind") + "/" + workload.Text(o, "spec", "scaleTargetRef", "name")
	columns["minpods"], columns["replicas"] = unset, number(o, "currentReplicas")
	if least, ok := workload.Int(o, "spec", "minReplicas"); ok {
		columns["minpods"] = strconv.FormatInt(least, 10)
	}
	most, _ := workload.Int(o, "spec", "maxReplicas")
	columns["maxpods"] = strconv.FormatInt(most, 10)
	current := workload.Maps(o, "status", "currentMetrics")
	var list []string
	for i, spec := range workload.Maps(o, "spec", "metrics") {
		var status object
		if i < len(current) {
			status = current[i]
		}
		list = append(list, metricText(spec, status))
	}
	switch {
	case len(list) == 0:
		columns["targets"] = none
	case len(list) > shownMetrics:
		columns["targets"] = fmt.Sprintf("%s + %d more...", strings.Join(list[:shownMetrics], ", "), len(list)-shownMetrics)
	default:
		columns["targets"] = strings.Join(list, ", ")
	}
}

// metricText is one metric of an autoscaler as formatHPAMetrics in Kubernetes' pkg/printers writes it: what is, and what is to be.
func metricText(spec, status object) string {
	field := map[string]string{
		"Resource": "resource", "ContainerResource": "containerResource", "Pods": "pods", "Object": "object", "External": "external",
	}[workload.Text(spec, "type")]
	target, is := workload.Map(spec, field, "target"), workload.Map(status, field, "current")
	average, current := target["averageValue"] != nil, "<unknown>"
	quantity := func(name string) {
		if is[name] != nil {
			current = workload.Quantity(is, name).String()
		}
	}
	switch field {
	case "":
		return "<unknown type>"
	case "pods":
		quantity("averageValue")
		return current + "/" + workload.Quantity(target, "averageValue").String()
	case "object", "external":
		if average {
			quantity("averageValue")
			return current + "/" + workload.Quantity(target, "averageValue").String() + " (avg)"
		}
		quantity("value")
		return current + "/" + workload.Quantity(target, "value").String()
	}
	name := workload.Text(spec, field, "name") + ": "
	if average {
		quantity("averageValue")
		return name + current + "/" + workload.Quantity(target, "averageValue").String()
	}
	wanted := "<auto>"
	if n, ok := workload.Int(is, "averageUtilization"); ok {
		current = strconv.FormatInt(n, 10) + "%"
	}
	if n, ok := workload.Int(target, "averageUtilization"); ok {
		wanted = strconv.FormatInt(n, 10) + "%"
	}
	return name + current + "/" + wanted
}

func budgetColumns(columns map[string]any, o object, _ time.Time) {
	columns["min_available"], columns["max_unavailable"] = intOrText(o, "minAvailable"), intOrText(o, "maxUnavailable")
	columns["allowed_disruptions"] = number(o, "disruptionsAllowed")
}

func intOrText(o object, field string) string {
	if n, ok := workload.Int(o, "spec", field); ok {
		return strconv.FormatInt(n, 10)
	}
	return cmp.Or(workload.Text(o, "spec", field), "N/A")
}
