package controller

import (
	"time"

	"runbook/engine/due"
)

// An agenda holds what is due, by time and, within one time, in the order in which it was put down.
type agenda struct {
	queue due.Queue[item]
	byKey map[entry]*due.Item[item]
}

// An entry says what is due for what: one object has one of each kind on the agenda.
type entry struct{ uid, what string }

type item struct {
	entry
	do func()
}

// put puts something on the agenda, in the place of what was there under the same entry.
func (a *agenda) put(uid, what string, at time.Time, do func()) {
	a.drop(uid, what)
	if a.byKey == nil {
		a.byKey = map[entry]*due.Item[item]{}
	}
	key := entry{uid, what}
	a.byKey[key] = a.queue.Put(at, item{key, do})
}

func (a *agenda) drop(uid, what string) {
	if it := a.byKey[entry{uid, what}]; it != nil {
		a.queue.Drop(it)
		delete(a.byKey, it.What.entry)
	}
}

func (a *agenda) next() (time.Time, bool) {
	if first := a.queue.Next(); first != nil {
		return first.At, true
	}
	return time.Time{}, false
}

// take removes what is due at that time and yields it one by one: what one item does may drop the ones after it.
func (a *agenda) take(at time.Time) func(func(int, func()) bool) {
	return func(yield func(int, func()) bool) {
		for i := 0; ; i++ {
			first := a.queue.Next()
			if first == nil || first.At.After(at) {
				return
			}
			a.queue.Take()
			delete(a.byKey, first.What.entry)
			if !yield(i, first.What.do) {
				return
			}
		}
	}
}
