package metrics

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
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
	fixed       map[string]labels.Labels // of the alert that a metric makes, where no template has a say
	active      map[string]*alert        // by labels
	written     map[string]*series       // by labels
	next        int                      // index of the evaluation to come
	last        time.Time                // evaluation
	failed      error                    // why the last one failed
}

// An alert is something that a rule's expression found.
type alert struct {
	labels      labels.Labels
	firing      bool
	since       time.Time // it is found
	sample      promql.Sample
	at          time.Time // of the sample
	missedSince time.Time // while it keeps firing without being found

	// What it writes: made once, because a week of minutes is written at once.
	pending, fires, forState *series
}

func newRule(given scenario.Rule, expr parser.Expr) *rule {
	r := &rule{
		name: given.Alert, expr: expr, hold: given.For, keep: given.KeepFiringFor,
		labels: labels.FromMap(given.Labels), annotations: labels.FromMap(given.Annotations),
		active: map[string]*alert{}, written: map[string]*series{},
	}
	if !strings.Contains(r.labels.String(), "{{") {
		r.fixed = map[string]labels.Labels{}
	}
	return r
}

// key tells labels apart.
func key(of labels.Labels) string { return string(of.Bytes(nil)) }

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
		as := key(a.labels)
		if current[as] != nil {
			r.fail(e, i, errSameLabels)
			return
		}
		current[as] = a
	}
	r.last, r.next, r.failed = at, i+1, nil
	for as, a := range current {
		if before := r.active[as]; before != nil {
			before.sample, before.at, before.missedSince = a.sample, at, time.Time{}
			continue
		}
		r.active[as] = a
	}
	r.settle(at, current)
	r.write(e, i)
}

// fail is an evaluation that came to nothing: what is active stays so, and nothing is written.
func (r *rule) fail(e *evaluator, i int, why error) { r.last, r.next, r.failed = e.time(i), i+1, why }

// settle ends alerts that are found no longer, and fires those that have been found for long enough.
func (r *rule) settle(at time.Time, current map[string]*alert) {
	for as, a := range r.active {
		if current[as] == nil && !r.keeps(a, at) {
			delete(r.active, as)
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
	as := key(sample.Metric)
	if known, ok := r.fixed[as]; ok {
		return known
	}
	out := labels.NewBuilder(sample.Metric)
	out.Del(model.MetricNameLabel)
	r.labels.Range(func(l labels.Label) { out.Set(l.Name, e.expand(ctx, r, l.Value, sample, at)) })
	out.Set(labels.AlertName, r.name)
	made := out.Labels()
	if r.fixed != nil {
		r.fixed[as] = made
	}
	return made
}

// annotationsOf are those of an alert, as of its last sample.
func (r *rule) annotationsOf(ctx context.Context, e *evaluator, a *alert) labels.Labels {
	out := labels.NewScratchBuilder(0)
	r.annotations.Range(func(l labels.Label) { out.Add(l.Name, e.expand(ctx, r, l.Value, a.sample, a.at)) })
	return out.Labels()
}

// write notes the series of its alerts, and marks those stale that are there no longer.
func (r *rule) write(e *evaluator, i int) {
	for _, a := range r.active {
		if a.forState == nil {
			a.pending = r.series(e, a, model.MetricNameLabel, alertsName, "alertstate", "pending")
			a.fires = r.series(e, a, model.MetricNameLabel, alertsName, "alertstate", "firing")
			a.forState = r.series(e, a, model.MetricNameLabel, forStateName)
		}
		state := a.pending
		if a.firing {
			state = a.fires
		}
		state.note(i, 1)
		a.forState.note(i, float64(a.since.Unix()))
	}
	for _, s := range r.written {
		if s.left(i) {
			s.note(i, math.Float64frombits(value.StaleNaN))
		}
	}
}

// series is one that an alert writes.
func (r *rule) series(e *evaluator, a *alert, more ...string) *series {
	out := labels.NewBuilder(r.labels)
	a.labels.Range(func(l labels.Label) { out.Set(l.Name, l.Value) })
	for n := 0; n < len(more); n += 2 {
		out.Set(more[n], more[n+1])
	}
	named := out.Labels()
	as := key(named)
	if r.written[as] == nil {
		r.written[as] = &series{labels: named, first: e.first.UnixMilli(), interval: e.interval.Milliseconds()}
	}
	return r.written[as]
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
