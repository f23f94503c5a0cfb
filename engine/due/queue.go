// Package due keeps what is to happen, by time and, within one time, in the order in which it was put down, so that whatever goes by it
// goes the same way each time.
//
// It has no clock, no lock and no goroutine: whoever holds a queue decides when something happens. Read next: engine/clock/virtual.go and
// engine/world/controller/agenda.go, which use it.
package due

import (
	"container/heap"
	"time"
)

// A Queue holds things that are due. The zero value is empty.
type Queue[T any] struct {
	items heaped[T]
	put   int
}

// An Item is one thing in a queue.
type Item[T any] struct {
	At    time.Time
	What  T
	order int
	index int // in the heap; -1 once it is out
}

// Queued tells whether the item is still in its queue.
func (i *Item[T]) Queued() bool { return i.index >= 0 }

// Put puts something down.
func (q *Queue[T]) Put(at time.Time, what T) *Item[T] {
	it := &Item[T]{At: at, What: what, order: q.put}
	q.put++
	heap.Push(&q.items, it)
	return it
}

// Drop takes an item out that is still in the queue.
func (q *Queue[T]) Drop(it *Item[T]) {
	if it.Queued() {
		heap.Remove(&q.items, it.index)
	}
}

// Next is the first item, nil if there is none. It stays.
func (q *Queue[T]) Next() *Item[T] {
	if len(q.items) == 0 {
		return nil
	}
	return q.items[0]
}

// Take is the first item, which is out then. There must be one.
func (q *Queue[T]) Take() *Item[T] { return heap.Pop(&q.items).(*Item[T]) }

type heaped[T any] []*Item[T]

func (h heaped[T]) Len() int { return len(h) }

func (h heaped[T]) Less(i, j int) bool {
	if !h[i].At.Equal(h[j].At) {
		return h[i].At.Before(h[j].At)
	}
	return h[i].order < h[j].order
}

func (h heaped[T]) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *heaped[T]) Push(x any) {
	it := x.(*Item[T])
	it.index = len(*h)
	*h = append(*h, it)
}

func (h *heaped[T]) Pop() any {
	old := *h
	it := old[len(old)-1]
	*h = old[:len(old)-1]
	it.index = -1
	return it
}
