// Package world brings a scenario to life: a simulated site that the real client libraries talk to over loopback, in virtual time.
//
// It puts the parts together and knows no system from the inside: cluster is the API server, controller what goes on in a cluster
// beside it, metrics the Prometheus, host the machines that commands run on, fault what goes wrong with all of them. It changes
// nothing outside of this process, has no chance in it, and ends with its run. Read next: servers.go.
package world

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"runbook/engine/clock"
	"runbook/engine/command"
	"runbook/engine/machine"
	"runbook/engine/workload"
	"runbook/engine/world/cluster"
	"runbook/engine/world/controller"
	"runbook/engine/world/device"
	"runbook/engine/world/fault"
	"runbook/engine/world/host"
	"runbook/engine/world/metrics"
	"runbook/engine/world/outbox"
	"runbook/engine/world/s3"
	"runbook/engine/world/scenario"
	"runbook/engine/world/store"
)

// A World is a scenario that lives. Its servers keep their addresses when it is rewound.
type World struct {
	scenario *scenario.Scenario
	servers  servers
	rack     *device.Rack
	disks    machine.Set[*host.Files]

	mu       sync.Mutex // of all that follows
	clock    *clock.Virtual
	store    *store.Store
	cluster  *cluster.Cluster
	life     *controller.Controllers
	metrics  *metrics.Metrics
	objects  *s3.Store
	faults   *fault.Faults
	outbox   *outbox.Outbox
	alerts   *outbox.Alertmanager
	timeline []happening // what has not happened yet, in order
	failed   []error     // what of it could not, and what of the simulation itself broke
}

// A happening is an event at its time.
type happening struct {
	at time.Time
	scenario.Event
	happen func(now time.Time) error
}

// Open brings a scenario to its clock, and starts its servers. Close ends them.
func Open(s *scenario.Scenario) (*World, error) {
	if err := checkReceivers(s); err != nil {
		return nil, err
	}
	w := &World{scenario: s}
	w.disks = newDisks(s, sleeper{w}.Now)
	w.rack = device.New(s, sleeper{w}, logs{w.disks})
	if err := w.Rewind(); err != nil {
		return nil, err
	}
	return w, w.listen()
}

// Machines are those on which a run in this world runs its commands.
func (w *World) Machines() machine.Set[command.Runner] {
	behind := func(name string, f *host.Files) command.Runner {
		return fault.Machine{Name: name, Next: w.runner(name, f), Armed: w.armed}
	}
	out := machine.Set[command.Runner]{Local: behind(machine.Local, w.disks.Local), Hosts: map[string]command.Runner{}}
	for name, f := range w.disks.Hosts {
		out.Hosts[name] = behind(name, f)
	}
	return out
}

// Check finds what is wrong with the parts of a scenario that only its systems understand.
func Check(s *scenario.Scenario) []scenario.Problem {
	var out []scenario.Problem
	for _, p := range metrics.Check(&s.Prometheus) {
		out = append(out, scenario.Problem{Path: append([]any{"prometheus"}, p.Path...), Message: p.Message})
	}
	for i, f := range s.Faults {
		out = append(out, checkFault(f, "faults", i)...)
	}
	for i, e := range s.Timeline {
		if e.Fault != nil {
			out = append(out, checkFault(*e.Fault, "timeline", i, "fault")...)
		}
	}
	return out
}

// checkFault finds what is wrong with the fault at a path.
func checkFault(f scenario.Fault, path ...any) (out []scenario.Problem) {
	for _, found := range []struct {
		field string
		err   error
	}{{"on", calls(f.On)}, {"answer", fault.CheckMachine(f)}} {
		if found.err != nil {
			out = append(out, scenario.Problem{Path: append(slices.Clone(path), found.field), Message: found.err.Error()})
		}
	}
	return out
}

// Clock is the time in the world.
func (w *World) Clock() *clock.Virtual {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

// Rewind takes the world back to the moment at which its scenario begins, with another clock.
func (w *World) Rewind() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	starts := w.scenario.Starts()
	w.clock = clock.NewVirtual(starts)
	w.store = store.New(starts.Add(-w.scenario.Kubernetes.Aged()))
	w.life = controller.New(w.store, &w.scenario.Kubernetes)
	w.faults = fault.New(w.scenario.Faults, sleeper{w})
	w.outbox = outbox.New(w.clock)
	w.alerts = outbox.NewAlertmanager(w.outbox, w.clock, silencesOf(w.scenario))
	w.cluster = cluster.New(cluster.Config{
		Store: w.store, Section: &w.scenario.Kubernetes, Life: w.life, Lock: &w.mu, CatchUp: w.catchUp, Sleep: w.clock.Sleep,
	})
	var err error
	if w.metrics, err = metrics.New(&w.scenario.Prometheus, starts, w.clock); err != nil {
		return fmt.Errorf("the scenario %s: %w", w.scenario.Name, err)
	}
	if w.objects, err = s3.New(&w.scenario.S3, starts, w.clock); err != nil {
		return fmt.Errorf("the scenario %s: %w", w.scenario.Name, err)
	}
	if err := w.rewindDisks(starts); err != nil {
		return err
	}
	if err := w.rack.Begin(starts); err != nil {
		return fmt.Errorf("the scenario %s: %w", w.scenario.Name, err)
	}
	if err := w.applyManifests(); err != nil {
		return err
	}
	w.timeline, w.failed = nil, nil
	for _, e := range w.scenario.Timeline {
		if age := w.scenario.Kubernetes.Aged(); e.At < -age {
			return fmt.Errorf("%s: at %s: the site was only set up %s before the run: let this happen later, or make it older with kubernetes.age", w.where(e), e.At, age)
		}
		w.schedule(w.happening(starts.Add(e.At), e))
	}
	w.advance(starts)
	return errors.Join(w.failed...)
}

// Close ends the world. What of its timeline could not happen is its error, as is what broke.
func (w *World) Close() error {
	w.servers.close()
	w.mu.Lock()
	defer w.mu.Unlock()
	return errors.Join(w.failed...)
}

// fail notes why the world is not what its scenario says.
func (w *World) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed = append(w.failed, err)
}

// Change lets something happen now, or in the time that the event says.
func (w *World) Change(e scenario.Event) error {
	if err := w.scenario.Knows(e); err != nil {
		return err
	}
	if e.Fault != nil {
		for _, p := range checkFault(*e.Fault) {
			return fmt.Errorf("fault.%v: %s", p.Path[0], p.Message)
		}
		if err := checkReceiver(*e.Fault, w.scenario.Notify.Receivers); err != nil {
			return fmt.Errorf("fault.name: %w", err)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.catchUp()
	now := w.clock.Now()
	h := w.happening(now.Add(max(e.At, 0)), e)
	if e.At > 0 {
		w.schedule(h)
		return nil
	}
	w.again(h)
	return h.happen(now)
}

// Forget lets the API server drop its history, as one does that compacts its database: lists and watches of what was before are expired.
func (w *World) Forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.store.Forget()
}

// schedule puts an event on the timeline, after those of the same time.
func (w *World) schedule(h happening) {
	later := slices.IndexFunc(w.timeline, func(other happening) bool { return other.at.After(h.at) })
	if later < 0 {
		later = len(w.timeline)
	}
	w.timeline = slices.Insert(w.timeline, later, h)
}

func (w *World) applyManifests() error {
	for _, m := range w.scenario.Kubernetes.Manifests {
		for _, o := range m.Objects {
			if err := w.cluster.Apply(o); err != nil {
				return fmt.Errorf("%s: cannot apply %s %s%s: %w", m.Where, workload.Text(o, "kind"), workload.Text(o, "metadata", "name"), in(m.File), err)
			}
		}
	}
	w.life.React()
	return nil
}

func in(file string) string {
	if file == "" {
		return ""
	}
	return " in " + file
}

// catchUp brings the simulation to the clock.
func (w *World) catchUp() { w.advance(w.clock.Now()) }

// advance lets everything happen that is due, in order, each at its own time.
func (w *World) advance(to time.Time) {
	for len(w.timeline) > 0 {
		next := w.timeline[0]
		if next.at.After(to) {
			break
		}
		w.timeline = w.timeline[1:]
		w.again(next)
		w.life.Advance(next.at)
		w.rack.Advance(next.at)
		if err := next.happen(next.at); err != nil {
			w.failed = append(w.failed, fmt.Errorf("%s: at %s: %w", w.where(next.Event), next.at.Sub(w.scenario.Starts()), err))
		}
	}
	w.life.Advance(to)
	w.rack.Advance(to)
}

// again puts an event on the timeline once more that happens again and again.
func (w *World) again(h happening) {
	if h.Every == 0 || h.Times == 1 {
		return
	}
	if h.Times > 0 {
		h.Times--
	}
	h.at = h.at.Add(h.Every)
	w.schedule(h)
}

// where an event stands: in a scenario's file, or in what changes the site meanwhile.
func (w *World) where(e scenario.Event) string {
	return cmp.Or(e.Where, "the scenario "+w.scenario.Name)
}

// happening is an event at its time. What is said of it is read once, however often it happens.
func (w *World) happening(at time.Time, e scenario.Event) happening {
	h := happening{at: at, Event: e}
	switch {
	case e.File != "":
		h.happen = w.ofFile(e)
	case e.Disk != "":
		h.happen = w.ofDisk(e)
	case e.Object != "":
		h.happen = w.ofObject(e)
	case e.Device != "":
		h.happen = func(time.Time) error { return w.rack.Change(e) }
	default:
		h.happen = func(time.Time) error { return w.inCluster(e) }
	}
	return h
}

// inCluster is one event in the cluster, or a fault, at the time of the store.
func (w *World) inCluster(e scenario.Event) error {
	defer w.life.React()
	switch {
	case e.Become != "":
		return w.life.Become(e)
	case e.Apply != nil:
		return w.cluster.Apply(e.Apply)
	case e.Patch != "":
		return w.cluster.Patch(e.Patch, e.Namespace, e.With)
	case e.Delete != "":
		return w.cluster.Delete(e.Delete, e.Namespace)
	default:
		w.faults.Add(*e.Fault)
		return nil
	}
}

// Now is the time in the world, at which everything has happened that was to happen by then.
func (s sleeper) Now() time.Time {
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	s.world.catchUp()
	return s.world.clock.Now()
}

// A sleeper is the world's clock, whichever that is by now.
type sleeper struct{ world *World }

func (s sleeper) Sleep(ctx context.Context, d time.Duration) error {
	return s.world.Clock().Sleep(ctx, d)
}
