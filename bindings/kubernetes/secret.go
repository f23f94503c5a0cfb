package kubernetes

import (
	"encoding/json"

	"runbook/engine/workload"
)

const (
	concealed   = "[secret]"
	lastApplied = "kubectl.kubernetes.io/last-applied-configuration"
)

// conceal replaces the values of a Secret, also where kubectl keeps a second copy of them. Nothing that comes from a Secret leaves
// this package without it.
func conceal(o object) object {
	for _, field := range []string{"data", "stringData"} {
		values := workload.Map(o, field)
		if values == nil {
			continue
		}
		hidden := make(object, len(values))
		for key := range values {
			hidden[key] = concealed
		}
		o = workload.With(o, hidden, field)
	}
	if workload.Text(o, "metadata", "annotations", lastApplied) != "" {
		o = workload.With(o, concealed, "metadata", "annotations", lastApplied)
	}
	return o
}

// concealRaw is conceal for an object of that kind as it came from the server; one that is no Secret is returned as it is.
func concealRaw(k kind, raw json.RawMessage) (json.RawMessage, error) {
	if !k.isSecret() {
		return raw, nil
	}
	o, err := decode(raw)
	if err != nil {
		return nil, err
	}
	return encode(conceal(o))
}
