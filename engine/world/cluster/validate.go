package cluster

import (
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/api/validation/path"
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
	if live == nil {
		return errs
	}
	before, err := metaOf(live)
	if err != nil {
		return append(errs, field.InternalError(at, err))
	}
	return append(errs, validation.ValidateObjectMetaUpdate(meta, before, at)...)
}

// nameCheck says what may be a name of the kind.
func (k *kind) nameCheck() validation.ValidateNameFunc {
	switch k.canonical() {
	case "namespaces", "limitranges":
		return validation.NameIsDNSLabel
	case "services":
		return validation.NameIsDNS1035Label
	}
	if k.group == "rbac.authorization.k8s.io" {
		return path.ValidatePathSegmentName
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
