package cluster

import (
	"errors"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// post creates the object of a request's body.
func (c *Cluster) post(q *request) (answer, error) {
	opts, err := q.createOptions()
	if err != nil {
		return answer{}, err
	}
	o, warnings, err := q.kind.decode(q.http.Header.Get("Content-Type"), q.body, opts.validation)
	if err != nil {
		return answer{}, err
	}
	made, err := c.create(q.kind, q.key().Namespace, o, opts)
	if err != nil {
		return answer{}, err
	}
	a := q.found(http.StatusCreated, made)
	a.warnings = warnings
	return a, nil
}

// create makes a new object of a tidy one. A dry run does all but store it.
func (c *Cluster) create(k *kind, namespace string, o Object, opts options) (Object, error) {
	o, err := c.placed(k, namespace, o, opts)
	if err != nil {
		return nil, err
	}
	if workload.Text(o, "metadata", "resourceVersion") != "" {
		return nil, errors.New("resourceVersion should not be set on objects to be created")
	}
	if err := c.habitable(k, o); err != nil {
		return nil, err
	}
	if err := c.accounted(k, o); err != nil {
		return nil, err
	}
	if !opts.applied {
		o = workload.With(o, nil, "metadata", "managedFields")
	}
	if o, err = c.admitted(k, c.store.Stamped(k.fresh(o), k.generations()), opts); err != nil {
		return nil, err
	}
	if err := k.validate(o, nil); err != nil {
		return nil, err
	}
	key := store.KeyOf(k.canonical(), o)
	if there := c.store.Get(key); there != nil {
		return nil, k.taken(there)
	}
	if o, err = c.owned(k, "", nil, o, opts); err != nil || opts.dryRun {
		return o, err
	}
	made := c.store.Create(k.canonical(), o)
	c.written(k, key)
	return made, nil
}

// taken says that a name is another object's.
func (k *kind) taken(by Object) error {
	e := apierrors.NewAlreadyExists(k.groupResource(), nameOf(by))
	if workload.Text(by, "metadata", "deletionTimestamp") != "" {
		e.ErrStatus.Message = "object is being deleted: " + e.ErrStatus.Message
	}
	return e
}

// placed is the object where the request wants it, under a name.
func (c *Cluster) placed(k *kind, namespace string, o Object, opts options) (Object, error) {
	o, err := k.in(namespace, o)
	if err != nil || nameOf(o) != "" {
		return o, err
	}
	prefix := workload.Text(o, "metadata", "generateName")
	if prefix == "" {
		return o, nil // validation says that there is no name
	}
	const longest = 63 - 5
	return workload.With(o, prefix[:min(len(prefix), longest)]+c.suffix(prefix, opts.dryRun), "metadata", "name"), nil
}

// in is the object with the namespace of a request, if it does not claim another one.
func (k *kind) in(namespace string, o Object) (Object, error) {
	switch claimed := namespaceOf(o); {
	case !k.namespaced && claimed != "":
		return nil, apierrors.NewBadRequest("namespace may not be set on cluster-scoped objects")
	case claimed != "" && claimed != namespace:
		return nil, apierrors.NewBadRequest("the namespace of the provided object does not match the namespace sent on the request")
	case !k.namespaced:
		return o, nil
	}
	return workload.With(o, namespace, "metadata", "namespace"), nil
}

// habitable refuses to create something in a namespace that is not there, or is going away.
func (c *Cluster) habitable(k *kind, o Object) error {
	if !k.namespaced {
		return nil
	}
	name := namespaceOf(o)
	namespace := c.store.Get(store.Key{Resource: "namespaces", Name: name})
	if namespace == nil {
		return apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, name)
	}
	if workload.Text(namespace, "metadata", "deletionTimestamp") == "" {
		return nil
	}
	e := apierrors.NewForbidden(k.groupResource(), nameOf(o), fmt.Errorf("unable to create new content in namespace %s because it is being terminated", name))
	e.ErrStatus.Details.Causes = []metav1.StatusCause{{
		Type: "NamespaceTerminating", Message: fmt.Sprintf("namespace %s is being terminated", name), Field: "metadata.namespace",
	}}
	return e
}

// accounted refuses a pod that wants to run as a service account that is not there. The default one may come after it: a scenario's
// namespaces and pods are there at once.
func (c *Cluster) accounted(k *kind, o Object) error {
	account := workload.Text(o, "spec", "serviceAccountName")
	if k.canonical() != "pods" || account == "" || account == "default" {
		return nil
	}
	if c.store.Get(store.Key{Resource: "serviceaccounts", Namespace: namespaceOf(o), Name: account}) != nil {
		return nil
	}
	return apierrors.NewForbidden(k.groupResource(), nameOf(o), fmt.Errorf("error looking up service account %s/%s: serviceaccount %q not found",
		namespaceOf(o), account, account))
}

// fresh is the object without what only the server or a controller writes.
func (k *kind) fresh(o Object) Object {
	for _, field := range []string{"uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink"} {
		o = workload.With(o, nil, "metadata", field)
	}
	if !k.is(statusTrait) || k.canonical() == "nodes" { // a kubelet creates its node with all that it knows
		return o
	}
	return workload.With(o, nil, "status")
}

// owned is the object with the owners of its fields.
func (c *Cluster) owned(k *kind, subresource string, live, o Object, opts options) (Object, error) {
	if opts.applied {
		return o, nil
	}
	return c.owners.Update(k.kept(), live, o, opts.write(subresource, c.store.Now()))
}

// written lets everybody notice that an object of the kind was stored or deleted.
func (c *Cluster) written(k *kind, key store.Key) {
	if k.canonical() == definitions {
		c.establish(key)
		c.withdraw(key)
	}
	c.cfg.Life.React()
}
