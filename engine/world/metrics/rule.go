package metrics

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"runbook/engine/world/scenario"
)

// A rule is an alerting rule and what has become of it. It behaves as the one in Prometheus's package rules, which would bring
// scraping, discovery and the clouds' clients with it.
type rule struct {
	name        string
	expr        parser.Expr
	hold, keep  time.Duration
	labels      labels.Labels
	annotations labels.Labels
	active      map[string]*alert  // by labels
	written     map[string]*series // by labels
	next        int                // index of the evaluation to come
	last        time.Time          // evaluation
	failed      error              // why the last one failed
}

// An alert is something that a rule's expression found.
type alert struct {
	labels      labels.Labels
	firing      bool
	since       time.Time // it is found
	sample      promql.Sample
	at          time.Time // of the sample
	missedSince time.Time // while it keeps firing without being found
}

func newRule(given scenario.Rule, expr parser.Expr) *rule {
	return &rule{
		name: given.Alert, expr: expr, hold: given.For, keep: given.KeepFiringFor,
		labels: labels.FromMap(given.Labels), annotations: labels.FromMap(given.Annotations),
		active: map[string]*alert{}, written: map[string]*series{},
	}
}

// ofOneMoment tells whether it must be evaluated moment by moment: whether it asks what rules have written, or where a range begins and ends.
func (r *rule) ofOneMoment() bool {
	found := false
	parser.Inspect(r.expr, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			found = found || n.StartOrEnd != 0 || mayNameAlerts(n.LabelMatchers)
		case *parser.SubqueryExpr:
			found = found || n.StartOrEnd != 0
		}
		return nil
	})
	return found
}

var errSameLabels = errors.New("vector contains metrics with the same labelset after applying alert labels")

// take is one evaluation, by its index, with what the expression found.
func (r *rule) take(ctx context.Context, e *evaluator, i int, found promql.Vector) {
	at := e.time(i)
	current := map[string]*alert{}
	for _, sample := range found {
		a := &alert{labels: r.labelsOf(ctx, e, sample, at), since: at, sample: sample, at: at}
		key := a.labels.String()
		if current[key] != nil {
			r.fail(e, i, errSameLabels)
			return
		}
		current[key] = a
	}
	r.last, r.next, r.failed = at, i+1, nil
	for key, a := range current {
		if before := r.active[key]; before != nil {
			before.sample, before.at, before.missedSince = a.sample, at, time.Time{}
			continue
		}
		r.active[key] = a
	}
	r.settle(at, current)
	r.write(e, i)
}

// fail is an evaluation that came to nothing: what is active stays so, and nothing is written.
func (r *rule) fail(e *evaluator, i int, why error) { r.last, r.next, r.failed = e.time(i), i+1, why }

// settle ends alerts that are found no longer, and fires those that have been found for long enough.
func (r *rule) settle(at time.Time, current map[string]*alert) {
	for key, a := range r.active {
		if current[key] == nil && !r.keeps(a, at) {
			delete(r.active, key)
			continue
		}
		if at.Sub(a.since) >= r.hold {
			a.firing = true
		}
	}
}

func (r *rule) keeps(a *alert, at time.Time) bool {
	if !a.firing || r.keep == 0 {
		return false
	}
	if a.missedSince.IsZero() {
		a.missedSince = at
	}
	return at.Sub(a.missedSince) < r.keep
}

// labelsOf are those of the alert that a sample makes.
func (r *rule) labelsOf(ctx context.Context, e *evaluator, sample promql.Sample, at time.Time) labels.Labels {
	out := labels.NewBuilder(sample.Metric)
	out.Del(labels.MetricName)
	r.labels.Range(func(l labels.Label) { out.Set(l.Name, e.expand(ctx, r, l.Value, sample, at)) })
	out.Set(labels.AlertName, r.name)
	return out.Labels()
}

// annotationsOf are those of an alert, as of its last sample.
func (r *rule) annotationsOf(ctx context.Context, e *evaluator, a *alert) labels.Labels {
	out := labels.NewScratchBuilder(0)
	r.annotations.Range(func(l labels.Label) { out.Add(l.Name, e.expand(ctx, r, l.Value, a.sample, a.at)) })
	return out.Labels()
}

// write notes the series of its alerts, and marks those stale that are there no longer.
func (r *rule) write(e *evaluator, i int) {
	kept := map[string]bool{}
	for _, a := range r.active {
		kept[r.note(e, i, a, 1, labels.MetricName, alertsName, "alertstate", a.state())] = true
		kept[r.note(e, i, a, float64(a.since.Unix()), labels.MetricName, forStateName)] = true
	}
	for key, s := range r.written {
		if !kept[key] && s.live(i) {
			s.note(i, math.Float64frombits(value.StaleNaN))
		}
	}
}

func (r *rule) note(e *evaluator, i int, a *alert, number float64, more ...string) string {
	out := labels.NewBuilder(r.labels)
	a.labels.Range(func(l labels.Label) { out.Set(l.Name, l.Value) })
	for n := 0; n < len(more); n += 2 {
		out.Set(more[n], more[n+1])
	}
	named := out.Labels()
	key := named.String()
	if r.written[key] == nil {
		r.written[key] = &series{labels: named, first: e.first.UnixMilli(), interval: e.interval.Milliseconds()}
	}
	r.written[key].note(i, number)
	return key
}

func (a *alert) state() string {
	if a.firing {
		return "firing"
	}
	return "pending"
}

// state is that of its alert that has got furthest.
func (r *rule) state() string {
	state := "inactive"
	for _, a := range r.active {
		if a.firing {
			return "firing"
		}
		state = "pending"
	}
	return state
}

// alerts are what it found, by labels.
func (r *rule) alerts() []*alert {
	out := make([]*alert, 0, len(r.active))
	for _, a := range r.active {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b *alert) int { return labels.Compare(a.labels, b.labels) })
	return out
}
