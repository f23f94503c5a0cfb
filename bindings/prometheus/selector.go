package prometheus

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

// A selector is a part of an expression that selects series.
type selector struct {
	bare  parser.VectorSelector // of any time
	asked string                // as it stands in the expression, without its range if it has one
	whole string                // as it stands in the expression
	span  string                // its range, such as "[5m]"; none for one that asks for the last sample
	shift string                // what its time is moved by, such as " offset 7d"
	by    string                // the function that its range is given to

	around []*parser.SubqueryExpr // the subqueries that it stands in, the innermost first
}

// selectors are those of an expression, each once.
func (e expression) selectors() []selector {
	var out []selector
	known := map[string]bool{}
	parser.Inspect(e.expr, func(node parser.Node, path []parser.Node) error {
		series, ok := node.(*parser.VectorSelector)
		if !ok || series.BypassEmptyMatcherCheck { // info() may ask for any labels, and does without
			return nil
		}
		s := newSelector(series, path)
		if key := s.name() + s.by; !known[key] {
			known[key] = true
			out = append(out, s)
		}
		return nil
	})
	return out
}

func newSelector(series *parser.VectorSelector, path []parser.Node) selector {
	timed := *series
	timed.Anchored, timed.Smoothed = false, false // few functions take that; it selects no other series
	bare := parser.VectorSelector{Name: series.Name, LabelMatchers: series.LabelMatchers}
	s := selector{bare: bare, asked: timed.String(), whole: series.String(), shift: strings.TrimPrefix(timed.String(), bare.String())}
	for i := len(path) - 1; i >= 0; i-- {
		switch around := path[i].(type) {
		case *parser.MatrixSelector:
			s.whole = around.String()
			s.span, _, _ = strings.Cut(strings.TrimPrefix(s.whole, bare.String()), "]")
			s.span += "]"
		case *parser.SubqueryExpr:
			s.around = append(s.around, around)
		case *parser.Call:
			if s.by == "" && s.span != "" {
				s.by = around.Func.Name
			}
		}
	}
	return s
}

// name is what a person finds it by in the expression.
func (s selector) name() string { return s.whole + s.within() }

// within names the subquery that it stands in.
func (s selector) within() string {
	if len(s.around) == 0 {
		return ""
	}
	return " in " + s.around[len(s.around)-1].String()
}

// moved tells whether it asks for another time than that of the query.
func (s selector) moved() bool { return s.shift != "" || len(s.around) > 0 }

// fresh is an expression that gives something if the expression around the selector had anything to work on.
func (s selector) fresh() string {
	text := s.asked
	if s.span != "" {
		text = "last_over_time(" + s.ranged(s.bare, s.span) + ")"
	}
	return "count(" + s.wherever("last_over_time", text) + ")"
}

// most is one that gives how many samples that series has which has most.
func (s selector) most() string {
	return "max(" + s.wherever("max_over_time", "count_over_time("+s.ranged(s.bare, s.span)+")") + ")"
}

// lately is one that counts what was there within the last day.
func (s selector) lately(of parser.VectorSelector) string {
	text := "last_over_time(" + s.ranged(of, "["+model.Duration(s.reach()).String()+"]") + ")"
	return "count(" + s.atTheEnd(text) + ")"
}

// seen is one that gives when it was there last, to a minute.
func (s selector) seen() string {
	text := fmt.Sprintf("max_over_time(timestamp(%s)[%s:1m]%s)", &s.bare, model.Duration(s.reach()), s.shift)
	return "max(" + s.atTheEnd(text) + ")"
}

func (s selector) ranged(of parser.VectorSelector, span string) string {
	return of.String() + span + s.shift
}

// reach is how far back it is looked for: a day before all that the subqueries around it look at.
func (s selector) reach() time.Duration {
	out := recently
	for _, around := range s.around {
		out += around.Range
	}
	return out
}

// wherever is an expression at all the times at which the subqueries evaluate the selector.
func (s selector) wherever(function, text string) string {
	for _, around := range s.around {
		text = function + "((" + text + ")" + around.ShortString() + ")"
	}
	return text
}

// atTheEnd is an expression at the last of these times alone.
func (s selector) atTheEnd(text string) string {
	for _, around := range s.around {
		_, shift, _ := strings.Cut(around.ShortString(), "]")
		text = "last_over_time((" + text + ")[1s:1s]" + shift + ")"
	}
	return text
}
