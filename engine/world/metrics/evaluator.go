package metrics

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
)

// An evaluator evaluates rules from the beginning of the data on, at the interval, when somebody asks what came of them.
//
// Most rules are asked for many moments in one range query, whose steps are what queries at those moments would be: a week of
// minutes is ten questions instead of ten thousand.
type evaluator struct {
	engine   *promql.Engine
	written  []*series
	rules    []*rule
	first    time.Time // evaluation
	interval time.Duration
	stride   int // evaluations with one query
	done     int // evaluations that every rule has had
}

// stride is how many evaluations are made with one query.
const stride = 1000

func newEvaluator(engine *promql.Engine, c content, start time.Time) *evaluator {
	e := &evaluator{engine: engine, written: c.written, rules: c.rules, first: start, interval: c.interval, stride: stride}
	for _, s := range c.written {
		if early := start.Sub(time.UnixMilli(s.first)) / c.interval; early > 0 {
			e.first = earlier(e.first, start.Add(-early*c.interval))
		}
	}
	if slices.ContainsFunc(c.rules, (*rule).ofOneMoment) {
		e.stride = 1
	}
	return e
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func (e *evaluator) time(i int) time.Time { return e.first.Add(time.Duration(i) * e.interval) }

// catchUp makes the evaluations that are due at a moment. What it has made stays, whatever ends it.
func (e *evaluator) catchUp(ctx context.Context, now time.Time) error {
	for due := int(now.Sub(e.first)/e.interval) + 1; e.done < due; {
		end := min(e.done+e.stride, due)
		for _, r := range e.rules {
			if err := e.evaluate(ctx, r, end); err != nil {
				return err
			}
		}
		e.done = end
	}
	return nil
}

// evaluate makes the evaluations of a rule that come before one. Where a query fails, it looks for the moments that it fails at.
func (e *evaluator) evaluate(ctx context.Context, r *rule, end int) error {
	begin := r.next
	if begin >= end {
		return nil
	}
	found, err := e.ask(ctx, r.expr.String(), begin, end)
	switch {
	case err == nil:
		for i, vector := range found {
			r.take(context.WithoutCancel(ctx), e, begin+i, vector) // labels are written for ever
		}
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("evaluate the rule %s: %w", r.name, err)
	case end-begin == 1:
		r.fail(e, begin, err)
		return nil
	}
	if err := e.evaluate(ctx, r, begin+(end-begin)/2); err != nil {
		return err
	}
	return e.evaluate(ctx, r, end)
}

// ask is what an expression finds at each of the moments.
func (e *evaluator) ask(ctx context.Context, text string, begin, end int) ([]promql.Vector, error) {
	query, err := e.engine.NewRangeQuery(ctx, e.until(e.time(end-1)), nil, text, e.time(begin), e.time(end-1), e.interval)
	if err != nil {
		return nil, err
	}
	defer query.Close()
	matrix, err := query.Exec(ctx).Matrix()
	if err != nil {
		return nil, err
	}
	out := make([]promql.Vector, end-begin)
	add := func(s promql.Sample) {
		i := int(time.UnixMilli(s.T).Sub(e.time(begin)) / e.interval)
		out[i] = append(out[i], s)
	}
	for _, s := range matrix {
		for _, p := range s.Floats {
			add(promql.Sample{Metric: s.Metric, T: p.T, F: p.F})
		}
		for _, p := range s.Histograms {
			add(promql.Sample{Metric: s.Metric, T: p.T, H: p.H.Copy()}) // the engine takes it back
		}
	}
	return out, nil
}

// until is what a rule sees at a moment: nothing later, and what the rules before it have written.
func (e *evaluator) until(at time.Time) storage.Queryable {
	return past{now: at.UnixMilli(), written: e.written, alerts: func(context.Context) ([]*series, error) { return e.recorded(), nil }}
}

// recorded is what the rules have written.
func (e *evaluator) recorded() []*series {
	var out []*series
	for _, r := range e.rules {
		for _, s := range r.written {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, byLabels)
	return out
}
