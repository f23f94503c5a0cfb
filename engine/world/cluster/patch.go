package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	kjson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/kubernetes/scheme"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// patch changes an object by one of four kinds of patch.
func (c *Cluster) patch(q *request, subresource string) (answer, error) {
	kind, err := q.patchType()
	if err != nil {
		return answer{}, err
	}
	opts, err := q.patchOptions(kind)
	if err != nil {
		return answer{}, err
	}
	if kind == types.ApplyYAMLPatchType {
		return c.applyPatch(q, subresource, opts)
	}
	var warnings []string
	next, err := c.update(q.kind, q.key(), subresource, opts, func(live Object) (Object, error) {
		patched, err := patched(q.kind, kind, live, q.body)
		if err != nil {
			return nil, err
		}
		var o Object
		o, warnings, err = q.kind.tidyPatched(patched, kind, q.body, opts.validation)
		if err == nil && nameOf(o) != q.call.Name {
			err = misnamed(nameOf(o), q.call.Name)
		}
		return o, err
	})
	if err != nil {
		return answer{}, err
	}
	a := q.found(http.StatusOK, next)
	a.warnings = warnings
	return a, nil
}

// patchType is the kind of patch, if objects of the kind can be patched so.
func (q *request) patchType() (types.PatchType, error) {
	accepted := []string{string(types.JSONPatchType), string(types.MergePatchType), string(types.ApplyYAMLPatchType)}
	if q.kind == nil || q.kind.typed() {
		accepted = append(accepted[:2:2], string(types.StrategicMergePatchType), string(types.ApplyYAMLPatchType))
	}
	media, _, err := mime.ParseMediaType(q.http.Header.Get("Content-Type"))
	if err == nil {
		for _, known := range accepted {
			if media == known {
				return types.PatchType(media), nil
			}
		}
	}
	if q.kind == nil || q.kind.custom == nil {
		return "", unrouted(http.StatusUnsupportedMediaType, "415: Unsupported Media Type")
	}
	return "", unsupported(accepted)
}

// patched is an object as a patch leaves it, untidied.
func patched(k *kind, kind types.PatchType, live Object, patch []byte) (Object, error) {
	if kind == types.JSONPatchType {
		return jsonPatched(live, patch)
	}
	var wanted Object
	if !json.Valid(patch) {
		return nil, apierrors.NewBadRequest("invalid JSON patch")
	}
	if err := kjson.Unmarshal(patch, &wanted); err != nil {
		return nil, apierrors.NewBadRequest("error decoding patch: " + err.Error())
	}
	if kind == types.MergePatchType {
		return workload.Merge(live, wanted), nil
	}
	return k.merged(live, wanted)
}

// merged is an object after a strategic merge patch; after a JSON merge patch where nothing is known of the kind's lists.
func (k *kind) merged(live, patch Object) (Object, error) {
	typed, err := scheme.Scheme.New(k.gvk())
	if err != nil {
		return workload.Merge(live, patch), nil
	}
	return strategic(live, patch, typed)
}

func strategic(live, patch Object, typed any) (Object, error) {
	out, err := strategicpatch.StrategicMergeMapPatch(workload.Clone(live), patch, typed)
	if err != nil {
		return nil, rejected(err)
	}
	return out, nil
}

// threeWay is an object after a manifest takes the place of the one before, as kubectl apply works it out.
func (k *kind) threeWay(before, after, live Object) (Object, error) {
	var raws [3][]byte
	for i, o := range []Object{before, after, live} {
		var err error
		if raws[i], err = json.Marshal(o); err != nil {
			return nil, err
		}
	}
	var patch []byte
	kind := types.MergePatchType
	typed, err := scheme.Scheme.New(k.gvk())
	if err != nil {
		patch, err = jsonmergepatch.CreateThreeWayJSONMergePatch(raws[0], raws[1], raws[2])
	} else {
		kind = types.StrategicMergePatchType
		var meta strategicpatch.LookupPatchMeta
		if meta, err = strategicpatch.NewPatchMetaFromStruct(typed); err == nil {
			patch, err = strategicpatch.CreateThreeWayMergePatch(raws[0], raws[1], raws[2], meta, true)
		}
	}
	if err != nil {
		return nil, err
	}
	return patched(k, kind, live, patch)
}

func jsonPatched(live Object, patch []byte) (Object, error) {
	operations, err := jsonpatch.DecodePatch(patch)
	if err != nil {
		return nil, apierrors.NewBadRequest("error decoding patch: " + strings.ReplaceAll(err.Error(), "jsonpatch.Patch", "[]handlers.jsonPatchOp"))
	}
	raw, err := json.Marshal(live)
	if err == nil {
		raw, err = operations.Apply(raw)
	}
	if err != nil {
		return nil, rejected(err)
	}
	var out Object
	if err := kjson.Unmarshal(raw, &out); err != nil {
		return nil, rejected(err)
	}
	return out, nil
}

// rejected says that a patch does not fit what it is for.
func rejected(err error) error {
	return apierrors.NewGenericServerResponse(http.StatusUnprocessableEntity, "", schema.GroupResource{}, "", err.Error(), 0, false)
}

// tidyPatched is a patched object in the form of its kind. What does not fit is the patch's fault.
func (k *kind) tidyPatched(o Object, how types.PatchType, patch []byte, validation string) (Object, []string, error) {
	tidy, warnings, err := k.tidyAs(o, validation)
	if err == nil {
		return tidy, warnings, nil
	}
	var cause unhandled
	if errors.As(err, &cause) {
		err = cause.cause
	}
	return nil, nil, apierrors.NewInvalid(schema.GroupKind{}, "", field.ErrorList{
		field.Invalid(field.NewPath("patch"), quoted(o, how, patch), err.Error()),
	})
}

// quoted is what an error about a patch shows: the patch itself if it is a strategic one, else what it made of the object.
func quoted(o Object, how types.PatchType, patch []byte) string {
	if how == types.StrategicMergePatchType {
		var decoded Object
		if kjson.Unmarshal(patch, &decoded) == nil {
			return fmt.Sprintf("%+v", decoded)
		}
	}
	if raw, err := json.Marshal(o); err == nil {
		return string(raw)
	}
	return string(patch)
}

// applyPatch is server-side apply.
func (c *Cluster) applyPatch(q *request, subresource string, opts options) (answer, error) {
	applied, err := decodeMap(q.body)
	if err != nil {
		return answer{}, apierrors.NewBadRequest(fmt.Sprintf("error decoding YAML: %v", err))
	}
	if applied["kind"] != q.kind.name || applied["apiVersion"] != q.kind.groupVersion().String() {
		gvk := schema.FromAPIVersionAndKind(workload.Text(applied, "apiVersion"), workload.Text(applied, "kind"))
		return answer{}, apierrors.NewBadRequest("invalid object type: " + gvk.String())
	}
	_, warnings, err := q.kind.tidyAs(applied, opts.validation)
	if err != nil {
		return answer{}, err
	}
	if applied, err = q.kind.in(q.key().Namespace, applied); err != nil {
		return answer{}, err
	}
	if name := nameOf(applied); name != q.call.Name {
		return answer{}, misnamed(name, q.call.Name)
	}
	if workload.Dig(applied, "metadata", "managedFields") != nil {
		return answer{}, apierrors.NewBadRequest("metadata.managedFields must be nil")
	}
	code := http.StatusOK
	next, created, err := c.applyTo(q.kind, q.key(), subresource, applied, opts)
	if err != nil {
		return answer{}, err
	}
	if created {
		code = http.StatusCreated
	}
	a := q.found(code, next)
	a.warnings = warnings
	return a, nil
}

// applyTo merges what is applied into an object, or makes it.
func (c *Cluster) applyTo(k *kind, key store.Key, subresource string, applied Object, opts options) (next Object, created bool, err error) {
	opts.applied = true
	live := c.store.Get(key)
	switch {
	case live == nil && subresource != "":
		return nil, false, apierrors.NewNotFound(k.groupResource(), key.Name)
	case live == nil && uidOf(applied) != "":
		return nil, false, apierrors.NewConflict(k.groupResource(), key.Name,
			errors.New("uid mismatch: the provided object specified uid "+uidOf(applied)+", and no existing object was found"))
	}
	merged, err := c.owners.Apply(k.kept(), live, applied, opts.write(subresource, c.store.Now()))
	if err == nil {
		merged, err = k.tidy(merged)
	}
	if err != nil {
		return nil, false, err
	}
	if live == nil {
		merged = workload.With(merged, nil, "metadata", "resourceVersion")
		next, err = c.create(k, key.Namespace, merged, opts)
		return next, true, err
	}
	next, err = c.update(k, key, subresource, opts, func(Object) (Object, error) { return merged, nil })
	return next, false, err
}
