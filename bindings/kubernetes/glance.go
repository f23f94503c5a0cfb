package kubernetes

import (
	"encoding/json"
	"slices"

	"github.com/tidwall/gjson"

	"runbook/engine/action"
)

// glance decodes of an object only what row, failing and trouble look at. Most of a pod is who manages which field, and how its
// containers are configured: for a table of thousands of pods, decoding that too would take most of the time. Of what is in a config map,
// only the names are seen.
func glance(raw json.RawMessage) (object, error) {
	whole := gjson.Parse(textOf(raw)) // nobody changes the text of an object
	if !whole.IsObject() {
		return nil, action.Errorf(action.CodeInvalid, "this is no Kubernetes object")
	}
	isPod := whole.Get("kind").String() == "Pod"
	o := object{}
	whole.ForEach(func(key, value gjson.Result) bool {
		switch name := key.String(); name {
		case "metadata":
			o["metadata"] = pick(value, glanced...)
			if !isPod {
				o["metadata"] = pick(value, append(glanced, "annotations")...)
			}
		case "spec":
			o["spec"] = value.Value()
			if isPod {
				o["spec"] = podSpec(value)
			}
		case "data", "stringData", "binaryData":
			o[name] = names(value)
		default:
			o[name] = value.Value()
		}
		return true
	})
	return o, nil
}

// glanced is what is looked at of metadata.
var glanced = []string{"name", "namespace", "creationTimestamp", "deletionTimestamp", "finalizers", "labels"}

func podSpec(value gjson.Result) object {
	spec := pick(value, "nodeName", "readinessGates")
	for _, field := range []string{"containers", "initContainers"} {
		spec[field] = pickEach(value.Get(field), "name", "restartPolicy")
	}
	return spec
}

// names is an object with the names of another, and no values.
func names(value gjson.Result) object {
	out := object{}
	value.ForEach(func(key, _ gjson.Result) bool {
		out[key.String()] = true
		return true
	})
	return out
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
