package backfill

import (
	"math"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"runbook/examples/lab/photon"
)

// bucketSuffix marks the series of a histogram's buckets.
const bucketSuffix = "_bucket"

// identity tells the series of the past apart without their labels, which are made once for each.
type identity struct {
	family *photon.Family
	labels [len(photon.Metric{}.Labels)]string
	suffix string
	le     float64
}

// notebook collects what each scrape found.
type notebook struct {
	scrape Scrape
	places map[identity]int
	series []promql.Series
}

// up is what Prometheus itself notes of each scrape.
var up = &photon.Family{Name: "up"}

// scraped is all that scrapes of the past found. While nobody watched there is nothing.
func scraped(past photon.Past, scrape Scrape) []promql.Series {
	book := &notebook{scrape: scrape, places: map[identity]int{}}
	past.Replay(func(m *photon.Model) {
		if past.During(photon.Unwatched, m.At()) {
			return
		}
		now := m.At().UnixMilli()
		book.note(now, identity{family: up}, 1)
		for _, metric := range m.Metrics() {
			book.noteMetric(now, metric)
		}
	})
	return book.series
}

func (b *notebook) noteMetric(now int64, metric photon.Metric) {
	is := identity{family: metric.Family, labels: metric.Labels}
	if metric.Family.Kind != photon.Histogram {
		b.note(now, is, metric.Value)
		return
	}
	d := metric.Durations
	for i, bound := range photon.Buckets {
		b.note(now, identity{is.family, is.labels, bucketSuffix, bound}, float64(d.Within[i]))
	}
	b.note(now, identity{is.family, is.labels, bucketSuffix, math.Inf(1)}, float64(d.Count))
	b.note(now, identity{is.family, is.labels, "_count", 0}, float64(d.Count))
	b.note(now, identity{is.family, is.labels, "_sum", 0}, d.Sum)
}

func (b *notebook) note(now int64, is identity, value float64) {
	place, known := b.places[is]
	if !known {
		place = len(b.series)
		b.places[is] = place
		b.series = append(b.series, promql.Series{Metric: b.labels(is)})
	}
	floats := &b.series[place].Floats
	*floats = append(*floats, promql.FPoint{T: now, F: value})
}

// labels are those that a scrape would have given the series.
func (b *notebook) labels(is identity) labels.Labels {
	builder := labels.NewBuilder(labels.EmptyLabels())
	builder.Set(model.MetricNameLabel, is.family.Name+is.suffix)
	builder.Set("job", b.scrape.Job)
	builder.Set("instance", b.scrape.Instance)
	for i, name := range is.family.Labels {
		builder.Set(name, is.labels[i])
	}
	if is.suffix == bucketSuffix {
		builder.Set(labels.BucketLabel, labels.FormatOpenMetricsFloat(is.le))
	}
	return builder.Labels()
}
