package controller

import (
	"fmt"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"runbook/engine/workload"
)

// selects tells whether the selector of an owner, a service or a budget takes the object. One that is empty takes nothing, except that
// of a budget.
func selects(owner, o Object) bool {
	if owner == nil || namespaceOf(owner) != namespaceOf(o) {
		return false
	}
	selector := selectorOf(owner)
	everything := workload.Text(owner, "kind") == "PodDisruptionBudget" && workload.Map(owner, "spec", "selector") != nil
	return (everything || !selector.Empty()) && selector.Matches(labelsOf(o))
}

// selectorOf reads both forms of a selector: with matchLabels and matchExpressions, and as a bare map. One that cannot be read, which an
// API server would have refused, takes nothing.
func selectorOf(owner Object) labels.Selector {
	written := workload.Map(owner, "spec", "selector")
	switch workload.Text(owner, "kind") {
	case "Service", "ReplicationController":
		return labels.SelectorFromSet(textsOf(written))
	}
	selector := labels.SelectorFromSet(textsOf(workload.Map(written, "matchLabels")))
	requirements, err := requirementsOf(workload.Maps(written, "matchExpressions"))
	if err != nil {
		return labels.Nothing()
	}
	return selector.Add(requirements...)
}

// operators are those of selectors and of node affinities.
var operators = map[string]selection.Operator{
	"In": selection.In, "NotIn": selection.NotIn, "Exists": selection.Exists, "DoesNotExist": selection.DoesNotExist,
	"Gt": selection.GreaterThan, "Lt": selection.LessThan,
}

func requirementsOf(expressions []Object) ([]labels.Requirement, error) {
	var out []labels.Requirement
	for _, e := range expressions {
		var values []string
		list, _ := e["values"].([]any)
		for _, v := range list {
			values = append(values, fmt.Sprint(v))
		}
		r, err := labels.NewRequirement(workload.Text(e, "key"), operators[workload.Text(e, "operator")], values)
		if err != nil {
			return nil, err
		}
		out = append(out, *r)
	}
	return out, nil
}

func labelsOf(o Object) labels.Set { return textsOf(workload.Map(o, "metadata", "labels")) }

func textsOf(m Object) labels.Set {
	out := make(labels.Set, len(m))
	for k := range m {
		out[k] = workload.Text(m, k)
	}
	return out
}
