package kubernetes

import (
	"encoding/json"
	"slices"

	"github.com/tidwall/gjson"

	"runbook/engine/action"
)

// glance decodes of an object only what row and failing look at. Most of a pod is who manages which field, and how its containers
// are configured: for a table of thousands of pods, decoding that too would take most of the time.
func glance(raw json.RawMessage) (object, error) {
	whole := gjson.Parse(textOf(raw)) // nobody changes the text of an object
	if !whole.IsObject() {
		return nil, action.Errorf(action.CodeInvalid, "this is no Kubernetes object")
	}
	o := object{}
	whole.ForEach(func(key, value gjson.Result) bool {
		switch key.String() {
		case "metadata":
			o["metadata"] = pick(value, "name", "namespace", "creationTimestamp", "deletionTimestamp", "labels")
		case "spec":
			spec := pick(value, "nodeName", "replicas", "unschedulable")
			for _, field := range []string{"containers", "initContainers"} {
				spec[field] = pickEach(value.Get(field), "name", "restartPolicy")
			}
			o["spec"] = spec
		case "data", "stringData", "binaryData":
			// A config map's content is in no column.
		default:
			o[key.String()] = value.Value()
		}
		return true
	})
	return o, nil
}

func pick(value gjson.Result, names ...string) object {
	out := object{}
	value.ForEach(func(key, member gjson.Result) bool {
		if slices.Contains(names, key.String()) {
			out[key.String()] = member.Value()
		}
		return true
	})
	return out
}

func pickEach(list gjson.Result, names ...string) []any {
	var out []any
	list.ForEach(func(_, item gjson.Result) bool {
		out = append(out, pick(item, names...))
		return true
	})
	return out
}
