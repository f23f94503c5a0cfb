// Package s3 is a simulated object store: the buckets of a scenario behind the REST API of S3. The AWS SDK works with it unmodified, and
// what it answers is held to versitygw by one table of cases.
//
// It is a server of our own because none that can be linked is right for this. gofakes3 takes wrong credentials and wrong checksums for
// good, which is what a rehearsal has to find. versitygw takes neither, but keeps its objects as files, tells no time but the machine's,
// and brings a web framework and the clients of several identity services with it. What the s3 module asks for is little: this package.
//
// Signatures are really verified, and checksums really computed. Objects are held in memory; those of which a scenario only says the size
// take none. It keeps no versions and knows no lifecycles, locks and policies. Read next: handler.go for what is answered, auth.go for
// who is let in, object.go for what an object is.
package s3

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"runbook/engine/module"
	"runbook/engine/world/scenario"
)

// Who a run is in every simulated store. It is no secret: it opens nothing but this.
const (
	AccessKey = "SCENARIOACCESSKEY000"
	SecretKey = "scenario/secret/of/a/simulated/object/store"
	Region    = "us-east-1"
)

// A Clock says what time it is in the simulation.
type Clock interface{ Now() time.Time }

// A Store is a simulated object store.
type Store struct {
	clock  Clock
	wall   func() time.Time // of the machine: who signs a request knows no other time
	region string

	mu      sync.Mutex // of all that follows
	buckets map[string]*bucket
	uploads map[string]*upload
	serial  int // of uploads
}

// A bucket is one of its buckets.
type bucket struct {
	allows  string
	made    time.Time
	objects map[string]*object
}

// New makes one of a scenario's section, in which the run begins at start.
func New(section *scenario.S3, start time.Time, clock Clock) (*Store, error) {
	s := &Store{
		clock: clock, wall: time.Now, region: cmp.Or(section.Region, Region), buckets: map[string]*bucket{}, uploads: map[string]*upload{},
	}
	for _, name := range slices.Sorted(maps.Keys(section.Buckets)) {
		b := section.Buckets[name]
		made := &bucket{allows: b.Allows, made: start.Add(-aged), objects: map[string]*object{}}
		for i, o := range b.Objects {
			if err := made.fill(name, o, start); err != nil {
				return nil, fmt.Errorf("s3.buckets.%s.objects[%d]: %w", name, i, err)
			}
		}
		s.buckets[name] = made
	}
	return s, nil
}

// aged is how old a bucket is, and an object of which nothing else is said.
const aged = 24 * time.Hour

// fill puts what one entry of the scenario says into a bucket.
func (b *bucket) fill(name string, said scenario.StoredObject, start time.Time) error {
	age := aged
	if said.Age != nil {
		age = *said.Age
	}
	for n := range max(said.Count, 1) {
		key := strings.ReplaceAll(said.Key, "{n}", strconv.Itoa(n+1))
		o, err := newObject(name, key, said)
		if err != nil {
			return err
		}
		o.modified = start.Add(-age).UTC().Truncate(time.Second)
		b.objects[key] = o
	}
	return nil
}

// Put has an object written by somebody else than the run, at a time.
func (s *Store) Put(name string, said scenario.StoredObject, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.named(name)
	if err != nil {
		return err
	}
	o, err := newObject(name, said.Key, said)
	if err != nil {
		return err
	}
	o.modified = now.UTC().Truncate(time.Second)
	b.objects[said.Key] = o
	return nil
}

// Remove has an object removed by somebody else than the run.
func (s *Store) Remove(name, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.named(name)
	if err != nil {
		return err
	}
	if b.objects[key] == nil {
		return fmt.Errorf("there is no object %q in the bucket %s", key, name)
	}
	delete(b.objects, key)
	return nil
}

func (s *Store) named(name string) (*bucket, error) {
	if b := s.buckets[name]; b != nil {
		return b, nil
	}
	return nil, fmt.Errorf("there is no bucket %q%s", name, module.Suggest(name, slices.Sorted(maps.Keys(s.buckets))))
}

func newObject(bucket, key string, said scenario.StoredObject) (*object, error) {
	o := &object{
		contentType: cmp.Or(said.ContentType, defaultType), metadata: said.Metadata, class: said.StorageClass,
	}
	if said.Size == 0 {
		o.content = text(said.Content)
		return o, o.digest(crc64nvme)
	}
	o.content = newFiller(bucket+"/"+key, int64(said.Size))
	o.etag = o.content.(filler).etag()
	return o, nil
}
