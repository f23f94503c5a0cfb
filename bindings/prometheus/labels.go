package prometheus

import (
	"context"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"runbook/engine/action"
	"runbook/engine/module"
)

// spanFields are the options of what looks for series.
func spanFields(more ...module.Param) []module.Param {
	return append(more,
		momentParam("from", "the first time at which they may have been there; an hour before the last unless given"),
		momentParam("to", "the last time; now unless given"),
		module.Param{Name: "limit", Kind: module.Integer, Min: module.Bound(1), Doc: "at most this many; all unless given"},
	)
}

func matchParam(required bool) module.Param {
	return module.Param{
		Name: "match", Kind: module.Any, Required: required,
		Doc: `a selector of series, or a list of them, of which one is to fit: "up", {"up{job='a'}", "up{job='b'}"}`,
	}
}

func (b *binding) labelsFunc() module.Func {
	return module.Func{
		Name:     "labels",
		Doc:      "Lists the names of the labels that series have.",
		Params:   []module.Param{{Name: "options", Kind: module.Object, Doc: "of which series, and when", Fields: spanFields(matchParam(false))}},
		Returns:  module.Result{Type: "string[]", Doc: "the names, in their order"},
		Errors:   asking,
		Examples: []string{`local names = prometheus.labels({ match = "photon_compilations_total" })`},
		Read: func(args module.Args) (action.Read, error) {
			return b.newSearch("prometheus.labels", "labels", "", args, func(ctx context.Context, api v1.API, s search, opts []v1.Option) (any, error) {
				names, _, err := api.LabelNames(ctx, s.match, s.start, s.end, opts...)
				return orEmpty(names), err
			})
		},
	}
}

func (b *binding) labelValuesFunc() module.Func {
	return module.Func{
		Name: "label_values",
		Doc:  `Lists the values of a label. Those of "__name__" are the names of the metrics.`,
		Params: []module.Param{
			{Name: "label", Kind: module.String, Required: true, Doc: "the label's name"},
			{Name: "options", Kind: module.Object, Doc: "of which series, and when", Fields: spanFields(matchParam(false))},
		},
		Returns:  module.Result{Type: "string[]", Doc: "the values, in their order; empty if no series has the label"},
		Errors:   asking,
		Examples: []string{`for _, device in ipairs(prometheus.label_values("device_id", { match = "photon_device_status" })) do log(device) end`},
		Read: func(args module.Args) (action.Read, error) {
			label := args.String("label")
			if !model.UTF8Validation.IsValidLabelName(label) {
				return nil, action.Errorf(action.CodeInvalid, "prometheus.label_values: %q is no name of a label", label)
			}
			return b.newSearch("prometheus.label_values", "labels", label, args, func(ctx context.Context, api v1.API, s search, opts []v1.Option) (any, error) {
				values, _, err := api.LabelValues(ctx, model.EscapeName(label, model.ValueEncodingEscaping), s.match, s.start, s.end, opts...)
				return orEmpty(values), err
			})
		},
	}
}

func (b *binding) seriesFunc() module.Func {
	return module.Func{
		Name: "series",
		Doc:  "Lists the series that fit a selector, by their labels.",
		Params: []module.Param{
			matchParam(true),
			{Name: "options", Kind: module.Object, Doc: "when", Fields: spanFields()},
		},
		Returns:  module.Result{Type: "table<string, string>[]", Doc: `the labels of each, with its name as "__name__"`},
		Errors:   asking,
		Examples: []string{`for _, labels in ipairs(prometheus.series("up")) do log(labels) end`},
		Read: func(args module.Args) (action.Read, error) {
			return b.newSearch("prometheus.series", "series", "", args, func(ctx context.Context, api v1.API, s search, opts []v1.Option) (any, error) {
				found, _, err := api.Series(ctx, s.match, s.start, s.end, opts...)
				out := make([]map[string]string, len(found))
				for i, set := range found {
					out[i] = labelsOf(set)
				}
				return out, err
			})
		},
	}
}

// orEmpty is a list that is one even when it is empty.
func orEmpty[T ~[]E, E any](list T) T {
	if list == nil {
		return T{}
	}
	return list
}

// A search looks for series or their labels.
type search struct {
	b          *binding
	verb       string
	target     action.Target
	match      []string
	from, to   moment
	start, end time.Time
	args       module.Args
	look       func(context.Context, v1.API, search, []v1.Option) (any, error)
}

func (b *binding) newSearch(
	verb, kind, name string, args module.Args, look func(context.Context, v1.API, search, []v1.Option) (any, error),
) (action.Read, error) {
	s := search{b: b, verb: verb, target: action.Target{System: system, Kind: kind, Name: name}, args: args, look: look}
	var err error
	if s.match, err = matchOf(verb, args["match"]); err != nil {
		return nil, err
	}
	if s.from, err = momentOf(verb, args, "from", moment{}); err != nil {
		return nil, err
	}
	s.to, err = momentOf(verb, args, "to", moment{})
	return s, err
}

// matchOf are the selectors of a call, which were checked.
func matchOf(verb string, v any) ([]string, error) {
	if v == nil {
		return nil, nil
	}
	list, ok := v.([]any)
	if text, isText := v.(string); isText {
		list, ok = []any{text}, true
	}
	match := make([]string, 0, len(list))
	for _, item := range list {
		text, isText := item.(string)
		ok = ok && isText
		match = append(match, text)
	}
	if !ok || len(match) == 0 {
		return nil, action.Errorf(action.CodeInvalid, "%s: match must be a selector of series, or a list of them", verb)
	}
	return match, parseSelectors(verb+": match", match)
}

func (s search) Describe() action.Description {
	return action.Description{Verb: s.verb, Target: s.target, Identity: given(s.args, "match", "from", "to", "limit"), Idempotent: true}
}

func (s search) Read(ctx context.Context, _ action.View) (any, error) {
	now := present(ctx)
	s.end = s.to.in(now)
	s.start = s.end.Add(-hour)
	if s.args["from"] != nil {
		s.start = s.from.in(now)
	}
	if s.start.After(s.end) {
		return nil, action.Errorf(action.CodeInvalid, "%s: from is after to", s.verb)
	}
	var opts []v1.Option
	if limit, ok := s.args.Int("limit"); ok {
		opts = append(opts, v1.WithLimit(uint64(limit))) //nolint:gosec // it was checked to be above zero
	}
	var found any
	err := s.b.ask(ctx, question{purpose: "list " + s.target.String(), target: s.target}, func(ctx context.Context, api v1.API) (err error) {
		found, err = s.look(ctx, api, s, opts)
		return err
	})
	if err != nil {
		return nil, err
	}
	return module.Raw(found)
}
