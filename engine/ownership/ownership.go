// Package ownership keeps the record of who wrote which field of a Kubernetes object, and merges what is applied to one, with the API
// server's own code: what a dry run says of a server-side apply, and what a simulated server makes of it, is the same. It asks no server.
//
// Its users are bindings/kubernetes and engine/world/cluster.
package ownership

import (
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"

	"runbook/engine/workload"
)

// An Object is one Kubernetes object as decoded JSON, whole numbers as int64.
type Object = workload.Object

// A Kind is what has to be known of an object's kind.
type Kind struct {
	schema.GroupVersionKind
	Typed  bool // it is built in, so that the structure of its lists is known
	Status bool // its status is a subresource
}

// A Write is who writes, and how.
type Write struct {
	Manager     string
	Subresource string
	Force       bool // an apply takes fields from their owners
	Begin       bool // an update begins the record of an object that has none yet
	Now         time.Time
}

// Keepers merge, and keep the record: one for each kind and subresource. They are not safe for use by two goroutines.
type Keepers map[string]*managedfields.FieldManager

// builtinTypes knows the structure of the built-in kinds. It is read from half a megabyte of schema, once for all clusters of a process.
var builtinTypes = sync.OnceValue(func() managedfields.TypeConverter { return applyconfigurations.NewTypeConverter(scheme.Scheme) })

func (m Keepers) of(k Kind, subresource string) (*managedfields.FieldManager, error) {
	name := k.String() + "/" + subresource
	if manager := m[name]; manager != nil {
		return manager, nil
	}
	var manager *managedfields.FieldManager
	var err error
	if k.Typed {
		manager, err = managedfields.NewDefaultFieldManager(builtinTypes(), asItIs{}, asItIs{}, asItIs{}, k.GroupVersionKind, k.GroupVersion(), subresource, nil)
	} else {
		types := managedfields.NewDeducedTypeConverter()
		manager, err = managedfields.NewDefaultCRDFieldManager(types, asItIs{}, asItIs{}, asItIs{}, k.GroupVersionKind, k.GroupVersion(), subresource, nil)
	}
	if err != nil {
		return nil, err
	}
	m[name] = manager
	return manager, nil
}

// Update returns an object with the owners of its fields, after a client wrote it. live is nil for a new one.
func (m Keepers) Update(k Kind, live, next Object, by Write) (Object, error) {
	if live != nil && !hasOwners(live) && !hasOwners(next) && !by.Begin {
		return next, nil // nobody began to keep them
	}
	keeper, err := m.of(k, by.Subresource)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	before, after := owned(k, by.Subresource, live), owned(k, by.Subresource, next)
	switch {
	case live == nil:
		before = k.zero()
	case !hasOwners(live):
		before.SetUID("") // the library begins to keep owners with objects that are new to it
	}
	out, err := keeper.Update(before, after, by.Manager)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	return withOwners(next, out, live, by.Now), nil
}

func hasOwners(o Object) bool { return workload.Dig(o, "metadata", "managedFields") != nil }

// Apply merges what a client applies into an object; live is nil if there is none yet. A field that somebody else owns is a conflict, as
// the server words it.
func (m Keepers) Apply(k Kind, live, applied Object, by Write) (Object, error) {
	keeper, err := m.of(k, by.Subresource)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	before := k.empty()
	if live != nil {
		before = &unstructured.Unstructured{Object: workload.Clone(live)}
	}
	out, err := keeper.Apply(before, &unstructured.Unstructured{Object: workload.Clone(applied)}, by.Manager, by.Force)
	if err != nil {
		return nil, err
	}
	merged, ok := out.(*unstructured.Unstructured)
	if !ok {
		return nil, apierrors.NewInternalError(fmt.Errorf("merging gave a %T", out))
	}
	return withOwners(merged.Object, merged, live, by.Now), nil
}

// owned is the part of an object that a write to it can own: its status is written through the subresource alone.
func owned(k Kind, subresource string, o Object) *unstructured.Unstructured {
	if o == nil {
		return k.empty()
	}
	o = workload.Clone(o)
	switch {
	case subresource == "status":
		o = Object{"apiVersion": o["apiVersion"], "kind": o["kind"], "metadata": o["metadata"], "status": o["status"]}
	case k.Status:
		delete(o, "status")
	}
	return &unstructured.Unstructured{Object: workload.WithoutNulls(o).(Object)}
}

// zero is an object of the kind in which nothing is set: what every one of them has belongs to nobody.
func (k Kind) zero() *unstructured.Unstructured {
	u := k.empty()
	if typed, err := scheme.Scheme.New(k.GroupVersionKind); err == nil && k.Typed {
		if o, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed); err == nil {
			delete(o, "status")
			u.Object = o
			u.SetGroupVersionKind(k.GroupVersionKind)
		}
	}
	return u
}

func (k Kind) empty() *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(k.GroupVersionKind)
	return u
}

// withOwners takes the owners over into an object. The library stamps them with the machine's clock: what changed is stamped with the
// cluster's instead.
func withOwners(o Object, from runtime.Object, live Object, now time.Time) Object {
	u, ok := from.(*unstructured.Unstructured)
	if !ok {
		return o
	}
	before := map[string]Object{}
	for _, entry := range workload.Maps(live, "metadata", "managedFields") {
		before[ownerKey(entry)] = entry
	}
	var entries []any
	for _, entry := range workload.Maps(u.Object, "metadata", "managedFields") {
		if old := before[ownerKey(entry)]; old == nil || old["time"] != entry["time"] {
			entry = workload.With(entry, now.UTC().Format(time.RFC3339), "time")
		}
		entries = append(entries, entry)
	}
	if entries == nil {
		return workload.With(o, nil, "metadata", "managedFields")
	}
	return workload.With(o, entries, "metadata", "managedFields")
}

func ownerKey(entry Object) string {
	return fmt.Sprint(entry["manager"], "\n", entry["operation"], "\n", entry["apiVersion"], "\n", entry["subresource"])
}

// asItIs converts nothing: every kind is served in one version, and is defaulted before and after.
type asItIs struct{}

func (asItIs) Convert(in, out, _ any) error {
	return fmt.Errorf("cannot convert %T to %T", in, out)
}

func (asItIs) ConvertToVersion(in runtime.Object, _ runtime.GroupVersioner) (runtime.Object, error) {
	return in, nil
}

func (asItIs) ConvertFieldLabel(_ schema.GroupVersionKind, label, value string) (string, string, error) {
	return label, value, nil
}

func (asItIs) Default(o runtime.Object) {
	u, ok := o.(*unstructured.Unstructured)
	if ok {
		u.Object = workload.Defaulted(u.Object)
	}
}

func (asItIs) New(gvk schema.GroupVersionKind) (runtime.Object, error) {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(gvk)
	return u, nil
}
