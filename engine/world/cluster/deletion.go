package cluster

import (
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"runbook/engine/workload"
)

// A deletion is how an object is to be deleted.
type deletion struct {
	options
	grace       *int64 // in seconds; nil for the object's own
	propagation metav1.DeletionPropagation
	uid         string // of the object that is meant; empty for any
	version     string
}

// deletion reads the options of a DELETE. Where there is a body they stand in it, and the query does not count.
func (q *request) deletion() (deletion, error) {
	var o metav1.DeleteOptions
	if len(q.body) > 0 {
		body, err := decodeAny(q.http.Header.Get("Content-Type"), q.body)
		if err != nil {
			return deletion{}, err
		}
		if kind := workload.Text(body, "kind"); kind != "" && kind != "DeleteOptions" {
			return deletion{}, apierrors.NewBadRequest("decoded object cannot be converted to DeleteOptions")
		}
		if err := fromMap(body, &o); err != nil {
			return deletion{}, apierrors.NewBadRequest(err.Error())
		}
	} else if err := metav1.Convert_url_Values_To_v1_DeleteOptions(&q.query, &o, nil); err != nil {
		return deletion{}, apierrors.NewBadRequest(err.Error())
	}
	return q.deletionOf(o)
}

func (q *request) deletionOf(o metav1.DeleteOptions) (deletion, error) {
	if errs := validation.ValidateDeleteOptions(&o); len(errs) > 0 {
		return deletion{}, apierrors.NewInvalid(schema.GroupKind{Group: metav1.GroupName, Kind: "DeleteOptions"}, "", errs)
	}
	d := deletion{options: q.options(o.DryRun, "", "", false), grace: o.GracePeriodSeconds}
	if o.PropagationPolicy != nil {
		d.propagation = *o.PropagationPolicy
	} else if o.OrphanDependents != nil { //nolint:staticcheck // old clients still say it
		d.propagation = background
		if *o.OrphanDependents { //nolint:staticcheck // old clients still say it
			d.propagation = orphan
		}
	}
	if p := o.Preconditions; p != nil {
		if p.UID != nil {
			d.uid = string(*p.UID)
		}
		if p.ResourceVersion != nil {
			d.version = *p.ResourceVersion
		}
	}
	return d, nil
}
