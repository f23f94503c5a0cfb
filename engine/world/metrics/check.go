package metrics

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"runbook/engine/module"
	"runbook/engine/world/scenario"
)

// A Problem is what is wrong with a section, and where in it: a path of names and indexes such as series, 2, values.
type Problem struct {
	Path    []any
	Message string
}

// Error is the place and the message, for those who have no file in which to look the place up.
func (p Problem) Error() string {
	var place strings.Builder
	place.WriteString("prometheus")
	for _, at := range p.Path {
		switch at := at.(type) {
		case int:
			fmt.Fprintf(&place, "[%d]", at)
		default:
			fmt.Fprintf(&place, ".%v", at)
		}
	}
	return place.String() + ": " + p.Message
}

// Check is all that is wrong with a section.
func Check(section *scenario.Prometheus) []Problem {
	_, problems := build(section, time.Unix(0, 0))
	return problems
}

// content is a section that was read.
type content struct {
	interval time.Duration
	written  []*series // by labels
	rules    []*rule
}

// builder reads a section and collects what is wrong with it.
type builder struct {
	section  *scenario.Prometheus
	start    time.Time
	parser   parser.Parser
	problems []Problem
}

func build(section *scenario.Prometheus, start time.Time) (content, []Problem) {
	b := &builder{section: section, start: start, parser: newParser()}
	out := content{interval: time.Minute}
	if section.Interval != 0 {
		out.interval = section.Interval
	}
	if out.interval < time.Millisecond {
		b.wrong(fmt.Sprintf("%s is no interval between samples; write one such as 15s", out.interval), "interval")
		return content{}, b.problems
	}
	b.series(&out)
	b.rules(&out)
	slices.SortFunc(out.written, byLabels)
	return out, b.problems
}

func (b *builder) wrong(message string, path ...any) {
	b.problems = append(b.problems, Problem{path, message})
}

func (b *builder) series(out *content) {
	before := map[string]int{}
	for i, given := range b.section.Series {
		named, err := b.named(given.Series)
		if err != nil {
			b.wrong(err.Error(), "series", i, "series")
			continue
		}
		s := &series{labels: named, interval: out.interval.Milliseconds()}
		if err := s.read(b.parser, given.Values); err != nil {
			b.wrong(fmt.Sprintf("%s: %v", named, err), "series", i, "values")
			continue
		}
		if first, twice := before[named.String()]; twice {
			b.wrong(fmt.Sprintf("%s is there already, as number %d of the series; give it all its values there", named, first+1), "series", i, "series")
			continue
		}
		before[named.String()] = i
		s.place(b.start, given.From)
		s.goesOn = s.goesOn && !given.Ends
		out.written = append(out.written, s)
	}
}

// place says when its first sample is: after the start by from, or so long before it that its last is at the start.
func (s *series) place(start time.Time, from *time.Duration) {
	s.first = start.UnixMilli() - int64(s.length-1)*s.interval
	if from != nil {
		s.first = start.Add(*from).UnixMilli()
	}
}

func (b *builder) named(text string) (labels.Labels, error) {
	named, err := b.parser.ParseMetric(text)
	if err != nil {
		return named, fmt.Errorf(`%q is no series: %w; write one such as up{job="photon"}`, text, plain(err))
	}
	name := named.Get(model.MetricNameLabel)
	switch twice, duplicate := named.HasDuplicateLabelNames(); {
	case duplicate:
		return named, fmt.Errorf("%s has the label %s twice", text, twice)
	case name == "":
		return named, fmt.Errorf(`%q has no name of a metric; write one such as up{job="photon"}`, text)
	case len(b.section.Rules) > 0 && (name == alertsName || name == forStateName):
		return named, fmt.Errorf("%s is what the rules of a scenario write; a scenario with rules cannot have a series of that name", name)
	}
	return named.WithoutEmpty(), nil
}

func (b *builder) rules(out *content) {
	for i, given := range b.section.Rules {
		before := len(b.problems)
		if given.Alert == "" {
			b.wrong("a rule needs the name of its alert; write alert: NAME", "rules", i)
		}
		expr, err := b.expression(given.Expr)
		if err != nil {
			b.wrong(fmt.Sprintf("the expression of %s: %v", given.Alert, err), "rules", i, "expr")
		}
		b.durations(i, given)
		b.texts(given.Labels, model.MetricNameLabel, "rules", i, "labels")
		b.texts(given.Annotations, "", "rules", i, "annotations")
		if len(b.problems) == before {
			out.rules = append(out.rules, newRule(given, expr))
		}
	}
}

func (b *builder) durations(i int, given scenario.Rule) {
	if given.For < 0 {
		b.wrong(fmt.Sprintf("%s cannot be negative", given.For), "rules", i, "for")
	}
	if given.KeepFiringFor < 0 {
		b.wrong(fmt.Sprintf("%s cannot be negative", given.KeepFiringFor), "rules", i, "keep_firing_for")
	}
}

// expression reads one that an alert can be made of.
func (b *builder) expression(text string) (parser.Expr, error) {
	expr, err := b.parser.ParseExpr(text)
	if err != nil {
		return nil, suggested(err)
	}
	if t := expr.Type(); t != parser.ValueTypeVector && t != parser.ValueTypeScalar {
		return nil, fmt.Errorf("%s is %s; a rule needs %s, such as up == 0",
			text, parser.DocumentedType(t), parser.DocumentedType(parser.ValueTypeVector))
	}
	return expr, nil
}

var unknownFunction = regexp.MustCompile(`unknown function with name "(.*)"`)

// suggested is an error of the parser that says which function may have been meant.
func suggested(err error) error {
	m := unknownFunction.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	names := make([]string, 0, len(parser.Functions))
	for name := range parser.Functions {
		names = append(names, name)
	}
	return fmt.Errorf("%w%s", err, module.DidYouMean(m[1], names))
}

// texts checks names and templates of labels and annotations.
func (b *builder) texts(texts map[string]string, reserved string, path ...any) {
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		at := append(slices.Clone(path), name)
		if !model.UTF8Validation.IsValidLabelName(name) || name == reserved {
			b.wrong(fmt.Sprintf("%q is no name for one of the %v", name, path[len(path)-1]), at...)
		}
		if err := parseTemplate(texts[name]); err != nil {
			b.wrong(fmt.Sprintf("%q is no template: %v", texts[name], err), at...)
		}
	}
}
