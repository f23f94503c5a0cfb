package prometheus

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"runbook/engine/action"
)

// recently is how long ago a series may have been there to be called stale, and not absent.
const recently = 24 * time.Hour

// A selector is a part of an expression that selects series.
type selector struct {
	series *parser.VectorSelector
	whole  string // as it stands in the expression, with its range if it has one
}

// fresh is an expression that gives something if the expression around the selector had anything to work on.
func (s selector) fresh() string {
	if s.whole != s.series.String() {
		return "count(last_over_time(" + s.whole + "))"
	}
	return "count(" + s.whole + ")"
}

// lately is one that counts what was there within the last day.
func lately(of *parser.VectorSelector) string {
	day := parser.MatrixSelector{VectorSelector: of, Range: recently}
	return "count(last_over_time(" + day.String() + "))"
}

// seen is one that gives when it was there last, to a minute.
func (s selector) seen() string {
	return fmt.Sprintf("max(max_over_time(timestamp(%s)[%s:1m]))", s.series, model.Duration(recently))
}

// selectors are those of an expression, each once.
func (e expression) selectors() []selector {
	var out []selector
	known := map[string]bool{}
	parser.Inspect(e.expr, func(node parser.Node, path []parser.Node) error {
		series, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		s := selector{series, series.String()}
		if len(path) > 0 {
			if ranged, ok := path[len(path)-1].(*parser.MatrixSelector); ok {
				s.whole = ranged.String()
			}
		}
		if !known[s.whole] {
			known[s.whole] = true
			out = append(out, s)
		}
		return nil
	})
	return out
}

// A finding is what became of the series that a selector asks for.
type finding struct {
	state  string
	reason string
	seen   *float64
}

// nothing finds out why an expression gives nothing, and fills that in. That this cannot be found out is no failure of the query itself.
func (b *binding) nothing(ctx context.Context, e expression, at time.Time, timeout time.Duration, out *single) error {
	out.State = isNothing
	worst := finding{isNothing, "all series that it asks for are there, and it keeps none of them: a comparison holds for none, labels of both sides do not match, or a function has too few samples", nil}
	if len(e.selectors()) == 0 {
		worst.reason = "the expression gives nothing, and asks for no series"
	}
	for _, s := range e.selectors() {
		found, err := b.find(ctx, s, at, timeout)
		switch {
		case err != nil && ctx.Err() != nil:
			return err
		case err != nil:
			out.Reason = "the expression gives nothing, and why could not be found out: " + err.Error()
			return nil
		case found.state == isNothing:
			out.Reason = found.reason
			return nil
		case found.state == isStale && worst.state != isStale:
			worst = found
		}
	}
	out.State, out.Reason, out.LastSeen = worst.state, worst.reason, worst.seen
	return nil
}

// find looks whether the series of a selector are there, were there, or never were within a day.
func (b *binding) find(ctx context.Context, s selector, at time.Time, timeout time.Duration) (finding, error) {
	ask := func(text string) (*float64, error) { return b.count(ctx, text, at, timeout) }
	if there, err := ask(s.fresh()); err != nil || there != nil {
		return finding{state: isNumber}, err
	}
	were, err := ask(lately(s.series))
	switch {
	case err != nil:
		return finding{}, err
	case were == nil:
		reason, err := s.absent(ask)
		return finding{state: isNothing, reason: reason}, err
	}
	seen, err := ask(s.seen())
	if err != nil || seen == nil { // it came and went within a minute
		return finding{state: isStale, reason: fmt.Sprintf("%s has no samples now; it had some within the last day", s.whole)}, err
	}
	when := time.UnixMilli(int64(*seen * 1000)).UTC()
	reason := fmt.Sprintf("%s has no samples now; it was last seen %s before, at %s", s.whole, at.Sub(when).Round(time.Second), when.Format(time.RFC3339))
	return finding{isStale, reason, seen}, nil
}

// absent says that there is no such series, and whether it is the labels that do not fit.
func (s selector) absent(ask func(string) (*float64, error)) (string, error) {
	reason := fmt.Sprintf("no series fits %s, now or within the last day", s.series)
	if s.series.Name == "" || len(s.series.LabelMatchers) < 2 {
		return reason, nil
	}
	named := *s.series
	named.LabelMatchers = nil
	others, err := ask(lately(&named))
	if err == nil && others != nil {
		reason += fmt.Sprintf("; there are %.0f of %s with other labels", *others, s.series.Name)
	}
	return reason, err
}

// count is the number that an expression of our own gives, nil if it gives none.
func (b *binding) count(ctx context.Context, text string, at time.Time, timeout time.Duration) (*float64, error) {
	e, err := parse("prometheus", text)
	if err != nil {
		return nil, action.Errorf(action.CodeInternal, "an expression of runbook's own: %w", err)
	}
	value, _, err := b.evaluate(ctx, e, at, timeout)
	if v, ok := value.(model.Vector); ok && err == nil && len(v) > 0 {
		return number(float64(v[0].Value)), nil
	}
	return nil, err
}
