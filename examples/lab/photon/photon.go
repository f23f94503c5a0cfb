// Package photon is the service of the handbook as numbers: what its metrics say at any moment, given how many of its
// pods are ready, how its devices are, and whether what is asked for fits into its cache.
//
// It is pure. The same seed, times and inputs give the same numbers, so that a week can be written down before a server
// runs, be continued by one that does, and be computed again by a test. It knows neither clock nor Prometheus.
//
// This file and history.go are the facts, as data. Read next: demand.go, how much there is to do; model.go, how it is
// counted; metrics.go, by what names it is told.
package photon

import "time"

// Seed decides all that looks like chance.
const Seed = 1064

// The load and what a replica bears of it, in compilations per second.
const (
	NightDemand = 2.0 // twelve hours from PeakHour
	PeakDemand  = 6.0
	PeakHour    = 14   // UTC
	Jitter      = 0.08 // each minute's demand is off by at most this share
	Capacity    = 2.7  // of one ready replica
	Replicas    = 3    // that the service normally has
)

// What a replica has, as its Deployment limits it, and how much of it is used.
const (
	MemoryLimit    = 2 << 30
	idleMemory     = 0.45 // of the limit
	busyMemory     = 0.30 // added by a full load
	idleCPU        = 0.10
	busyCPU        = 0.80
	coldCacheCPU   = 0.05 // added while the cache misses much
	overload       = 1.3  // beyond this a replica just refuses
	maxCPU         = 0.99
	QueueLimit     = 64 // requests that wait; the next are refused
	sessionsPerJob = 12
)

// How often the cache has what is asked for.
const (
	WarmHitRate = 0.82
	ColdHitRate = 0.45
	EnoughCache = 20 // gigabytes; of late, what is asked for does not fit into less
	hitJitter   = 0.02
)

// How often a compilation fails.
const (
	BaseErrors  = 0.01 // while all is well
	FaultErrors = 0.72 // added when a target has lost all its devices; with half of them a quarter of it
)

// ErrorTypes are the handbook's.
var ErrorTypes = [...]string{"mlir_dialect", "timeout", "memory", "hardware"}

// Which errors there are, in the order of ErrorTypes: of the ordinary ones, and of those of missing devices.
var (
	baseErrorShares  = [len(ErrorTypes)]float64{0.5, 0.3, 0.2, 0}
	faultErrorShares = [len(ErrorTypes)]float64{0.2, 0, 0, 0.8}
)

// Target is what models are compiled for.
type Target struct {
	Name  string
	Share float64 // of all compilations
}

// Targets share the load among them.
var Targets = [...]Target{
	{Name: "lightmatter_envise", Share: 0.55},
	{Name: "mit_silicon_photonics", Share: 0.30},
	{Name: "simulation", Share: 0.15},
}

// ModelType is a kind of model, and how much of each target's load it is.
type ModelType struct {
	Name  string
	Share float64
}

// ModelTypes are the same for every target.
var ModelTypes = [...]ModelType{{"transformer", 0.5}, {"cnn", 0.3}, {"rnn", 0.2}}

// Device is photonic hardware that compilations for a target need.
type Device struct{ ID, Type, Target string }

// Devices are all that the site has.
var Devices = [...]Device{
	{ID: "envise-1", Type: "lightmatter", Target: "lightmatter_envise"},
	{ID: "envise-2", Type: "lightmatter", Target: "lightmatter_envise"},
	{ID: "mit-1", Type: "mit", Target: "mit_silicon_photonics"},
	{ID: "mit-2", Type: "mit", Target: "mit_silicon_photonics"},
}

// Status is how a device is.
type Status string

// A degraded device still answers, so that its metric is 1; only its temperature and power tell.
const (
	Online   Status = "online"
	Degraded Status = "degraded"
	Offline  Status = "offline"
)

// condition is what a device's status looks like from outside.
type condition struct {
	up          float64
	lost        float64 // how much of the device its target misses
	temperature float64 // °C
	power       float64 // mW
}

var conditions = map[Status]condition{
	Online:   {up: 1, lost: 0, temperature: 42, power: 12.5},
	Degraded: {up: 1, lost: 0.5, temperature: 71, power: 7.1},
	Offline:  {up: 0, lost: 1, temperature: 21, power: 0}, // the room's
}

const (
	loadHeat         = 4.0 // °C that a full load adds to a device that works
	temperatureNoise = 0.6
	powerNoise       = 0.2
)

// Buckets are the upper bounds of the durations' histogram, in seconds.
var Buckets = [...]float64{0.1, 0.5, 1, 2.5, 5, 10, 30, 60}

// speed is how long compilations take: the share that is done within each bucket's bound, and the mean.
type speed struct {
	within [len(Buckets)]float64
	mean   float64 // seconds
}

var (
	hitSpeed  = speed{within: [...]float64{0.30, 0.85, 0.95, 0.99, 0.998, 1, 1, 1}, mean: 0.35}
	missSpeed = speed{within: [...]float64{0, 0.02, 0.10, 0.35, 0.65, 0.88, 0.985, 0.998}, mean: 5.8}
)

// Inputs are what the service's numbers depend on beside the time.
type Inputs struct {
	Ready     int               // pods
	Devices   map[string]Status // by ID; those that are missing are online
	ColdCache bool
}

func (in Inputs) condition(device Device) condition {
	if known, ok := conditions[in.Devices[device.ID]]; ok {
		return known
	}
	return conditions[Online]
}

// Step is how often the past was looked at, and for how long demand stays the same.
const Step = time.Minute
