package cluster

import (
	"errors"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// put replaces an object by that of a request's body.
func (c *Cluster) put(q *request, subresource string) (answer, error) {
	opts, err := q.updateOptions()
	if err != nil {
		return answer{}, err
	}
	o, warnings, err := q.kind.decode(q.http.Header.Get("Content-Type"), q.body, opts.validation)
	if err != nil {
		return answer{}, err
	}
	if o, err = q.kind.in(q.key().Namespace, o); err != nil {
		return answer{}, err
	}
	if name := nameOf(o); name != q.call.Name {
		return answer{}, misnamed(name, q.call.Name)
	}
	next, err := c.update(q.kind, q.key(), subresource, opts, func(live Object) (Object, error) {
		if uid := uidOf(o); uid != "" && uid != uidOf(live) {
			return nil, apierrors.NewConflict(q.kind.groupResource(), q.call.Name,
				fmt.Errorf("StorageError: invalid object, Code: 4, Key: %s, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: "+
					"UID in precondition: %s, UID in object meta: %s", q.kind.registry(q.key()), uid, uidOf(live)))
		}
		return o, nil
	})
	if err != nil {
		return answer{}, err
	}
	a := q.found(http.StatusOK, next)
	a.warnings = warnings
	return a, nil
}

// registry is where a server keeps an object, as its errors name it.
func (k *kind) registry(key store.Key) string {
	at := k.resource
	switch {
	case k.custom != nil:
		at = k.group + "/" + k.resource
	case k.canonical() == "services":
		at = "services/specs"
	case k.canonical() == "nodes":
		at = "minions"
	}
	if k.namespaced {
		at += "/" + key.Namespace
	}
	return "/registry/" + at + "/" + key.Name
}

func misnamed(name, wanted string) error {
	if name == "" {
		return apierrors.NewBadRequest("name must be provided")
	}
	return apierrors.NewBadRequest(fmt.Sprintf("the name of the object (%s) does not match the name on the URL (%s)", name, wanted))
}

// update changes an object that is there. change is given it as it is, and returns it as it is wanted. A dry run does all but store it.
func (c *Cluster) update(k *kind, key store.Key, subresource string, opts options, change func(live Object) (Object, error)) (Object, error) {
	live := c.store.Get(key)
	if live == nil {
		return nil, apierrors.NewNotFound(k.groupResource(), key.Name)
	}
	wanted, err := change(live)
	if err != nil {
		return nil, err
	}
	next, err := c.revised(k, subresource, live, wanted, opts)
	if err != nil {
		return nil, err
	}
	switch {
	case opts.dryRun, workload.Equal(live, next):
		return next, nil
	case k.done(live, next):
		c.store.Update(k.canonical(), next)
		c.store.Delete(key)
		c.written(k, key)
		return next, nil
	}
	next = c.store.Update(k.canonical(), next)
	c.written(k, key)
	return next, nil
}

// revised is the object that an update leaves: what was wanted where the client may write, what was there elsewhere.
func (c *Cluster) revised(k *kind, subresource string, live, wanted Object, opts options) (Object, error) {
	version := workload.Text(wanted, "metadata", "resourceVersion")
	switch {
	case version == "" && k.needsVersion():
		return nil, k.invalid(live, versionRequired)
	case version != "" && version != workload.Text(live, "metadata", "resourceVersion"):
		return nil, apierrors.NewConflict(k.groupResource(), nameOf(live),
			errors.New("the object has been modified; please apply your changes to the latest version and try again"))
	}
	wanted = k.writable(subresource, live, wanted)
	next, err := c.admittedAgain(k, live, wanted)
	if err != nil {
		return nil, err
	}
	base := k.completed(live)
	if err := k.validate(next, base); err != nil {
		return nil, err
	}
	next = workload.TemplateCounted(base, next)
	if k.newGeneration(base, next) {
		generation, _ := workload.Int(live, "metadata", "generation")
		next = workload.With(next, generation+1, "metadata", "generation")
	}
	if next, err = c.owned(k, subresource, live, next, opts); err == nil && workload.Equal(base, next) {
		return live, nil
	}
	return next, err
}

// completed is a stored object in the form in which requests bring theirs. Controllers store what they need, in their own.
func (k *kind) completed(live Object) Object {
	o := workload.Defaulted(live)
	if !k.typed() {
		return o
	}
	if tidy, _, err := k.tidyAs(o, ignored); err == nil {
		return tidy
	}
	return o
}

// writable is the object with what a client wants in the part that it writes to, and all else as it is.
func (k *kind) writable(subresource string, live, wanted Object) Object {
	if subresource == "status" {
		return k.withStatus(live, wanted)
	}
	for _, field := range []string{
		"resourceVersion", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "namespace", "selfLink",
	} {
		wanted = workload.With(wanted, workload.Dig(live, "metadata", field), "metadata", field)
	}
	if uidOf(wanted) == "" {
		wanted = workload.With(wanted, uidOf(live), "metadata", "uid")
	}
	if k.is(statusTrait) {
		wanted = workload.With(wanted, live["status"], "status")
	}
	return wanted
}

// withStatus is the object with the status that is wanted. The built-in kinds let labels and annotations be written on the way.
func (k *kind) withStatus(live, wanted Object) Object {
	next := workload.With(live, wanted["status"], "status")
	if k.custom == nil {
		next = workload.With(next, workload.Dig(wanted, "metadata", "annotations"), "metadata", "annotations")
	}
	if k.custom == nil && k.canonical() != "deployments.apps" {
		next = workload.With(next, workload.Dig(wanted, "metadata", "labels"), "metadata", "labels")
	}
	return workload.With(next, workload.Dig(wanted, "metadata", "managedFields"), "metadata", "managedFields")
}

// newGeneration tells whether an update changes what the object is meant to be.
func (k *kind) newGeneration(live, next Object) bool {
	if !k.generations() {
		return false
	}
	part := func(o Object) Object { return workload.With(workload.With(o, nil, "metadata"), nil, "status") }
	if !workload.Equal(part(live), part(next)) {
		return true
	}
	return k.canonical() == "deployments.apps" && !workload.Equal(workload.Dig(live, "metadata", "annotations"), workload.Dig(next, "metadata", "annotations"))
}

// done tells whether an object that is going away has nothing left that keeps it.
func (k *kind) done(live, next Object) bool {
	if workload.Text(live, "metadata", "deletionTimestamp") == "" || len(finalizers(next)) > 0 {
		return false
	}
	if k.canonical() == "namespaces" && workload.Dig(next, "spec", "finalizers") != nil {
		return false
	}
	grace, _ := workload.Int(live, "metadata", "deletionGracePeriodSeconds")
	return grace == 0
}

func finalizers(o Object) []string {
	var out []string
	list, _ := workload.Dig(o, "metadata", "finalizers").([]any)
	for _, f := range list {
		if name, ok := f.(string); ok {
			out = append(out, name)
		}
	}
	return out
}
