package prometheus

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"runbook/engine/action"
)

// recently is how long ago a series may have been there to be called stale, and not absent.
const recently = 24 * time.Hour

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
		case found.state == isStale && worst.state != isStale, found.state == isNumber && found.reason != "" && worst.state != isStale:
			worst = found
		}
	}
	if worst.state == isStale {
		out.State = isStale
	}
	out.Reason, out.LastSeen = worst.reason, worst.seen
	return nil
}

// find looks whether the series of a selector are there, were there, or never were within a day.
func (b *binding) find(ctx context.Context, s selector, at time.Time, timeout time.Duration) (finding, error) {
	ask := func(text string) (*float64, error) { return b.count(ctx, text, at, timeout) }
	if there, err := ask(s.fresh()); err != nil || there != nil {
		reason := ""
		if err == nil {
			reason, err = s.tooFew(ask)
		}
		return finding{state: isNumber, reason: reason}, err
	}
	were, err := ask(s.lately(s.bare))
	switch {
	case err != nil:
		return finding{}, err
	case were == nil:
		reason, err := s.absent(ask)
		return finding{state: isNothing, reason: reason}, err
	}
	seen, err := ask(s.seen())
	if err != nil || seen == nil { // it came and went within a minute
		return finding{state: isStale, reason: fmt.Sprintf("%s has no samples now; it had some within %s", s.name(), s.day())}, err
	}
	when := time.UnixMilli(int64(*seen * 1000)).UTC()
	reason := fmt.Sprintf("%s has no samples now; it was last seen %s before, at %s", s.name(), at.Sub(when).Round(time.Second), when.Format(time.RFC3339))
	return finding{isStale, reason, seen}, nil
}

// wantTwo are the functions that give nothing for a series with a single sample in their range.
var wantTwo = []string{"delta", "deriv", "double_exponential_smoothing", "idelta", "increase", "irate", "predict_linear", "rate"}

// tooFew says that no series has the samples that the function around the selector needs.
func (s selector) tooFew(ask func(string) (*float64, error)) (string, error) {
	if !slices.Contains(wantTwo, s.by) {
		return "", nil
	}
	most, err := ask(s.most())
	if err != nil || most == nil || *most > 1 {
		return "", err
	}
	return fmt.Sprintf("no series has more than one sample in %s, and %s needs two: it begins or ends there, or is scraped too seldom for that range", s.name(), s.by), nil
}

// absent says that there is no such series, and whether it is the labels that do not fit.
func (s selector) absent(ask func(string) (*float64, error)) (string, error) {
	moment := "now"
	if s.moved() {
		moment = "then"
	}
	reason := fmt.Sprintf("no series fits %s, %s or within %s", s.asked+s.within(), moment, s.day())
	if s.bare.Name == "" || len(s.bare.LabelMatchers) < 2 {
		return reason, nil
	}
	others, err := ask(s.lately(parser.VectorSelector{Name: s.bare.Name}))
	if err == nil && others != nil {
		reason += fmt.Sprintf("; there are %.0f of %s with other labels", *others, s.bare.Name)
	}
	return reason, err
}

// day is the one within which it is looked for.
func (s selector) day() string {
	if s.moved() {
		return "the day before"
	}
	return "the last day"
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
