package exporter

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"runbook/examples/lab/photon"
)

// lookEvery is how soon the numbers follow what happens.
const lookEvery = time.Second

// Sources are whom the recorder asks how things are.
type Sources struct {
	// Ready counts the ready pods, if that is known.
	Ready func() (count int, known bool)
	// CacheSize is the gigabytes that the service may cache, if that is known.
	CacheSize func() (gigabytes int, known bool)
	// Devices are the states of those devices that somebody else plays, by ID.
	Devices func() (map[string]photon.Status, error)
}

// Recorder keeps the model up to date.
type Recorder struct {
	sources Sources
	past    photon.Past
	log     *slog.Logger

	mu       sync.Mutex // guards all below
	model    *photon.Model
	devices  map[string]photon.Status // as last told
	trouble  string                   // with the devices, to be logged once
	looked   bool
	informed bool
}

// NewRecorder lives through the past, and so goes on with its counters.
func NewRecorder(past photon.Past, sources Sources, log *slog.Logger) *Recorder {
	return &Recorder{sources: sources, past: past, log: log, model: past.Replay(func(*photon.Model) {})}
}

// Restarted is a recorder of a service that begins again at now, with counters at zero: what was counted since the end of
// the past depended on pods and devices, and nobody kept it. Counters that went back to anything but zero would add all
// that they still have to every rate.
func Restarted(past photon.Past, now time.Time, sources Sources, log *slog.Logger) *Recorder {
	return &Recorder{sources: sources, past: past, log: log, model: photon.New(now, past.Inputs(now))}
}

// Run looks how things are, at once and then again and again until ctx ends.
func (r *Recorder) Run(ctx context.Context) {
	r.Look(time.Now())
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			r.Look(now)
		}
	}
}

// Look brings the model to now.
func (r *Recorder) Look(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	in := r.past.Inputs(now)
	if ready, known := r.sources.Ready(); known {
		in.Ready, r.informed = ready, true
	}
	if size, known := r.sources.CacheSize(); known && size >= photon.EnoughCache {
		in.ColdCache = false
	}
	r.lookAtDevices()
	maps.Copy(in.Devices, r.devices)
	r.model.Advance(now, in)
	r.looked = true
}

// lookAtDevices keeps the states that were told last where nobody can tell them now.
func (r *Recorder) lookAtDevices() {
	devices, err := r.sources.Devices()
	if err == nil {
		r.devices, r.trouble = devices, ""
		return
	}
	if r.trouble != err.Error() {
		r.trouble = err.Error()
		r.log.Warn("going on with the devices' last known states", "error", err)
	}
}

// Looked tells whether there was a look, without which the numbers are those of the moment that the recorder began with.
func (r *Recorder) Looked() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.looked
}

// Informed tells whether the pods were ever known.
func (r *Recorder) Informed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.informed
}

func (r *Recorder) metrics() []photon.Metric {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.model.Metrics()
}
