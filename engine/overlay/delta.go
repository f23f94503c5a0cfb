package overlay

import "maps"

// A delta is the difference between two JSON values, to be made to a third: like a merge patch of RFC 7386, objects are
// changed member by member and everything else, lists included, is replaced. It is not written as such a patch, and no
// library for them is used, for three reasons: they work on encoded JSON, which costs three passes over each object of each
// list and turns integers into floats; a patch cannot say null, and objects have nulls; and patches do not compose:
// removing a map and adding it with other members is not one patch. Deltas are closed under compose.
//
// A delta is immutable.
type delta struct {
	op      op
	value   any              // set: the value, which on copies when it hands it out
	members map[string]delta // merge: what becomes of the members that change
}

type op int

const (
	merge  op = iota // make it an object, if it is none, and change these members
	set              // put the value in its place
	remove           // take it out of the object that it is in
)

// difference is the delta that makes after of before.
func difference(before, after any) delta {
	from, ok := before.(map[string]any)
	to, isObject := after.(map[string]any)
	if !ok || !isObject {
		return delta{op: set, value: after}
	}
	d := delta{op: merge, members: map[string]delta{}}
	for name := range from {
		if _, stays := to[name]; !stays {
			d.members[name] = delta{op: remove}
		}
	}
	for name, value := range to {
		old, was := from[name]
		switch {
		case was && equal(old, value):
		case was:
			d.members[name] = difference(old, value)
		default:
			d.members[name] = addition(value)
		}
	}
	return d
}

// addition is the delta of a member that was not there. An object is added member by member, because somebody else may add
// it too: two annotations by two people make one map of annotations.
func addition(value any) delta {
	if _, isObject := value.(map[string]any); isObject {
		return difference(map[string]any{}, value)
	}
	return delta{op: set, value: value}
}

// on returns the value with the delta made to it, nil for a removed one. It shares with value what it does not change, and
// nothing with the delta.
func (d delta) on(value any) any {
	switch d.op {
	case set:
		return duplicate(d.value)
	case remove:
		return nil
	}
	object, _ := value.(map[string]any)
	return d.onObject(object)
}

// onObject is on for a merge.
func (d delta) onObject(old map[string]any) map[string]any {
	changed := make(map[string]any, len(old)+len(d.members))
	maps.Copy(changed, old)
	for name, member := range d.members {
		if member.op == remove {
			delete(changed, name)
			continue
		}
		changed[name] = member.on(changed[name])
	}
	return changed
}

// compose is the delta that does first, then second.
func compose(first, second delta) delta {
	switch {
	case second.op != merge:
		return second
	case first.op != merge:
		// What it is laid on does not matter any more: first has replaced it, or taken it away.
		return delta{op: set, value: second.on(first.value)}
	}
	both := delta{op: merge, members: make(map[string]delta, len(first.members)+len(second.members))}
	maps.Copy(both.members, first.members)
	for name, member := range second.members {
		if earlier, twice := first.members[name]; twice {
			member = compose(earlier, member)
		}
		both.members[name] = member
	}
	return both
}
