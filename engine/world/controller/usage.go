package controller

import (
	"hash/fnv"

	"k8s.io/apimachinery/pkg/api/resource"

	"runbook/engine/workload"
)

// What a pod uses that asks for nothing and of which the scenario says nothing.
const (
	idleCPU    = 40       // thousandths of a core
	idleMemory = 64 << 20 // bytes
)

// Usage is what a pod uses, and whether anybody could measure it: nothing runs in a pod that has not started or waits to start again.
func (c *Controllers) Usage(pod Object) (cpu, memory resource.Quantity, measured bool) {
	l := c.lives[uidOf(pod)]
	if l == nil || !l.running() {
		return cpu, memory, false
	}
	wantCPU, wantMemory := requests(pod)
	if wantCPU == 0 {
		wantCPU = idleCPU
	}
	if wantMemory == 0 {
		wantMemory = idleMemory
	}
	cpu = *resource.NewMilliQuantity(share(wantCPU, uidOf(pod)+"/cpu"), resource.DecimalSI)
	memory = *resource.NewQuantity(share(wantMemory, uidOf(pod)+"/memory")>>20<<20, resource.BinarySI)
	usage := Object{"cpu": l.manner.Usage.CPU, "memory": l.manner.Usage.Memory}
	if workload.Text(usage, "cpu") != "" {
		cpu = *workload.Quantity(usage, "cpu")
	}
	if workload.Text(usage, "memory") != "" {
		memory = *workload.Quantity(usage, "memory")
	}
	return cpu, memory, true
}

// share is between a half and four fifths of what a pod asks for, another one for each pod, and the same in every run.
func share(request int64, whose string) int64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(whose))
	return request * (500 + int64(h.Sum32()%300)) / 1000
}
