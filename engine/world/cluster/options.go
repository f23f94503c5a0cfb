package cluster

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"runbook/engine/ownership"
)

// options are how a write is made.
type options struct {
	dryRun     bool
	manager    string // who owns the fields that it writes
	validation string
	force      bool // takes fields from their owners
	applied    bool // the owners are worked out already
	noted      bool // who wrote it is kept, although nobody began to for this object
	user       user
}

// write is what who keeps the owners of fields has to know.
func (o options) write(subresource string, now time.Time) ownership.Write {
	return ownership.Write{Manager: o.manager, Subresource: subresource, Force: o.force, Begin: o.noted, Now: now}
}

func (q *request) createOptions() (options, error) {
	var o metav1.CreateOptions
	err := optionsFrom(q.query, &o, metav1.Convert_url_Values_To_v1_CreateOptions, "CreateOptions", validation.ValidateCreateOptions)
	return q.options(o.DryRun, o.FieldManager, o.FieldValidation, false), err
}

func (q *request) updateOptions() (options, error) {
	var o metav1.UpdateOptions
	err := optionsFrom(q.query, &o, metav1.Convert_url_Values_To_v1_UpdateOptions, "UpdateOptions", validation.ValidateUpdateOptions)
	return q.options(o.DryRun, o.FieldManager, o.FieldValidation, false), err
}

func (q *request) patchOptions(kind types.PatchType) (options, error) {
	var o metav1.PatchOptions
	check := func(o *metav1.PatchOptions) field.ErrorList { return validation.ValidatePatchOptions(o, kind) }
	err := optionsFrom(q.query, &o, metav1.Convert_url_Values_To_v1_PatchOptions, "PatchOptions", check)
	return q.options(o.DryRun, o.FieldManager, o.FieldValidation, o.Force != nil && *o.Force), err
}

func optionsFrom[T any, S any](query url.Values, into *T, convert func(*url.Values, *T, S) error, name string, check func(*T) field.ErrorList) error {
	var scope S
	if err := convert(&query, into, scope); err != nil {
		return apierrors.NewBadRequest(err.Error())
	}
	if errs := check(into); len(errs) > 0 {
		return apierrors.NewInvalid(schema.GroupKind{Group: metav1.GroupName, Kind: name}, "", errs)
	}
	return nil
}

func (q *request) options(dryRun []string, manager, validation string, force bool) options {
	if manager == "" {
		manager = fromUserAgent(q.http.UserAgent())
	}
	if validation == "" {
		validation = warning
	}
	return options{
		dryRun: slices.Contains(dryRun, metav1.DryRunAll), manager: manager, validation: validation, force: force, user: q.user,
	}
}

// fromUserAgent is the name under which a client owns fields if it gives none.
func fromUserAgent(agent string) string {
	agent, _, _ = strings.Cut(agent, "/")
	most := validation.FieldManagerMaxLength
	var kept strings.Builder
	for _, r := range agent {
		if unicode.IsPrint(r) && kept.Len()+len(string(r)) <= most {
			kept.WriteRune(r)
		}
	}
	return kept.String()
}
