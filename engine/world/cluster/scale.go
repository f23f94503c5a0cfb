package cluster

import (
	"errors"
	"fmt"
	"net/http"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"runbook/engine/workload"
)

// scaling says where a kind keeps its number of replicas.
type scaling struct{ spec, status, selector []string }

// replicas is where the built-in kinds keep it.
var replicas = &scaling{spec: []string{"spec", "replicas"}, status: []string{"status", "replicas"}}

// scaleKind is what the subresource consists of.
var scaleKind = &kind{group: "autoscaling", version: "v1", resource: "scales", name: "Scale", namespaced: true}

// scaleOf is the subresource of an object.
func (k *kind) scaleOf(o Object) Object {
	wanted, _ := workload.Int(o, k.scale.spec...)
	present, _ := workload.Int(o, k.scale.status...)
	spec, status := Object{}, Object{"replicas": present}
	if wanted != 0 {
		spec["replicas"] = wanted
	}
	if text := k.selectorText(o); text != "" {
		status["selector"] = text
	}
	metadata := Object{}
	for _, field := range []string{"name", "namespace", "uid", "resourceVersion", "creationTimestamp"} {
		if v := workload.Dig(o, "metadata", field); v != nil {
			metadata[field] = v
		}
	}
	return Object{"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": spec, "status": status}
}

// selectorText is the selector of a workload's pods as text.
func (k *kind) selectorText(o Object) string {
	if k.custom != nil {
		return workload.Text(o, k.scale.selector...)
	}
	if k.canonical() == "replicationcontrollers" {
		return labelsOf(o, "spec", "selector").String()
	}
	var written metav1.LabelSelector
	if fromMap(workload.Map(o, "spec", "selector"), &written) != nil {
		return ""
	}
	return metav1.FormatLabelSelector(&written)
}

func (c *Cluster) getScale(q *request) (answer, error) {
	o := c.store.Get(q.key())
	if o == nil {
		return answer{}, q.absent()
	}
	return q.foundScale(o), nil
}

func (q *request) foundScale(o Object) answer {
	return answer{code: http.StatusOK, object: q.form.one(scaleKind, q.kind.scaleOf(o))}
}

// putScale replaces the subresource.
func (c *Cluster) putScale(q *request) (answer, error) {
	opts, err := q.updateOptions()
	if err != nil {
		return answer{}, err
	}
	wanted, warnings, err := scaleKind.decode(q.http.Header.Get("Content-Type"), q.body, opts.validation)
	if err != nil {
		return answer{}, err
	}
	if wanted, err = scaleKind.in(q.call.Namespace, wanted); err != nil {
		return answer{}, err
	}
	if name := nameOf(wanted); name != q.call.Name {
		return answer{}, misnamed(name, q.call.Name)
	}
	a, err := c.rescale(q, opts, func(Object) (Object, error) { return wanted, nil })
	a.warnings = warnings
	return a, err
}

// patchScale patches the subresource.
func (c *Cluster) patchScale(q *request) (answer, error) {
	kind, err := q.patchType()
	if err != nil {
		return answer{}, err
	}
	opts, err := q.patchOptions(kind)
	if err != nil {
		return answer{}, err
	}
	if kind == types.ApplyYAMLPatchType {
		return c.applyScale(q, opts)
	}
	var warnings []string
	a, err := c.rescale(q, opts, func(scale Object) (Object, error) {
		o, err := patched(scaleKind, kind, scale, q.body)
		if err != nil {
			return nil, err
		}
		o, warnings, err = scaleKind.tidyPatched(o, kind, q.body, opts.validation)
		return o, err
	})
	a.warnings = warnings
	return a, err
}

// applyScale applies the subresource, which means the field of the object that it stands for.
func (c *Cluster) applyScale(q *request, opts options) (answer, error) {
	applied, err := decodeMap(q.body)
	if err != nil {
		return answer{}, apierrors.NewBadRequest(fmt.Sprintf("error decoding YAML: %v", err))
	}
	wanted, ok := workload.Int(applied, "spec", "replicas")
	if !ok {
		return answer{}, apierrors.NewBadRequest("spec.replicas is required")
	}
	o := workload.With(Object{
		"apiVersion": q.kind.groupVersion().String(), "kind": q.kind.name, "metadata": Object{"name": q.call.Name, "namespace": q.call.Namespace},
	}, wanted, q.kind.scale.spec...)
	live := c.store.Get(q.key())
	if live == nil {
		return answer{}, q.absent()
	}
	next, _, err := c.applyTo(q.kind, q.key(), "scale", o, opts)
	if err != nil {
		return answer{}, err
	}
	return q.foundScale(next), nil
}

// rescale changes an object by a change of its subresource.
func (c *Cluster) rescale(q *request, opts options, change func(Object) (Object, error)) (answer, error) {
	next, err := c.update(q.kind, q.key(), "scale", opts, func(live Object) (Object, error) {
		scale, err := change(q.kind.scaleOf(live))
		if err != nil {
			return nil, err
		}
		return q.rescaled(live, scale)
	})
	if err != nil {
		return answer{}, err
	}
	return q.foundScale(next), nil
}

func (q *request) rescaled(live, scale Object) (Object, error) {
	var typed autoscalingv1.Scale
	if err := fromMap(scale, &typed); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	if typed.Spec.Replicas < 0 {
		return nil, apierrors.NewInvalid(scaleKind.groupKind(), q.call.Name, field.ErrorList{
			field.Invalid(field.NewPath("spec", "replicas"), typed.Spec.Replicas, "must be greater than or equal to 0"),
		})
	}
	if uid := uidOf(live); typed.UID != "" && string(typed.UID) != uid {
		gr := q.kind.groupResource()
		gr.Resource += "/scale"
		return nil, apierrors.NewConflict(gr, q.call.Name,
			errors.New("Precondition failed: UID in precondition: "+string(typed.UID)+", UID in object meta: "+uid))
	}
	o := workload.With(live, int64(typed.Spec.Replicas), q.kind.scale.spec...)
	if typed.ResourceVersion == "" {
		return o, nil
	}
	return workload.With(o, typed.ResourceVersion, "metadata", "resourceVersion"), nil
}
