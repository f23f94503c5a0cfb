package prometheus

import (
	"context"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"runbook/engine/action"
	"runbook/engine/module"
)

func (b *binding) valueFunc() module.Func {
	return module.Func{
		Name: "value",
		Doc: `Asks for one number, and says what it is when there is none.

value is there only when state is "ok". Otherwise state is "nan", "inf" or "-inf" for what the expression gives; "stale" if it gives
nothing because a series that it asks for ended, or was not scraped lately, within the last day: last_seen is when it was there last; and
"no_data" if a series was not there at all within that day, or if all are there and the expression keeps none of them. reason is that in
words, with the selector that has nothing; one with an offset or @ is looked for at the time that it asks for. Only then is the server asked
more than once.

An expression that gives several series is an error with the code "invalid": put sum(…) or max(…) around it.`,
		Params:  []module.Param{exprParam(), instantParam()},
		Returns: module.Result{Type: "prometheus.Value", Doc: "{ value, state, reason, labels, last_seen, time, warnings }; times in seconds since 1970"},
		Errors:  append([]action.Code{action.CodeInvalid}, asking...),
		Examples: []string{
			`local depth = prometheus.value("sum(photon_queue_depth)")`,
			`local rate = prometheus.value([[sum(rate(photon_compilations_total{status="error"}[5m]))]])
log(rate.value or rate.reason)`,
		},
		Read: func(args module.Args) (action.Read, error) {
			const name = "prometheus.value"
			e, err := parseSingle(name, args.String("expr"))
			if err != nil {
				return nil, err
			}
			i, err := instantOf(name, args)
			return valueRead{b, e, i, args}, err
		},
	}
}

// parseSingle checks an expression that is to give one number.
func parseSingle(where, text string) (expression, error) {
	e, err := parse(where, text)
	if err != nil {
		return e, err
	}
	if t := e.expr.Type(); t != parser.ValueTypeVector && t != parser.ValueTypeScalar {
		failed := action.Errorf(action.CodeInvalid, "%s: %s is %s, and one number is wanted", where, e.text, parser.DocumentedType(t))
		if t == parser.ValueTypeMatrix {
			failed = failed.Try("put a function around it: sum(increase(%s)), max(max_over_time(%s))", e.text, e.text)
		}
		return e, failed
	}
	return e, nil
}

// A valueRead is one call of value.
type valueRead struct {
	b    *binding
	of   expression
	at   instant
	args module.Args
}

func (r valueRead) Describe() action.Description {
	return action.Description{Verb: "prometheus.value", Target: r.of.target(), Identity: given(r.args, "time", "timeout"), Idempotent: true}
}

func (r valueRead) Read(ctx context.Context, _ action.View) (any, error) {
	out, err := r.b.single(ctx, r.of, r.at.when.in(present(ctx)), r.at.timeout)
	if err != nil {
		return nil, err
	}
	return module.Raw(out)
}

// A single is one number, or why there is none.
type single struct {
	Value    *float64          `json:"value,omitempty"`
	State    string            `json:"state"`
	Reason   string            `json:"reason,omitempty"`
	Labels   map[string]string `json:"labels,omitzero"` // none for a scalar
	LastSeen *float64          `json:"last_seen,omitempty"`
	Time     float64           `json:"time"`
	Warnings []string          `json:"warnings"`
	Code     string            `json:"code,omitempty"`
}

// reasons are those of what is no number.
var reasons = map[string]string{
	isNaN:      "the expression gives NaN: it divides nothing by nothing, or a sample itself is NaN",
	isInf:      "the expression gives +Inf: it divides by nothing, or a sample itself is infinite",
	isMinusInf: "the expression gives -Inf: it divides by nothing, or a sample itself is infinite",
}

// single asks for an expression that gives one number.
func (b *binding) single(ctx context.Context, e expression, at time.Time, timeout time.Duration) (*single, error) {
	value, warnings, err := b.evaluate(ctx, e, at, timeout)
	if err != nil {
		return nil, err
	}
	out := &single{Time: seconds(at), Warnings: append([]string{}, warnings...)}
	switch v := value.(type) {
	case *model.Scalar:
		out.take(float64(v.Value))
	case model.Vector:
		if len(v) == 0 {
			return out, b.nothing(ctx, e, at, timeout, out)
		}
		return out, out.only(e, v)
	default:
		return nil, action.Errorf(action.CodeUnavailable, "cannot %s: an answer of an unknown type %T", e.purpose(), v).On(e.target())
	}
	return out, nil
}

func (s *single) take(f float64) {
	s.Value, s.State = number(f), stateOf(f)
	s.Reason = reasons[s.State]
}

// only takes the one sample of a vector.
func (s *single) only(e expression, v model.Vector) error {
	switch {
	case len(v) > 1:
		return action.Errorf(action.CodeInvalid, "%s gives %d series, and one number is wanted", e.text, len(v)).On(e.target()).
			Try("say what to make of them: sum(%s), max(%s)", e.text, e.text)
	case v[0].Histogram != nil:
		return action.Errorf(action.CodeInvalid, "%s gives a native histogram, and one number is wanted", e.text).On(e.target()).
			Try("histogram_quantile(0.9, %s), histogram_count(%s)", e.text, e.text)
	}
	s.Labels = labelsOf(v[0].Metric)
	s.take(float64(v[0].Value))
	return nil
}
