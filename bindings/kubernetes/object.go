package kubernetes

import (
	"encoding/json"
	"strings"

	kjson "k8s.io/apimachinery/pkg/util/json"

	"runbook/engine/action"
	"runbook/engine/workload"
)

// An object is one Kubernetes object as decoded JSON, whole numbers as int64.
type object = workload.Object

// decode reads an object as the server wrote it.
func decode(raw []byte) (object, error) {
	var o object
	if err := kjson.Unmarshal(raw, &o); err != nil {
		return nil, action.Errorf(action.CodeInternal, "the server's answer is no JSON object: %w", err)
	}
	return o, nil
}

func encode(o object) (json.RawMessage, error) {
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "the object cannot be written as JSON: %w", err)
	}
	return raw, nil
}

// rawObject is an argument of kind Object or Ref that came as an object, as JSON; nil if it is none. Secrets are for disclose.
func rawObject(v any) (json.RawMessage, error) {
	if action.HoldsSecret(v) {
		return nil, action.Errorf(action.CodeInvalid, "a secret cannot stand here").
			Try("it can be a value in what create, apply and patch are given")
	}
	switch v := v.(type) {
	case json.RawMessage:
		return v, nil
	case map[string]any:
		return encode(v)
	}
	return nil, nil
}

func nameOf(o object) string      { return workload.Text(o, "metadata", "name") }
func namespaceOf(o object) string { return workload.Text(o, "metadata", "namespace") }
func uidOf(o object) string       { return workload.Text(o, "metadata", "uid") }

func fromJSON(raw []byte, into any) error { return kjson.Unmarshal(raw, into) }
func splitPath(path string) []string      { return strings.Split(path, ".") }
