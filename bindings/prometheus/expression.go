package prometheus

import (
	"cmp"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"runbook/engine/action"
)

// newParser reads everything that any server may be told to read: what one without flags refuses, it refuses itself.
func newParser() parser.Parser {
	return parser.NewParser(parser.Options{
		EnableExperimentalFunctions: true, ExperimentalDurationExpr: true, EnableExtendedRangeSelectors: true, EnableBinopFillModifiers: true,
	})
}

// An expression is one that was parsed.
type expression struct {
	text string
	expr parser.Expr
}

// parse checks an expression before anything is sent. where names the function and the argument.
func parse(where, text string) (expression, error) {
	expr, err := newParser().ParseExpr(text)
	if err != nil {
		return expression{}, unparsed(where, "the expression", text, err)
	}
	return expression{text, expr}, nil
}

// parseSelectors checks selectors of series, such as up{job="x"}.
func parseSelectors(where string, texts []string) error {
	for _, text := range texts {
		matchers, err := newParser().ParseMetricSelector(text)
		if err != nil {
			return unparsed(where, "the selector", text, err)
		}
		if !selective(matchers) {
			return action.Errorf(action.CodeInvalid, "%s: the selector %s fits every series: it must ask for one label at least that is there", where, text).
				Try(`name a metric, or a label: up, {job="photon"}`)
		}
	}
	return nil
}

// selective tells whether series without labels do not fit, as Prometheus demands.
func selective(matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches("") {
			return true
		}
	}
	return false
}

// unparsed shows where a text cannot be read, with a caret under the place.
func unparsed(where, what, text string, err error) *action.Error {
	position, message := -1, err.Error()
	if all, ok := errors.AsType[parser.ParseErrors](err); ok && len(all) > 0 {
		position, message = int(all[0].PositionRange.Start), all[0].Err.Error()
	} else if one, ok := errors.AsType[*parser.ParseErr](err); ok {
		position, message = int(one.PositionRange.Start), one.Err.Error()
	}
	if strings.TrimSpace(text) == "" {
		return action.Errorf(action.CodeInvalid, "%s: %s is empty", where, what)
	}
	if position < 0 {
		return action.Errorf(action.CodeInvalid, "%s: %s cannot be read: %s", where, what, message)
	}
	line, column, shown := caret(text, position)
	e := action.Errorf(action.CodeInvalid, "%s: %s cannot be read: line %d, column %d: %s\n%s", where, what, line, column, message, shown)
	return e.Try("%s", cmp.Or(hintFor(text, min(position, len(text)), message), mendIt))
}

// caret is the line of a text with that byte in it, and a caret under it. Lines and columns count from 1.
func caret(text string, position int) (line, column int, shown string) {
	position = min(position, len(text))
	before := text[:position]
	line = 1 + strings.Count(before, "\n")
	start := strings.LastIndex(before, "\n") + 1
	full, _, _ := strings.Cut(text[start:], "\n")
	lead := text[start:position]
	pad := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, lead)
	return line, 1 + utf8.RuneCountInString(lead), "    " + strings.TrimRight(full, "\r") + "\n    " + pad + "^"
}
