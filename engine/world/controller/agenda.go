package controller

import (
	"container/heap"
	"time"
)

// An agenda holds what is due, by time and, within one time, in the order in which it was put down.
type agenda struct {
	items heaped
	byKey map[entry]*item
	order int
}

// An entry says what is due for what: one object has one of each kind on the agenda.
type entry struct{ uid, what string }

type item struct {
	entry
	at    time.Time
	order int
	index int // in the heap
	do    func()
}

// put puts something on the agenda, in the place of what was there under the same entry.
func (a *agenda) put(uid, what string, at time.Time, do func()) {
	a.drop(uid, what)
	if a.byKey == nil {
		a.byKey = map[entry]*item{}
	}
	a.order++
	it := &item{entry: entry{uid, what}, at: at, order: a.order, do: do}
	a.byKey[it.entry] = it
	heap.Push(&a.items, it)
}

func (a *agenda) drop(uid, what string) {
	if it := a.byKey[entry{uid, what}]; it != nil {
		heap.Remove(&a.items, it.index)
		delete(a.byKey, it.entry)
	}
}

func (a *agenda) next() (time.Time, bool) {
	if len(a.items) == 0 {
		return time.Time{}, false
	}
	return a.items[0].at, true
}

// take removes what is due at that time and yields it one by one: what one item does may drop the ones after it.
func (a *agenda) take(at time.Time) func(func(int, func()) bool) {
	return func(yield func(int, func()) bool) {
		for i := 0; len(a.items) > 0 && !a.items[0].at.After(at); i++ {
			it := heap.Pop(&a.items).(*item)
			delete(a.byKey, it.entry)
			if !yield(i, it.do) {
				return
			}
		}
	}
}

type heaped []*item

func (h heaped) Len() int { return len(h) }

func (h heaped) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].order < h[j].order
}

func (h heaped) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *heaped) Push(x any) {
	it := x.(*item)
	it.index = len(*h)
	*h = append(*h, it)
}

func (h *heaped) Pop() any {
	old := *h
	it := old[len(old)-1]
	*h = old[:len(old)-1]
	return it
}
