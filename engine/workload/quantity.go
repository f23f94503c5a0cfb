package workload

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Quantity returns the quantity at a path, zero if there is none.
func Quantity(o Object, path ...string) *resource.Quantity {
	v := Dig(o, path...)
	if v == nil {
		return &resource.Quantity{}
	}
	q, err := resource.ParseQuantity(fmt.Sprint(v))
	if err != nil {
		return &resource.Quantity{}
	}
	return &q
}

// QOSClass is a pod's class of service: which of them is evicted first when a node runs out of memory.
func QOSClass(pod Object) string {
	none, guaranteed := true, true
	for _, c := range append(Maps(pod, "spec", "initContainers"), Maps(pod, "spec", "containers")...) {
		for _, what := range []string{"cpu", "memory"} {
			limit, request := Quantity(c, "resources", "limits", what), Quantity(c, "resources", "requests", what)
			none = none && limit.IsZero() && request.IsZero()
			guaranteed = guaranteed && !limit.IsZero() && (request.IsZero() || request.Cmp(*limit) == 0)
		}
	}
	switch {
	case none:
		return "BestEffort"
	case guaranteed:
		return "Guaranteed"
	}
	return "Burstable"
}
