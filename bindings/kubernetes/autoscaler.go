package kubernetes

import (
	"context"
	"fmt"

	"runbook/engine/action"
	"runbook/engine/workload"
)

// autoscalers warns of those that scale the target, KEDA's included: they are HorizontalPodAutoscalers too.
func (b *binding) autoscalers(ctx context.Context, view action.View, c contest) (warnings []string, err error) {
	all, err := b.objects(ctx, view, listing{kind: mustBuiltin("horizontalpodautoscalers"), namespace: c.of.namespace})
	if err != nil {
		return nil, err
	}
	for _, scaler := range all {
		if targets(workload.Map(scaler, "spec", "scaleTargetRef"), c.of) {
			warnings = append(warnings, autoscales(scaler, workload.Replicas(c.after)))
		}
	}
	return warnings, nil
}

// targets tells whether an autoscaler's reference is to an object.
func targets(ref object, of address) bool {
	named, err := groupOf(workload.Text(ref, "apiVersion"))
	return err == nil && named == of.kind.group && workload.Text(ref, "kind") == of.kind.name && workload.Text(ref, "name") == of.name
}

// autoscales says what an autoscaler does about a wish for n pods. One that finds none wanted leaves it at that.
func autoscales(scaler object, n int64) string {
	low, given := workload.Int(scaler, "spec", "minReplicas")
	if !given {
		low = 1
	}
	high, _ := workload.Int(scaler, "spec", "maxReplicas")
	who := fmt.Sprintf("the autoscaler %s (%d to %d replicas)", nameOf(scaler), low, high)
	change := ""
	if made := madeFrom(scaler); made != "" {
		change = " of the " + made + ", from which it is made,"
	}
	switch {
	case n == 0 && low > 0:
		return who + " does nothing while 0 are wanted, and scales again once somebody wants more"
	case n < low:
		return fmt.Sprintf("%s will bring it back to %d: lower the minimum%s instead", who, low, change)
	case n > high:
		return fmt.Sprintf("%s will bring it back to %d: raise the maximum%s instead", who, high, change)
	}
	return fmt.Sprintf("%s will change it again as its metrics ask: to keep %d, set the minimum%s to it", who, n, change)
}

// madeFrom is what an autoscaler is made from, such as a ScaledObject of KEDA.
func madeFrom(scaler object) string {
	if ref := workload.Controller(scaler); ref != nil {
		return workload.Text(ref, "kind") + " " + workload.Text(ref, "name")
	}
	if name := workload.Text(scaler, "metadata", "labels", "scaledobject.keda.sh/name"); name != "" {
		return "ScaledObject " + name
	}
	return ""
}
