package kubernetes

import (
	"encoding/json"
	"net/http"
	"net/url"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"

	"runbook/engine/action"
	"runbook/engine/workload"
)

// A patch is a change of one object as it is sent: one of the four kinds that an API server takes. The zero patch changes nothing.
type patch struct {
	how     types.PatchType
	body    any    // an object; of a JSON patch the list of its operations
	manager string // owner of the fields; empty for the program's own
	force   bool   // of an apply: takes over the fields that other managers keep
}

func mergePatch(body object) patch { return patch{how: types.MergePatchType, body: body} }

// over is the patch for this very state of an object: the server refuses it for any other. The fields are those that the server compares
// wherever they come from; an object that is not there has none.
func (p patch) over(o object) patch {
	if o == nil {
		return p
	}
	for _, field := range []string{"uid", "resourceVersion"} {
		value := workload.Text(o, "metadata", field)
		switch body := p.body.(type) {
		case object:
			p.body = workload.With(body, value, "metadata", field)
		case []any:
			test := object{"op": "replace", "path": "/metadata/" + field, "value": value}
			p.body = append([]any{test}, body...)
		}
	}
	return p
}

// request is the PATCH of an object, or of a part of it.
func (p patch) request(of address, part, purpose, manager string, dryRun bool) (request, error) {
	body, err := json.Marshal(p.body)
	if err != nil {
		return request{}, action.Errorf(action.CodeInvalid, "the patch cannot be written as JSON: %w", err)
	}
	r := of.request(http.MethodPatch, "patch", purpose)
	if part != "" {
		r.verb, r.path = "patch "+part, of.path(part)
	}
	// A misspelt field is an error, not silently dropped.
	r.query = url.Values{"fieldManager": {manager}, "fieldValidation": {"Strict"}}
	if p.force {
		r.query.Set("force", "true")
	}
	if dryRun {
		r.query.Set("dryRun", "All")
	}
	r.body, r.contentType, r.mutates = body, string(p.how), !dryRun
	return r, nil
}

// on is the object after the patch as we work it out ourselves, where no server can be asked. What it fills in and counts follows the
// server, but nothing is validated.
func (p patch) on(k kind, o object) (object, error) {
	after, err := p.merged(k, o)
	if err != nil {
		return nil, action.Errorf(action.CodeRejected, "the patch does not fit: %w", err)
	}
	return workload.Revised(o, workload.Defaulted(k.stored(after))), nil
}

func (p patch) merged(k kind, o object) (object, error) {
	body, isObject := p.body.(object)
	switch {
	case p.body == nil:
		return o, nil
	case p.how == types.JSONPatchType:
		return operated(o, p.body)
	case isObject && p.how == types.MergePatchType:
		return workload.Merge(o, body), nil
	}
	typed, known := k.typed()
	if !known {
		return workload.Merge(o, body), nil
	}
	return strategicpatch.StrategicMergeMapPatch(workload.Clone(o), workload.Clone(body), typed)
}

func operated(o object, operations any) (object, error) {
	raw, err := json.Marshal(operations)
	if err != nil {
		return nil, err
	}
	patch, err := jsonpatch.DecodePatch(raw)
	if err != nil {
		return nil, err
	}
	before, err := encode(o)
	if err != nil {
		return nil, err
	}
	after, err := patch.Apply(before)
	if err != nil {
		return nil, err
	}
	return decode(after)
}

// typed is a value of the kind's Go type, in which it stands how its lists are merged. Kinds that a cluster was taught have none.
func (k kind) typed() (any, bool) {
	typed, err := scheme.Scheme.New(schema.GroupVersionKind{Group: k.group, Version: k.version, Kind: k.name})
	return typed, err == nil
}
