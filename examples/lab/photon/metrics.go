package photon

import (
	"math"
	"strconv"
)

// Kind is what Prometheus calls a metric's type.
type Kind int

// The kinds that the service has.
const (
	Gauge Kind = iota
	Counter
	Histogram
)

// maxLabels is how many labels a metric has at most.
const maxLabels = 3

// Family is all metrics of one name.
type Family struct {
	Name, Help string
	Kind       Kind
	Labels     []string
}

// Metric is one number that the service tells of itself, or one histogram.
type Metric struct {
	Family    *Family
	Labels    [maxLabels]string // the values, in the order of the family's labels
	Value     float64           // of a gauge or counter
	Durations *Durations        // of a histogram
}

// Durations are how long compilations took.
type Durations struct {
	Within [len(Buckets)]uint64 // by each bucket's bound, those of the shorter ones included
	Count  uint64
	Sum    float64 // seconds
}

var (
	compilations = &Family{Name: "photon_compilations_total", Kind: Counter, Labels: []string{"status", "target", "model_type"}, Help: "Compilations that ended."}
	failures     = &Family{Name: "photon_compilation_errors_total", Kind: Counter, Labels: []string{"error_type"}, Help: "Compilations that failed, by what went wrong."}
	durations    = &Family{Name: "photon_compilation_duration_seconds", Kind: Histogram, Labels: []string{"target"}, Help: "How long compilations took."}
	hits         = &Family{Name: "photon_cache_hits_total", Kind: Counter, Help: "Compilations that the cache knew."}
	misses       = &Family{Name: "photon_cache_misses_total", Kind: Counter, Help: "Compilations that the cache did not know."}
	hitRate      = &Family{Name: "photon_cache_hit_rate", Help: "Share of compilations that the cache knows, 0 to 1."}
	queueDepth   = &Family{Name: "photon_queue_depth", Help: "Requests that wait."}
	sessions     = &Family{Name: "photon_active_sessions", Help: "Sessions of users."}
	memoryUsage  = &Family{Name: "photon_memory_usage_bytes", Labels: []string{"replica"}, Help: "Memory that a replica uses."}
	memoryLimit  = &Family{Name: "photon_memory_limit_bytes", Labels: []string{"replica"}, Help: "Memory that a replica may use."}
	cpuUsage     = &Family{Name: "photon_cpu_usage_ratio", Labels: []string{"replica"}, Help: "Share of its processor limit that a replica uses, 0 to 1."}
	deviceStatus = &Family{Name: "photon_device_status", Labels: []string{"device_id", "device_type"}, Help: "Whether a device answers, 0 or 1."}
	temperature  = &Family{Name: "photon_device_temperature_celsius", Labels: []string{"device_id", "device_type"}, Help: "Temperature of a device."}
	power        = &Family{Name: "photon_optical_power_mw", Labels: []string{"device_id", "device_type"}, Help: "Optical power of a device, in milliwatts."}
)

// Metrics are what the service tells of itself at this moment. Replicas are numbered, as pods come and go.
func (m *Model) Metrics() []Metric {
	metrics := m.counters()
	metrics = append(metrics, m.gauges()...)
	metrics = append(metrics, m.replicas()...)
	return append(metrics, m.devices()...)
}

func (m *Model) counters() []Metric {
	counts := m.counts.Minus(m.restart)
	sum := counts.Sum()
	metrics := []Metric{
		{Family: hits, Value: float64(sum.Hits)},
		{Family: misses, Value: float64(sum.Misses)},
	}
	for i, name := range ErrorTypes {
		metrics = append(metrics, Metric{Family: failures, Labels: [maxLabels]string{name}, Value: float64(sum.Errors[i])})
	}
	for t, target := range Targets {
		metrics = append(metrics, Metric{Family: durations, Labels: [maxLabels]string{target.Name}, Durations: durationsOf(counts.Of(t))})
		for k, kind := range ModelTypes {
			count := counts[t][k]
			metrics = append(metrics,
				Metric{Family: compilations, Labels: [maxLabels]string{"success", target.Name, kind.Name}, Value: float64(count.Successes)},
				Metric{Family: compilations, Labels: [maxLabels]string{"error", target.Name, kind.Name}, Value: float64(count.Failures())})
		}
	}
	return metrics
}

// durationsOf follows from the counts alone: what the cache knows is quick, what it does not know is slow.
func durationsOf(count Count) *Durations {
	hits, misses := float64(count.Hits), float64(count.Misses)
	d := &Durations{Count: count.Compilations(), Sum: hits*hitSpeed.mean + misses*missSpeed.mean}
	for i := range d.Within {
		d.Within[i] = uint64(hits*hitSpeed.within[i] + misses*missSpeed.within[i])
	}
	return d
}

func (m *Model) gauges() []Metric {
	return []Metric{
		{Family: hitRate, Value: HitRate(m.at, m.in)},
		{Family: queueDepth, Value: queue(load(m.at, m.in))},
		{Family: sessions, Value: math.Round(sessionsPerJob * Rate(m.at, m.in))},
	}
}

func (m *Model) replicas() []Metric {
	work := min(load(m.at, m.in), overload)
	cpu := idleCPU + busyCPU*work
	if m.in.ColdCache {
		cpu += coldCacheCPU
	}
	var metrics []Metric
	for i := range m.in.Ready {
		replica := [maxLabels]string{strconv.Itoa(i)}
		metrics = append(metrics,
			Metric{Family: memoryUsage, Labels: replica, Value: math.Round(MemoryLimit * (idleMemory + busyMemory*work))},
			Metric{Family: memoryLimit, Labels: replica, Value: MemoryLimit},
			Metric{Family: cpuUsage, Labels: replica, Value: min(maxCPU, cpu)})
	}
	return metrics
}

func (m *Model) devices() []Metric {
	var metrics []Metric
	for i, device := range Devices {
		is, noise := m.in.condition(device), chance(m.at, chanceDevices+i)
		labels := [maxLabels]string{device.ID, device.Type}
		heat := temperatureNoise * noise
		if is.up > 0 {
			heat += loadHeat * min(1, Rate(m.at, m.in)/(Replicas*Capacity))
		}
		metrics = append(metrics,
			Metric{Family: deviceStatus, Labels: labels, Value: is.up},
			Metric{Family: temperature, Labels: labels, Value: is.temperature + heat},
			Metric{Family: power, Labels: labels, Value: is.power + is.up*powerNoise*noise})
	}
	return metrics
}
