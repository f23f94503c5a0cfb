package cluster

import (
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// checkListOptions refuses combinations that mean nothing, as kube-apiserver's ValidateListOptions does.
func checkListOptions(opts metav1.ListOptions) error {
	match := field.NewPath("resourceVersionMatch")
	var errs field.ErrorList
	if opts.SendInitialEvents != nil {
		errs = checkInitialEvents(opts)
	} else if opts.ResourceVersionMatch != "" {
		switch {
		case opts.Watch:
			errs = append(errs, field.Forbidden(match, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"))
		case opts.ResourceVersion == "":
			errs = append(errs, field.Forbidden(match, "resourceVersionMatch is forbidden unless resourceVersion is provided"))
		case opts.Continue != "":
			errs = append(errs, field.Forbidden(match, "resourceVersionMatch is forbidden when continue is provided"))
		}
		if opts.ResourceVersionMatch != metav1.ResourceVersionMatchExact && opts.ResourceVersionMatch != metav1.ResourceVersionMatchNotOlderThan {
			errs = append(errs, field.NotSupported(match, opts.ResourceVersionMatch, []string{"Exact", "NotOlderThan", ""}))
		}
		if opts.ResourceVersionMatch == metav1.ResourceVersionMatchExact && opts.ResourceVersion == "0" {
			errs = append(errs, field.Forbidden(match, `resourceVersionMatch "exact" is forbidden for resourceVersion "0"`))
		}
	}
	if len(errs) > 0 {
		return apierrors.NewInvalid(schema.GroupKind{Group: metav1.GroupName, Kind: "ListOptions"}, "", errs)
	}
	return nil
}

func checkInitialEvents(opts metav1.ListOptions) field.ErrorList {
	path := field.NewPath("sendInitialEvents")
	if !opts.Watch {
		return field.ErrorList{field.Forbidden(path, "sendInitialEvents is forbidden for list")}
	}
	if opts.ResourceVersionMatch != metav1.ResourceVersionMatchNotOlderThan {
		return field.ErrorList{field.Forbidden(field.NewPath("resourceVersionMatch"),
			`sendInitialEvents requires setting resourceVersionMatch to "NotOlderThan"`)}
	}
	return nil
}

func invalidRevision(text string, cause error) error {
	return apierrors.NewBadRequest("invalid resource version: " + field.Invalid(field.NewPath("resourceVersion"), text, cause.Error()).Error())
}
