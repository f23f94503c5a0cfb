package cluster

import (
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"runbook/engine/workload"
)

// invalid is the server's refusal of an object, if something is wrong with it.
func (k *kind) invalid(o Object, check func(Object) field.ErrorList) error {
	if errs := check(o); len(errs) > 0 {
		return apierrors.NewInvalid(k.groupKind(), nameOf(o), errs)
	}
	return nil
}

// validate refuses an object that is wrong in itself, or cannot follow on what it was; live is nil for a new one.
func (k *kind) validate(o, live Object) error {
	return k.invalid(o, func(o Object) field.ErrorList {
		errs := k.checkMetadata(o, live)
		return append(errs, k.checkSpec(o, live)...)
	})
}

func (k *kind) checkMetadata(o, live Object) field.ErrorList {
	at := field.NewPath("metadata")
	meta, err := metaOf(o)
	if err != nil {
		return field.ErrorList{field.Invalid(at, workload.Dig(o, "metadata"), err.Error())}
	}
	errs := validation.ValidateObjectMeta(meta, k.namespaced, k.nameCheck(), at)
	if k.custom == nil {
		errs = append(errs, checkFinalizers(meta.Finalizers, at.Child("finalizers"))...)
	}
	if live == nil {
		return errs
	}
	before, err := metaOf(live)
	if err != nil {
		return append(errs, field.InternalError(at, err))
	}
	return append(errs, validation.ValidateObjectMetaUpdate(meta, before, at)...)
}

// checkFinalizers refuses a finalizer that nobody can be known to answer for.
func checkFinalizers(names []string, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, name := range names {
		if !strings.Contains(name, "/") && !slices.Contains([]string{"kubernetes", metav1.FinalizerOrphanDependents, metav1.FinalizerDeleteDependents}, name) {
			errs = append(errs, field.Invalid(at.Index(i), name, "name is neither a standard finalizer name nor is it fully qualified"))
		}
	}
	return errs
}

// nameCheck says what may be a name of the kind.
func (k *kind) nameCheck() validation.ValidateNameFunc {
	switch k.canonical() {
	case "namespaces", "limitranges", "services":
		return validation.NameIsDNSLabel
	}
	if k.group == "rbac.authorization.k8s.io" {
		return func(name string, _ bool) []string { return content.IsPathSegmentName(name) }
	}
	return validation.NameIsDNSSubdomain
}

// needsVersion tells whether an update of the kind must say which version it replaces.
func (k *kind) needsVersion() bool {
	return k.custom != nil || k.canonical() == definitions || k.canonical() == "leases.coordination.k8s.io"
}

func versionRequired(Object) field.ErrorList {
	return field.ErrorList{field.Invalid(field.NewPath("metadata", "resourceVersion"), 0, "must be specified for an update")}
}
