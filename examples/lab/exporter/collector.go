package exporter

import (
	"github.com/prometheus/client_golang/prometheus"

	"runbook/examples/lab/photon"
)

// collector hands the recorder's numbers to Prometheus's library. It describes none beforehand: replicas come and go.
type collector struct{ recorder *Recorder }

// Describe leaves the collector unchecked.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect hands out the numbers of this moment.
func (c collector) Collect(out chan<- prometheus.Metric) {
	for _, metric := range c.recorder.metrics() {
		out <- translate(metric)
	}
}

func translate(metric photon.Metric) prometheus.Metric {
	family := metric.Family
	desc := prometheus.NewDesc(family.Name, family.Help, family.Labels, nil)
	values := metric.Labels[:len(family.Labels)]
	switch family.Kind {
	case photon.Histogram:
		buckets := map[float64]uint64{}
		for i, bound := range photon.Buckets {
			buckets[bound] = metric.Durations.Within[i]
		}
		return prometheus.MustNewConstHistogram(desc, metric.Durations.Count, metric.Durations.Sum, buckets, values...)
	case photon.Counter:
		return prometheus.MustNewConstMetric(desc, prometheus.CounterValue, metric.Value, values...)
	default:
		return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, metric.Value, values...)
	}
}
