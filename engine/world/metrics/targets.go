package metrics

import (
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// The answers about targets, as Prometheus writes them.
type (
	targetList struct {
		ActiveTargets       []target       `json:"activeTargets"`
		DroppedTargets      []target       `json:"droppedTargets"`
		DroppedTargetCounts map[string]int `json:"droppedTargetCounts"`
	}
	target struct {
		DiscoveredLabels   labels.Labels `json:"discoveredLabels"`
		Labels             labels.Labels `json:"labels"`
		ScrapePool         string        `json:"scrapePool"`
		ScrapeURL          string        `json:"scrapeUrl"`
		GlobalURL          string        `json:"globalUrl"`
		LastError          string        `json:"lastError"`
		LastScrape         time.Time     `json:"lastScrape"`
		LastScrapeDuration float64       `json:"lastScrapeDuration"`
		Health             string        `json:"health"`
		ScrapeInterval     string        `json:"scrapeInterval"`
		ScrapeTimeout      string        `json:"scrapeTimeout"`
	}
)

// targets are what the series up speak of at the moment.
func (m *Metrics) targets(q question) answer {
	url := q.URL.Query()
	pool, state := url.Get("scrapePool"), strings.ToLower(url.Get("state"))
	shows := func(which string) bool { return state == "" || state == "any" || state == which }
	out := targetList{ActiveTargets: []target{}, DroppedTargets: []target{}}
	for _, t := range m.targetsAt(q.now) {
		if shows("dropped") {
			if out.DroppedTargetCounts == nil {
				out.DroppedTargetCounts = map[string]int{}
			}
			out.DroppedTargetCounts[t.ScrapePool] = 0
		}
		if shows("active") && (pool == "" || t.ScrapePool == pool) {
			out.ActiveTargets = append(out.ActiveTargets, t)
		}
	}
	return answer{data: out}
}

func (m *Metrics) targetsAt(now time.Time) []target {
	var out []target
	for _, s := range m.written {
		if s.labels.Get(model.MetricNameLabel) != "up" {
			continue
		}
		if at, number, there := s.newest(now); there {
			out = append(out, m.target(s.labels, at, number))
		}
	}
	slices.SortStableFunc(out, func(a, b target) int { return strings.Compare(a.ScrapePool, b.ScrapePool) })
	return out
}

// newest is the sample that a query would find now.
func (s *series) newest(now time.Time) (time.Time, float64, bool) {
	it := s.iterator(now.Add(-lookback).UnixMilli()+1, now.UnixMilli())
	at, number := int64(0), math.NaN()
	for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
		if kind == chunkenc.ValFloat {
			at, number = it.At()
		}
	}
	return time.UnixMilli(at).UTC(), number, at != 0 && !value.IsStaleNaN(number)
}

func (m *Metrics) target(up labels.Labels, at time.Time, number float64) target {
	job, instance := up.Get("job"), up.Get("instance")
	interval, timeout := model.Duration(m.interval).String(), model.Duration(min(m.interval, 10*time.Second)).String()
	named := labels.NewBuilder(up)
	named.Del(model.MetricNameLabel)
	t := target{
		DiscoveredLabels: labels.FromStrings("__address__", instance, "__metrics_path__", "/metrics", "__scheme__", "http",
			"__scrape_interval__", interval, "__scrape_timeout__", timeout, "job", job),
		Labels: named.Labels(), ScrapePool: job, LastScrape: at, Health: "up", ScrapeInterval: interval, ScrapeTimeout: timeout,
		ScrapeURL: "http://" + instance + "/metrics", GlobalURL: "http://" + instance + "/metrics",
	}
	if number == 0 {
		t.Health, t.LastError = "down", `Get "`+t.ScrapeURL+`": context deadline exceeded`
	}
	return t
}

func (m *Metrics) scrapePools(q question) answer {
	pools := []string{}
	for _, t := range m.targetsAt(q.now) {
		pools = append(pools, t.ScrapePool)
	}
	return answer{data: map[string][]string{"scrapePools": slices.Compact(pools)}}
}

// targetMetadata and metadata find nothing: a scenario does not say what its series mean.
func (m *Metrics) targetMetadata(q question) answer {
	if wrong := wholeNumber(q, "limit"); wrong != nil {
		return *wrong
	}
	if text := q.FormValue("match_target"); text != "" {
		if _, err := m.parser.ParseMetricSelector(text); err != nil {
			return invalid("match_target", err)
		}
	}
	return answer{data: []any{}}
}

func (m *Metrics) metadata(q question) answer {
	for _, name := range []string{"limit", "limit_per_metric"} {
		if wrong := wholeNumber(q, name); wrong != nil {
			return *wrong
		}
	}
	return answer{data: map[string]any{}}
}

func (m *Metrics) alertmanagers(question) answer {
	return answer{data: map[string][]string{"activeAlertmanagers": {}, "droppedAlertmanagers": {}}}
}

func wholeNumber(q question, name string) *answer {
	if text := q.FormValue(name); text != "" && strings.Trim(text, "0123456789") != "" {
		wrong := failed(badData, errors.New(name+" must be a number"))
		return &wrong
	}
	return nil
}
