package kubernetes

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	"runbook/engine/action"
	"runbook/engine/workload"
)

// layList lays the intended state over a live list: what is intended to be gone is dropped, what is intended to be different is
// replaced, what is intended to appear is added, and both selectors are evaluated again on all that the run touched. Without any
// intention, as in every real run, the list is returned as it came.
func (b *binding) layList(ctx context.Context, view action.View, l listing, where territory, items []json.RawMessage) ([]json.RawMessage, error) {
	targets := view.Intended(system, l.kind.canonical(), l.namespace)
	places, err := b.territories(ctx, view, l, where)
	if err != nil {
		return nil, err
	}
	if len(targets) == 0 && len(places) == 0 {
		return items, nil
	}
	touched := make(map[string]json.RawMessage, len(targets))
	for _, t := range targets {
		touched[t.Scope+"/"+t.Name] = nil
	}
	out := make([]json.RawMessage, 0, len(items))
	for _, item := range items {
		namespace, name := identity(item)
		if _, ok := touched[namespace+"/"+name]; ok {
			touched[namespace+"/"+name] = item
		} else if places[namespace] == actual {
			out = append(out, item)
		}
	}
	for _, t := range targets {
		o, err := b.intendedItem(ctx, view, l, places[t.Scope], t, touched[t.Scope+"/"+t.Name])
		if err != nil {
			return nil, err
		}
		if out, err = l.appendIfListed(out, o); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, compareIdentity)
	return out, nil
}

// territories are the namespaces of a listing that are not simply as the server has them.
func (b *binding) territories(ctx context.Context, view action.View, l listing, where territory) (map[string]territory, error) {
	out := map[string]territory{}
	if where != actual {
		out[l.namespace] = where
	}
	if l.namespace != "" || !l.kind.namespaced {
		return out, nil
	}
	for _, ns := range view.Intended(system, "namespaces", "") {
		where, err := b.territory(ctx, view, ns.Name)
		if err != nil {
			return nil, err
		}
		if where != actual {
			out[ns.Name] = where
		}
	}
	return out, nil
}

// intendedItem is the object of one target as intended, nil if it is to be gone. listed is its live state, if the server listed it.
func (b *binding) intendedItem(
	ctx context.Context, view action.View, l listing, where territory, t action.Target, listed json.RawMessage,
) (object, error) {
	if where == gone {
		return nil, nil
	}
	var live object
	if where == actual {
		var err error
		if live, err = b.liveItem(ctx, view, l, t, listed); err != nil {
			return nil, err
		}
	}
	laid, _ := view.Lay(t, live)
	return laid, nil
}

// liveItem is the live state of a target. The server is asked only if a selector may have kept it out of the list.
func (b *binding) liveItem(ctx context.Context, view action.View, l listing, t action.Target, listed json.RawMessage) (object, error) {
	if listed != nil {
		return decode(listed)
	}
	if alone, _ := view.Lay(t, nil); !l.selects() || workload.IsMadeUp(alone) {
		return nil, nil
	}
	_, live, err := b.fetch(ctx, address{kind: l.kind, namespace: t.Scope, name: t.Name}, "read")
	return live, err
}

func (l listing) selects() bool {
	return l.labels != nil && !l.labels.Empty() || l.fields != nil && !l.fields.Empty()
}

func (l listing) appendIfListed(list []json.RawMessage, o object) ([]json.RawMessage, error) {
	if o == nil || !l.matches(o) {
		return list, nil
	}
	raw, err := encode(o)
	return append(list, raw), err
}

func (l listing) matches(o object) bool {
	if l.labels != nil && !l.labels.Matches(labelsOf(o)) {
		return false
	}
	return l.fields == nil || l.fields.Matches(fieldsOf(o))
}

func labelsOf(o object) labels.Set {
	set := labels.Set{}
	for key, value := range workload.Map(o, "metadata", "labels") {
		set[key] = fmt.Sprint(value)
	}
	return set
}

// fieldsOf reads any field by its path, as the server does for the few that it lets select; which ones those are, it has
// already checked when it answered the live list.
type fieldsOf object

func (f fieldsOf) Has(field string) bool { return f.value(field) != nil }

func (f fieldsOf) Get(field string) string {
	if v := f.value(field); v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

func (f fieldsOf) value(field string) any { return workload.Dig(object(f), splitPath(field)...) }

func compareIdentity(a, b json.RawMessage) int {
	spaceA, nameA := identity(a)
	spaceB, nameB := identity(b)
	return cmp.Or(cmp.Compare(spaceA, spaceB), cmp.Compare(nameA, nameB))
}
