package workload

import (
	"slices"
	"time"
)

// Condition returns the condition of that type in an object's status, nil if it has none.
func Condition(o Object, kind string) Object {
	for _, c := range Maps(o, "status", "conditions") {
		if c["type"] == kind {
			return c
		}
	}
	return nil
}

// WithCondition returns o with that condition in its status. The time of its last transition moves only if its status does.
func WithCondition(o Object, kind, status, reason string, now time.Time) Object {
	return SetCondition(o, kind, status, reason, "", now)
}

// SetCondition is WithCondition with a message for people. As the controllers of Kubernetes do it, a condition that has the same
// status and reason stays as it is, and one that changes goes to the end.
func SetCondition(o Object, kind, status, reason, message string, now time.Time) Object {
	old := Condition(o, kind)
	if old != nil && old["status"] == status && old["reason"] == reason {
		return o
	}
	fresh := Object{"type": kind, "status": status, "reason": reason, "lastTransitionTime": stamp(now)}
	if message != "" {
		fresh["message"] = message
	}
	if Text(o, "kind") == "Deployment" {
		fresh["lastUpdateTime"] = stamp(now)
	}
	if old != nil && old["status"] == status {
		fresh["lastTransitionTime"] = old["lastTransitionTime"]
	}
	conditions, _ := Dig(WithoutCondition(o, kind), "status", "conditions").([]any)
	return With(o, append(slices.Clone(conditions), fresh), "status", "conditions")
}

// WithoutCondition returns o without conditions of that type in its status.
func WithoutCondition(o Object, kind string) Object {
	if Condition(o, kind) == nil {
		return o
	}
	kept := []any{}
	for _, c := range Maps(o, "status", "conditions") {
		if c["type"] != kind {
			kept = append(kept, c)
		}
	}
	if len(kept) == 0 {
		return With(o, nil, "status", "conditions")
	}
	return With(o, kept, "status", "conditions")
}
