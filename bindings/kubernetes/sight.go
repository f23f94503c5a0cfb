package kubernetes

import (
	"context"
	"encoding/json"
	"net/http"

	"runbook/engine/action"
	"runbook/engine/workload"
)

// A sight is one object as it is there and as the run intends it to be. In a real run the two are the same.
type sight struct {
	raw      json.RawMessage // as the server wrote it; nil if it has no such object
	object   object          // as intended; nil if it is intended not to exist
	intended bool            // the run has intentions here, so the server's opinion of a change is not enough
}

// look finds one object through the intended state.
func (b *binding) look(ctx context.Context, view action.View, a address, purpose string) (sight, error) {
	where, err := b.territory(ctx, view, a.namespace)
	if err != nil {
		return sight{}, err
	}
	var s sight
	var live object
	if where == actual {
		if s.raw, live, err = b.fetch(ctx, a, purpose); err != nil {
			return sight{}, err
		}
	}
	s.object, s.intended = view.Lay(a.target(), live)
	if where == gone {
		s.object = nil
	}
	s.intended = s.intended || where != actual
	return s, nil
}

// existing is look for an object that a call cannot do without. Where the script passed an object, it is that very one.
func (b *binding) existing(ctx context.Context, view action.View, a address, purpose string) (sight, error) {
	s, err := b.look(ctx, view, a, purpose)
	switch {
	case err != nil:
		return sight{}, err
	case s.object == nil:
		return sight{}, b.missing(ctx, view, a, purpose)
	case a.replaced(s.object):
		return sight{}, b.takenOver(a, purpose)
	}
	return s, nil
}

// takenOver says that the object that the script passed is not there any more, though one with its name is.
func (b *binding) takenOver(a address, purpose string) error {
	return action.Errorf(action.CodeNotFound, "cannot %s %s: it is gone, and another object has its name now", purpose, a.target()).
		On(a.target()).Try("look again, and pass what is there now")
}

// replaced tells whether an object is another one than the script passed.
func (a address) replaced(o object) bool {
	passed, err := decode(a.given)
	return err == nil && uidOf(passed) != "" && uidOf(passed) != uidOf(o)
}

// fetchBare asks the server for one object, with its secrets; nil if there is none. They stay in this package.
func (b *binding) fetchBare(ctx context.Context, a address, purpose string) (json.RawMessage, object, error) {
	raw, live, err := b.sendFor(ctx, a.request(http.MethodGet, "get", purpose))
	if isAbsent(err) {
		return nil, nil, nil
	}
	return raw, live, err
}

// fetch asks the server for one object as it may be shown; nil if there is none.
func (b *binding) fetch(ctx context.Context, a address, purpose string) (json.RawMessage, object, error) {
	raw, live, err := b.fetchBare(ctx, a, purpose)
	if err != nil || raw == nil {
		return nil, nil, err
	}
	shown, err := b.concealRaw(a.kind, raw)
	if err != nil || &shown[0] == &raw[0] {
		return raw, live, err // it holds no secret
	}
	live, err = decode(shown)
	return shown, live, err
}

// isAbsent tells whether the server says that one object does not exist. It says 404 too, naming no object, when it does not
// know the resource at all, and that is an error.
func isAbsent(err error) bool {
	a := answerOf(err)
	return a.code == http.StatusNotFound && a.status.Details != nil && a.status.Details.Name != ""
}

// A territory is what the run has done to a namespace, and with it to everything inside.
type territory int

const (
	actual   territory = iota // the server's objects count
	imagined                  // the namespace exists only as intended: the server knows nothing of what is inside
	gone                      // the namespace is intended not to exist any more
)

// territory costs no request unless the run intends something about that namespace.
func (b *binding) territory(ctx context.Context, view action.View, namespace string) (territory, error) {
	if namespace == "" {
		return actual, nil
	}
	ns := address{kind: mustBuiltin("namespaces"), name: namespace}
	if _, intended := view.Lay(ns.target(), nil); !intended {
		return actual, nil
	}
	_, live, err := b.fetch(ctx, ns, "read")
	if err != nil {
		return actual, err
	}
	laid, _ := view.Lay(ns.target(), live)
	switch {
	case laid == nil:
		return gone, nil
	case live == nil || uidOf(live) != uidOf(laid):
		return imagined, nil
	}
	return actual, nil
}

// changes turns what a workload's controllers would do into changes of the intended state.
func changes(deltas []workload.Delta) []action.Change {
	out := make([]action.Change, 0, len(deltas))
	for _, d := range deltas {
		out = append(out, action.Change{
			Target: targetOf(d.Before, d.After), Before: optional(d.Before), After: optional(d.After), Derived: true,
		})
	}
	return out
}

func targetOf(before, after object) action.Target {
	o := after
	if o == nil {
		o = before
	}
	k := mustBuiltin(wordFor(workload.Text(o, "apiVersion"), workload.Text(o, "kind")))
	return address{kind: k, namespace: namespaceOf(o), name: nameOf(o)}.target()
}

// optional keeps a nil object a nil any, which is what says that there is no object.
func optional(o object) any {
	if o == nil {
		return nil
	}
	return o
}
