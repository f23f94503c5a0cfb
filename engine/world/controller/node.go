package controller

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// usual is what a node can hold whose manifest says nothing about it.
var usual = Object{"cpu": "8", "memory": "32Gi", "pods": "110", "ephemeral-storage": "100Gi"}

// provideNodes makes three nodes for a cluster whose scenario names none, so that its pods can run.
func (c *Controllers) provideNodes() {
	for _, manifest := range c.section.Manifests {
		if slices.ContainsFunc(manifest.Objects, func(o Object) bool { return workload.Text(o, "kind") == "Node" }) {
			return
		}
	}
	for i := 1; i <= 3; i++ {
		name := fmt.Sprintf("node-%d", i)
		c.create("nodes", Object{"apiVersion": "v1", "kind": "Node", "metadata": Object{
			"name": name, "labels": Object{"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"},
		}, "spec": Object{}})
	}
}

// syncNode does what a node's kubelet says when it starts: what the node can hold, its address, and that it is ready.
func (c *Controllers) syncNode(key store.Key, node Object) {
	fill := func(value any, path ...string) {
		if workload.Dig(node, path...) == nil {
			node = workload.With(node, value, path...)
		}
	}
	fill(usual, "status", "capacity")
	fill(workload.Map(node, "status", "capacity"), "status", "allocatable")
	if workload.Dig(node, "status", "addresses") == nil {
		node = workload.With(node, []any{
			Object{"type": "InternalIP", "address": c.addressOf(key.Name)}, Object{"type": "Hostname", "address": key.Name},
		}, "status", "addresses")
	}
	info := Object{
		"kubeletVersion": c.version(), "operatingSystem": "linux", "architecture": "amd64", "containerRuntimeVersion": "containerd://2.1.4",
		"osImage": "Debian GNU/Linux 13 (trixie)", "kernelVersion": "6.12.48",
	}
	if workload.Text(node, "status", "nodeInfo", "kubeletVersion") == "" { // the API server writes the names of what it was not told
		node = workload.With(node, info, "status", "nodeInfo")
	}
	for _, pressure := range []struct{ kind, reason, text string }{
		{"MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"},
		{"DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"},
		{"PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"},
	} {
		if workload.Condition(node, pressure.kind) == nil {
			node = workload.SetCondition(node, pressure.kind, "False", pressure.reason, pressure.text, c.now())
		}
	}
	if workload.Condition(node, "Ready") == nil {
		node = workload.SetCondition(node, "Ready", "True", "KubeletReady", "kubelet is posting ready status", c.now())
	}
	c.store.Update("nodes", cordoned(node))
}

const unschedulableTaint = "node.kubernetes.io/unschedulable"

// cordoned keeps the taint of a node that takes no new pods as its spec says.
func cordoned(node Object) Object {
	unschedulable := workload.Dig(node, "spec", "unschedulable") == true
	var others []any
	has := false
	for _, taint := range workload.Maps(node, "spec", "taints") {
		if taint["key"] == unschedulableTaint {
			has = true
		} else {
			others = append(others, taint)
		}
	}
	switch {
	case unschedulable == has:
		return node
	case unschedulable:
		return workload.With(node, append(others, Object{"key": unschedulableTaint, "effect": "NoSchedule"}), "spec", "taints")
	case len(others) == 0:
		return workload.With(node, nil, "spec", "taints")
	}
	return workload.With(node, others, "spec", "taints")
}

func (c *Controllers) version() string {
	if c.section.Version != "" {
		return c.section.Version
	}
	return "v1.37.0"
}

// addressOf is the address of a node, by the order in which nodes were first seen.
func (c *Controllers) addressOf(node string) string {
	l := c.index.loadOf(node)
	if l.number == 0 {
		c.hosts++
		l.number = c.hosts
	}
	return fmt.Sprintf("10.0.%d.%d", l.number/250, l.number%250+1)
}

// A load is what one node can hold, and what its pods ask for.
type load struct {
	number           int // of the node, in the order in which nodes were first seen
	node             Object
	pods, mostPods   int64
	cpu, mostCPU     int64 // in thousandths of a core
	memory, mostByte int64
}

// holds notes what a node can hold. The scheduler looks at this for each pod, so it is read once for each change.
func (l *load) holds(node Object) {
	l.node = node
	of := func(what string) *resource.Quantity {
		if q := workload.Quantity(node, "status", "allocatable", what); !q.IsZero() {
			return q
		}
		return workload.Quantity(usual, what)
	}
	l.mostPods, l.mostCPU, l.mostByte = of("pods").Value(), of("cpu").MilliValue(), of("memory").Value()
}

func (l *load) add(pod Object, sign int64) {
	cpu, memory := requests(pod)
	l.pods += sign
	l.cpu += sign * cpu
	l.memory += sign * memory
}

// requests is what a pod's containers ask for in all.
func requests(pod Object) (cpu, memory int64) {
	for _, container := range workload.Maps(pod, "spec", "containers") {
		cpu += workload.Quantity(container, "resources", "requests", "cpu").MilliValue()
		memory += workload.Quantity(container, "resources", "requests", "memory").Value()
	}
	return cpu, memory
}
