package kubernetes

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"runbook/engine/action"
	"runbook/engine/workload"
)

// verticalScalers are no part of Kubernetes: most clusters have none.
var verticalScalers = kind{group: "autoscaling.k8s.io", version: "v1", resource: "verticalpodautoscalers", name: "VerticalPodAutoscaler", namespaced: true}

// verticalAutoscalers warns of those that decide what the target's containers request.
func (b *binding) verticalAutoscalers(ctx context.Context, view action.View, c contest) (warnings []string, err error) {
	all, err := b.objects(ctx, view, listing{kind: verticalScalers, namespace: c.of.namespace})
	switch {
	case action.CodeOf(err) == action.CodeNotFound:
		return nil, nil
	case err != nil:
		return nil, err
	}
	for _, scaler := range all {
		ignored := slices.DeleteFunc(c.resources(), func(path fieldPath) bool { return !sizes(scaler, path) })
		if targets(workload.Map(scaler, "spec", "targetRef"), c.of) && len(ignored) > 0 {
			warnings = append(warnings, fmt.Sprintf(
				"the vertical autoscaler %s gives the pods other values than %s: change its resourcePolicy instead", nameOf(scaler), spelt(ignored)))
		}
	}
	return warnings, nil
}

// Where in a template a container's resources are: spec, template, spec, containers, the container, resources, requests or limits.
const (
	containerStep = 4
	resourcesStep = 5
	amountStep    = 6
)

// resources are the written fields that say what containers request and may use.
func (c contest) resources() (out []fieldPath) {
	for _, path := range c.paths {
		if len(path) > resourcesStep && path[resourcesStep].name == "resources" && path[containerStep].element {
			out = append(out, path)
		}
	}
	return out
}

// sizes tells whether an autoscaler decides about a field of a container's resources, by its policies: see
// https://github.com/kubernetes/autoscaler/blob/master/vertical-pod-autoscaler/docs/api.md.
func sizes(scaler object, path fieldPath) bool {
	if workload.Text(scaler, "spec", "updatePolicy", "updateMode") == "Off" {
		return false
	}
	policies := workload.Maps(scaler, "spec", "resourcePolicy", "containerPolicies")
	policyFor := func(container string) object {
		at := slices.IndexFunc(policies, func(p object) bool { return workload.Text(p, "containerName") == container })
		if at < 0 {
			return nil
		}
		return policies[at]
	}
	policy := policyFor(path[containerStep].name)
	if policy == nil {
		policy = policyFor("*")
	}
	if workload.Text(policy, "mode") == "Off" {
		return false
	}
	values := cmp.Or(workload.Text(policy, "controlledValues"), "RequestsAndLimits")
	return values == "RequestsAndLimits" || len(path) <= amountStep || path[amountStep].name != "limits"
}
