// Package store keeps the objects of a simulated cluster: one revision counter for all of them, uids that follow from the order of
// creation, and the history of changes that watches and paged lists go by.
//
// It knows no kind of object and no HTTP: what the API server decides (validation, defaults, who may) is cluster's business, what
// controllers do is controller's. It has no lock and no clock of its own either. Whoever holds the simulation's lock calls it and
// says what time it is. Objects that go in or come out are never modified: a change is a new object. Read next: history.go.
package store

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"runbook/engine/workload"
)

// An Object is one Kubernetes object as decoded JSON.
type Object = workload.Object

// A Key says where an object is: a resource by its canonical name ("pods", "deployments.apps"), a namespace (empty for what belongs to
// none), and a name.
type Key struct{ Resource, Namespace, Name string }

// KeyOf is the key of an object of that resource.
func KeyOf(resource string, o Object) Key {
	return Key{resource, workload.Text(o, "metadata", "namespace"), workload.Text(o, "metadata", "name")}
}

// A Store holds objects. The zero value is not usable: see New.
type Store struct {
	now      time.Time
	revision int64
	created  int64 // how many objects there ever were, for uids
	objects  map[string]map[Key]Object
	history  []Event
	forgot   int64 // revision of the last event that is not in history any more
	told     []func(Event)
}

// New makes an empty store whose time is now.
func New(now time.Time) *Store {
	return &Store{now: now, revision: 1, objects: map[string]map[Key]Object{}}
}

// Now is the time of the simulation, for everything that is stamped.
func (s *Store) Now() time.Time { return s.now }

// SetNow moves the time of the simulation. It never goes back.
func (s *Store) SetNow(now time.Time) {
	if now.After(s.now) {
		s.now = now
	}
}

// Revision is the one of the last change.
func (s *Store) Revision() int64 { return s.revision }

// Get returns an object, nil if there is none.
func (s *Store) Get(key Key) Object { return s.objects[key.Resource][key] }

// List returns the objects of a resource in a namespace, or everywhere if it is empty, by namespace and name.
func (s *Store) List(resource, namespace string) []Object {
	all := s.objects[resource]
	var keys []Key
	for key := range all {
		if namespace == "" || key.Namespace == namespace {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, compareKeys)
	out := make([]Object, len(keys))
	for i, key := range keys {
		out[i] = all[key]
	}
	return out
}

// Resources lists the resources that have objects, by name.
func (s *Store) Resources() []string {
	var names []string
	for name, objects := range s.objects {
		if len(objects) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Stamped is the object as Create would store it: with a uid, its time of creation and its first generation, if its kind counts
// them. A dry run shows it and stores nothing.
func (s *Store) Stamped(o Object, generations bool) Object {
	o = workload.Clone(o)
	o = workload.With(o, uidOf(s.created+1, o), "metadata", "uid")
	o = workload.With(o, s.now.UTC().Format(time.RFC3339), "metadata", "creationTimestamp")
	o = workload.With(o, nil, "metadata", "deletionTimestamp")
	o = workload.With(o, nil, "metadata", "deletionGracePeriodSeconds")
	if generations {
		o = workload.With(o, int64(1), "metadata", "generation")
	} else {
		o = workload.With(o, nil, "metadata", "generation")
	}
	return o
}

// Create stores a stamped object that was not there, and returns it with its revision.
func (s *Store) Create(resource string, stamped Object) Object {
	s.created++
	return s.put(Added, KeyOf(resource, stamped), stamped)
}

// Update stores another state of an object that is there, and returns it with its revision. One that is the same is not stored: nobody
// is told of it, and its revision stays.
func (s *Store) Update(resource string, o Object) Object {
	key := KeyOf(resource, o)
	old := s.Get(key)
	if workload.Equal(old, workload.With(o, workload.Dig(old, "metadata", "resourceVersion"), "metadata", "resourceVersion")) {
		return old
	}
	return s.put(Modified, key, o)
}

// Delete removes an object, and returns its last state, with the revision of its removal; nil if there is none.
func (s *Store) Delete(key Key) Object {
	o := s.Get(key)
	if o == nil {
		return nil
	}
	return s.put(Deleted, key, o)
}

func (s *Store) put(kind EventType, key Key, o Object) Object {
	s.revision++
	before := s.Get(key)
	o = workload.With(o, strconv.FormatInt(s.revision, 10), "metadata", "resourceVersion")
	if kind == Deleted {
		delete(s.objects[key.Resource], key)
	} else {
		if s.objects[key.Resource] == nil {
			s.objects[key.Resource] = map[Key]Object{}
		}
		s.objects[key.Resource][key] = o
	}
	s.remember(Event{Type: kind, Key: key, Revision: s.revision, Object: o, Before: before})
	return o
}

// uidOf is a uid of version 4 form that is the same in every run of a scenario.
func uidOf(n int64, o Object) string {
	kind, name := workload.Text(o, "kind"), workload.Text(o, "metadata", "name")
	hex := fmt.Sprintf("%x", sha256.Sum256([]byte(fmt.Sprintf("%d/%s/%s/%s", n, kind, workload.Text(o, "metadata", "namespace"), name))))
	return hex[:8] + "-" + hex[8:12] + "-4" + hex[12:15] + "-8" + hex[15:18] + "-" + hex[18:30]
}

func compareKeys(a, b Key) int {
	return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
}

// At returns the objects of a resource in a namespace as they were at a revision, and whether that is still known.
func (s *Store) At(resource, namespace string, revision int64) (list []Object, known bool) {
	if revision < s.forgot || revision > s.revision {
		return nil, false
	}
	then := &Store{objects: map[string]map[Key]Object{resource: maps.Clone(s.objects[resource])}}
	if then.objects[resource] == nil {
		then.objects[resource] = map[Key]Object{}
	}
	for _, event := range slices.Backward(s.history) {
		if event.Revision <= revision {
			break
		}
		if event.Key.Resource != resource {
			continue
		}
		if event.Before == nil {
			delete(then.objects[resource], event.Key)
		} else {
			then.objects[resource][event.Key] = event.Before
		}
	}
	return then.List(resource, namespace), true
}
