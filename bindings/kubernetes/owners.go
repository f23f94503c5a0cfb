package kubernetes

import (
	"cmp"
	"context"
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"runbook/engine/action"
	"runbook/engine/ownership"
	"runbook/engine/workload"
)

// kept is what has to be known of the kind to keep the owners of fields.
func (k kind) kept() ownership.Kind {
	_, typed := k.typed()
	return ownership.Kind{
		GroupVersionKind: schema.GroupVersionKind{Group: k.group, Version: k.version, Kind: k.name}, Typed: typed, Status: true,
	}
}

// laid is the object after the patch as we work it out ourselves; o is nil if the patch makes it. Who owns which field goes on to be
// known, because an apply later in the run removes what it owned before, and may not write what others own.
func (w objectWrite) laid(ctx context.Context, p patch, o object) (object, error) {
	if p.how == types.ApplyPatchType {
		return w.applied(ctx, p, o)
	}
	after, err := p.on(w.of.kind, o)
	if err != nil || p.body == nil {
		return after, err
	}
	if w.part != "" {
		after = workload.With(o, after[w.part], w.part)
	} else {
		after = w.of.kind.withStatusOf(o, after)
	}
	return w.b.owned(ctx, w.of.kind, w.part, o, after), nil
}

// applied is the object after a server-side apply.
func (w objectWrite) applied(ctx context.Context, p patch, o object) (object, error) {
	var live, body object
	var err error
	if o != nil {
		if live, err = decoded(o); err != nil {
			return nil, err
		}
	}
	if manifest, ok := p.body.(object); ok {
		body = manifest
	}
	now := w.b.now(ctx)
	by := ownership.Write{Manager: cmp.Or(p.manager, w.b.FieldManager), Subresource: w.part, Force: p.force, Now: now}
	merged, err := ownership.Keepers{}.Apply(w.of.kind.kept(), live, body, by)
	var refused *apierrors.StatusError
	switch {
	case errors.As(err, &refused) && apierrors.IsConflict(err):
		e := action.Errorf(action.CodeConflict, "cannot apply %s: %s", w.of.target(), refused.ErrStatus.Message).On(w.of.target())
		e.Cause = &answer{code: int(refused.ErrStatus.Code), status: refused.ErrStatus}
		return nil, w.refused(e)
	case err != nil:
		return nil, action.Errorf(action.CodeRejected, "cannot apply %s: the manifest does not fit: %w", w.of.target(), err).On(w.of.target())
	case o == nil:
		return workload.Created(w.of.kind.stored(merged), now), nil
	}
	merged = w.of.kind.withStatusOf(o, w.of.kind.stored(merged))
	return workload.Revised(o, workload.Defaulted(merged)), nil
}

// withStatusOf is an object with the status of another. What is written of a built-in kind's status beside the subresource, the server
// drops without a word.
func (k kind) withStatusOf(before, after object) object {
	if _, builtin := k.typed(); !builtin {
		return after
	}
	return workload.With(after, before["status"], "status")
}

// owned is an object with the owners of its fields, after a write of ours that no server has seen; before is nil if it makes the object.
// An object whose owners nobody knows has none then, either: the server of an old cluster keeps none.
func (b *binding) owned(ctx context.Context, k kind, part string, before, after object) object {
	return b.ownedBy(ctx, k, ownership.Write{Manager: b.FieldManager, Subresource: part}, before, after)
}

func (b *binding) ownedBy(ctx context.Context, k kind, by ownership.Write, before, after object) object {
	by.Now = b.now(ctx)
	next, err := decoded(after)
	if err != nil {
		return after
	}
	live := before
	if live != nil {
		if live, err = decoded(live); err != nil {
			return after
		}
	}
	next, err = ownership.Keepers{}.Update(k.kept(), live, next, by)
	if err != nil {
		return after // what does not fit its kind is for the server to refuse
	}
	return next
}

// decoded is an object as a decoder makes it, whatever built it.
func decoded(o object) (object, error) {
	raw, err := encode(o)
	if err != nil {
		return nil, err
	}
	return decode(raw)
}
