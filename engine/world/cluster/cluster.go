// Package cluster is the API server of a simulated cluster: an http.Handler that real client libraries talk to, over the objects of
// engine/world/store. Paths, discovery, validation, defaults, patches, field ownership, dry runs, watches, rights and errors are those
// of a kube-apiserver.
//
// It is the API server and nothing else: what controllers, scheduler and kubelets do is behind Life, and time moves only by CatchUp. It
// draws no random number, starts nothing that outlives a request, and uses the machine's clock only for how long a client wants to watch.
// Read next: handler.go, which takes a request from its path to its answer; then write.go and update.go, which every change passes.
package cluster

import (
	"context"
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"runbook/engine/ownership"
	"runbook/engine/workload"
	"runbook/engine/world/scenario"
	"runbook/engine/world/store"
)

// An Object is one Kubernetes object as decoded JSON, whole numbers as int64.
type Object = store.Object

// A Line is one line of a container's log.
type Line = struct {
	Time time.Time
	Text string
}

// Life is what goes on in a cluster beside its API server.
type Life interface {
	// React lets the controllers notice what was just written, at the store's time.
	React()
	// Logs is the log of a container's present or previous instance. The error is what the kubelet says.
	Logs(pod Object, container string, previous bool) ([]Line, error)
	// Usage is what a pod uses, and whether that was measured yet.
	Usage(pod Object) (cpu, memory resource.Quantity, measured bool)
}

// A Config says what a cluster consists of.
type Config struct {
	Store   *store.Store
	Section *scenario.Kubernetes
	Life    Life
	// Lock is held while anything of the simulation is looked at or changed.
	Lock sync.Locker
	// CatchUp brings the simulation to the run's clock. It is called with the lock held.
	CatchUp func()
	// Sleep lets a command take its time, in the name of the branch that waits for it: the run's clock. If it is nil none takes any.
	Sleep func(context.Context, time.Duration) error
	// Record is told of each request once it was answered; nil if nobody wants to know. The lock is not held.
	Record func(call Call, code int)
}

// A Cluster is a simulated API server.
type Cluster struct {
	cfg      Config
	store    *store.Store
	owners   ownership.Keepers
	applied  map[store.Key]Object // what the scenario applied last
	changed  chan struct{}        // closed at the next change
	services int64                // cluster addresses that were given out
	named    int64                // names that were generated
}

// New makes the API server of a cluster, and what every cluster has from the start. The lock need not be held yet.
func New(cfg Config) *Cluster {
	if cfg.Section == nil {
		cfg.Section = &scenario.Kubernetes{}
	}
	c := &Cluster{cfg: cfg, store: cfg.Store, owners: ownership.Keepers{}, applied: map[store.Key]Object{}, changed: make(chan struct{})}
	c.store.OnChange(func(store.Event) {
		close(c.changed)
		c.changed = make(chan struct{})
	})
	c.bootstrap()
	return c
}

// Apply makes an object as kubectl apply does, and what its manifest says of its status as whoever writes that does. The lock must be
// held, as for everything here that is no request.
func (c *Cluster) Apply(manifest map[string]any) error {
	k, err := c.kindOf(manifest)
	if err != nil {
		return err
	}
	if manifest, err = k.tidy(manifest); err != nil {
		return err
	}
	manifest = workload.With(manifest, nil, "metadata", "managedFields")
	if k.namespaced && namespaceOf(manifest) == "" {
		manifest = workload.With(manifest, c.namespace(), "metadata", "namespace")
	}
	key := store.KeyOf(k.canonical(), manifest)
	if c.store.Get(key) == nil {
		// Nobody is noted as the owner of its fields: to do so takes a schema that takes long to read, and most runs need none.
		_, err = c.create(k, key.Namespace, manifest, options{validation: strict, applied: true, user: admin})
	} else {
		_, err = c.update(k, key, "", scenarios, func(live Object) (Object, error) { return c.reapplied(k, key, live, manifest) })
	}
	if err != nil {
		return err
	}
	c.applied[key] = manifest
	return c.applyStatus(k, key, manifest)
}

// scenarios is how a scenario writes.
var scenarios = options{manager: "scenario", validation: strict, user: admin}

// happenings is how what happens to a site is written. Other than what the site was made of, it has an author whom somebody may look for.
var happenings = options{manager: scenarios.manager, validation: strict, noted: true, user: admin}

// reapplied is an object after what was applied before is applied in another form: what it no longer says is taken away.
func (c *Cluster) reapplied(k *kind, key store.Key, live, manifest Object) (Object, error) {
	before := c.applied[key]
	if before == nil {
		before = Object{}
	}
	next, err := k.threeWay(before, manifest, live)
	if err != nil {
		return nil, err
	}
	return k.tidy(next)
}

func (c *Cluster) applyStatus(k *kind, key store.Key, manifest Object) error {
	status := workload.Map(manifest, "status")
	if len(status) == 0 || !k.is(statusTrait) {
		return nil
	}
	_, err := c.update(k, key, "status", scenarios, func(live Object) (Object, error) {
		merged := maps.Clone(workload.Map(live, "status"))
		if merged == nil {
			merged = Object{}
		}
		maps.Copy(merged, status)
		return workload.With(live, merged, "status"), nil
	})
	return err
}

// Patch changes an object as kubectl patch does: by a strategic merge patch where its kind has one, and otherwise by a JSON merge
// patch. reference is kind/name; an empty namespace is the context's.
func (c *Cluster) Patch(reference, namespace string, patch map[string]any) error {
	k, key, err := c.refer(reference, namespace)
	if err != nil {
		return err
	}
	for _, subresource := range []string{"", "status"} {
		part := workload.With(patch, nil, "status")
		if subresource != "" {
			part = Object{"status": patch["status"]}
		}
		if subresource != "" && (patch["status"] == nil || !k.is(statusTrait)) || subresource == "" && len(part) == 0 {
			continue
		}
		change := func(live Object) (Object, error) {
			next, err := k.merged(live, part)
			if err != nil {
				return nil, err
			}
			return k.tidy(next)
		}
		if _, err := c.update(k, key, subresource, happenings, change); err != nil {
			return err
		}
	}
	return nil
}

// Delete deletes an object as kubectl delete does. reference is kind/name; an empty namespace is the context's.
func (c *Cluster) Delete(reference, namespace string) error {
	k, key, err := c.refer(reference, namespace)
	if err != nil {
		return err
	}
	_, err = c.remove(k, key, deletion{options: options{user: admin}, propagation: background})
	return err
}

func (c *Cluster) namespace() string {
	if c.cfg.Section.Namespace != "" {
		return c.cfg.Section.Namespace
	}
	return "default"
}

func nameOf(o Object) string      { return workload.Text(o, "metadata", "name") }
func namespaceOf(o Object) string { return workload.Text(o, "metadata", "namespace") }
func uidOf(o Object) string       { return workload.Text(o, "metadata", "uid") }
