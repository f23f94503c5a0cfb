package kubernetes

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/resource"

	"runbook/engine/workload"
)

// resourceNames are what is measured.
var resourceNames = []string{"cpu", "memory"}

// podUse is the entry of a pod. m is what was measured of it, nil if nothing was.
func podUse(pod, m object) map[string]any {
	entry := podEntry(pod, m)
	for _, what := range resourceNames {
		used := &resource.Quantity{}
		for _, c := range workload.Maps(m, "containers") {
			used.Add(*workload.Quantity(c, "usage", what))
		}
		setUse(entry, what, used, m != nil)
		setBound(entry, what, "request", podBound(pod, "requests", what))
		setBound(entry, what, "limit", podBound(pod, "limits", what))
	}
	return entry
}

// containerUses are the entries of a pod's containers that run beside each other.
func containerUses(pod, m object) []map[string]any {
	measured := map[string]object{}
	for _, c := range workload.Maps(m, "containers") {
		measured[workload.Text(c, "name")] = c
	}
	var out []map[string]any
	for _, c := range running(pod) {
		name := workload.Text(c, "name")
		used, known := measured[name]
		entry := podEntry(pod, used)
		entry["container"] = name
		for _, what := range resourceNames {
			setUse(entry, what, workload.Quantity(used, "usage", what), known)
			setBound(entry, what, "request", bound(c, "requests", what))
			setBound(entry, what, "limit", bound(c, "limits", what))
		}
		out = append(out, entry)
	}
	return out
}

func podEntry(pod, m object) map[string]any {
	entry := map[string]any{
		"name": nameOf(pod), "namespace": namespaceOf(pod), "labels": rawLabels(pod), "measured": m != nil,
	}
	if node := workload.Text(pod, "spec", "nodeName"); node != "" {
		entry["node"] = node
	}
	return entry
}

// nodeUse is the entry of a node.
func nodeUse(node, m object) map[string]any {
	entry := map[string]any{"name": nameOf(node), "labels": rawLabels(node), "measured": m != nil}
	for _, what := range resourceNames {
		used, most := workload.Quantity(m, "usage", what), workload.Quantity(node, "status", "allocatable", what)
		setUse(entry, what, used, m != nil)
		if !most.IsZero() {
			entry[what+"_allocatable"] = amount(what, most)
			setPercent(entry, what, what+"_percent", most)
		}
	}
	return entry
}

// running are the containers of a pod that run beside each other: its sidecars and its main containers.
func running(pod object) []object {
	var out []object
	for _, c := range workload.Maps(pod, "spec", "initContainers") {
		if c["restartPolicy"] == "Always" {
			out = append(out, c)
		}
	}
	return append(out, workload.Maps(pod, "spec", "containers")...)
}

// bound is what a container requests, or may use; nil if nothing is said. Where only a limit is set, it is the request as well.
func bound(container object, field, what string) *resource.Quantity {
	if workload.Dig(container, "resources", field, what) == nil {
		return nil
	}
	return workload.Quantity(container, "resources", field, what)
}

// podBound is what a pod requests, or may use, as a whole. A pod of which one container has no limit has none.
func podBound(pod object, field, what string) *resource.Quantity {
	if own := bound(workload.Map(pod, "spec"), field, what); own != nil {
		return own
	}
	sum, known := &resource.Quantity{}, false
	for _, c := range running(pod) {
		part := bound(c, field, what)
		if part == nil && field == "limits" {
			return nil
		}
		if part != nil {
			sum.Add(*part)
			known = true
		}
	}
	if !known {
		return nil
	}
	return sum
}

func setUse(entry map[string]any, what string, used *resource.Quantity, known bool) {
	if known {
		entry[what], entry[what+"_text"] = amount(what, used), amountText(what, used)
	}
}

// setBound sets a request or limit, and the percentage of it that is used. Percentages are of the limit unless they say otherwise.
func setBound(entry map[string]any, what, field string, most *resource.Quantity) {
	if most == nil {
		return
	}
	entry[what+"_"+field] = amount(what, most)
	percent := what + "_percent"
	if field == "request" {
		percent = what + "_request_percent"
	}
	setPercent(entry, what, percent, most)
}

func setPercent(entry map[string]any, what, field string, most *resource.Quantity) {
	used, known := entry[what].(float64)
	if all := amount(what, most); known && all > 0 {
		entry[field] = 100 * used / all
	}
}

// amount is cores or bytes.
func amount(what string, q *resource.Quantity) float64 {
	if what == "cpu" {
		return float64(q.ScaledValue(resource.Nano)) / 1e9
	}
	return float64(q.Value())
}

// amountText is as kubectl top prints it: thousandths of a core, and MiB.
func amountText(what string, q *resource.Quantity) string {
	if what == "cpu" {
		return fmt.Sprintf("%dm", q.MilliValue())
	}
	return fmt.Sprintf("%dMi", q.Value()>>20)
}
