package prometheus

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"runbook/engine/action"
	"runbook/engine/module"
)

// exprParam is an expression.
func exprParam() module.Param {
	return module.Param{Name: "expr", Kind: module.String, Required: true, Doc: "a PromQL expression; it is checked before anything is sent"}
}

// instantParam are the options of a query at one time.
func instantParam() module.Param {
	return module.Param{Name: "options", Kind: module.Object, Doc: "when, and how long it may take", Fields: []module.Param{
		momentParam("time", "the time that is asked about; now unless given"), timeoutParam(),
	}}
}

func timeoutParam() module.Param {
	return module.Param{
		Name: "timeout", Kind: module.Duration,
		Doc: "how long a query may take; the server gives up then (1 minute unless given)",
	}
}

func (b *binding) queryFunc() module.Func {
	return module.Func{
		Name: "query",
		Doc: `Asks for the value of an expression at one time.

What comes depends on type:

  vector  samples: a list of { labels, value, state, time }, in the server's order; empty if there are none
  scalar  value and state
  matrix  series: as of query_range, with the samples that there are instead of a grid's
  string  text

A sample that is a native histogram has state "histogram" and histogram = { count, sum, buckets = { { lower, upper, count } } }.
warnings is a list of what the server says beside its answer, such as that it is not whole.`,
		Params:  []module.Param{exprParam(), instantParam()},
		Returns: module.Result{Type: "prometheus.Result", Doc: "type, time, warnings, and what belongs to the type"},
		Errors:  asking,
		Examples: []string{
			`for _, s in ipairs(prometheus.query("photon_device_status").samples) do log({ device = s.labels.device_id, value = s.value }) end`,
			`local yesterday = prometheus.query("sum by (status) (increase(photon_compilations_total[24h]))", { time = "1d" })`,
		},
		Read: func(args module.Args) (action.Read, error) {
			const name = "prometheus.query"
			e, err := parse(name, args.String("expr"))
			if err != nil {
				return nil, err
			}
			i, err := instantOf(name, args)
			return queryRead{b, e, i, args}, err
		},
	}
}

// An instant is when an expression is asked about, and how long that may take.
type instant struct {
	when    moment
	timeout time.Duration
}

func instantOf(function string, args module.Args) (i instant, err error) {
	i.timeout, err = timeoutOf(function, args)
	if err != nil {
		return i, err
	}
	i.when, err = momentOf(function, args, "time", moment{})
	return i, err
}

func timeoutOf(function string, args module.Args) (time.Duration, error) {
	timeout, given := args.Duration("timeout")
	if given && timeout < time.Millisecond {
		return 0, action.Errorf(action.CodeInvalid, "%s: timeout must be longer than nothing", function)
	}
	if !given {
		timeout = patience
	}
	return timeout, nil
}

// given are those arguments of a call that were given.
func given(args module.Args, names ...string) []action.Arg {
	var out []action.Arg
	for _, name := range names {
		switch v := args[name].(type) {
		case nil:
		case time.Duration:
			out = append(out, action.Arg{Name: name, Value: v.Seconds()})
		default:
			out = append(out, action.Arg{Name: name, Value: v})
		}
	}
	return out
}

// A queryRead is one call of query.
type queryRead struct {
	b    *binding
	of   expression
	at   instant
	args module.Args
}

func (r queryRead) Describe() action.Description {
	return action.Description{Verb: "prometheus.query", Target: r.of.target(), Identity: given(r.args, "time", "timeout"), Idempotent: true}
}

func (e expression) target() action.Target {
	return action.Target{System: system, Kind: "query", Name: e.text}
}

func (r queryRead) Read(ctx context.Context, _ action.View) (any, error) {
	out, err := r.b.query(ctx, r.of, r.at.when.in(present(ctx)), r.at.timeout)
	if err != nil {
		return nil, err
	}
	return module.Raw(out)
}

// query asks for an expression at a time.
func (b *binding) query(ctx context.Context, e expression, at time.Time, timeout time.Duration) (*result, error) {
	out := &result{Time: seconds(at), Warnings: []string{}}
	value, warnings, err := b.evaluate(ctx, e, at, timeout)
	if err != nil {
		return nil, err
	}
	out.Warnings = append(out.Warnings, warnings...)
	if err := out.read(value); err != nil {
		return nil, action.Errorf(action.CodeUnavailable, "cannot %s: %w", e.purpose(), err).On(e.target())
	}
	return out, nil
}

// evaluate is the value of an expression at a time.
func (b *binding) evaluate(ctx context.Context, e expression, at time.Time, timeout time.Duration) (value model.Value, warnings v1.Warnings, err error) {
	q := question{purpose: e.purpose(), target: e.target(), timeout: timeout}
	err = b.ask(ctx, q, func(ctx context.Context, api v1.API) (err error) {
		if e.expr.Type() == parser.ValueTypeString {
			value, warnings, err = b.text(ctx, e, at)
			return err
		}
		value, warnings, err = api.Query(ctx, e.text, at, v1.WithTimeout(timeout))
		return cmp.Or(err, holes(value))
	})
	return value, warnings, err
}

// text asks for an expression that is a text: the library knows no such answer.
func (b *binding) text(ctx context.Context, e expression, at time.Time) (*model.String, v1.Warnings, error) {
	link, err := b.link()
	if err != nil {
		return nil, nil, err
	}
	u := link.client.URL("/api/v1/query", nil)
	u.RawQuery = url.Values{"query": {e.text}, "time": {strconv.FormatFloat(seconds(at), 'f', -1, 64)}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, nil, err
	}
	response, body, err := link.client.Do(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	var out struct {
		Data struct {
			Type   model.ValueType `json:"resultType"`
			Result model.String    `json:"result"`
		}
		Warnings v1.Warnings
	}
	switch err := json.Unmarshal(body, &out); {
	case err != nil:
		return nil, nil, err
	case response.StatusCode/100 != 2, out.Data.Type != model.ValString:
		return nil, nil, fmt.Errorf("an answer of the type %q", out.Data.Type)
	}
	return &out.Data.Result, out.Warnings, nil
}

// purpose is the expression for "cannot …", in one line of bounded length.
func (e expression) purpose() string {
	const most = 120
	text := []rune(strings.Join(strings.Fields(e.text), " "))
	if len(text) > most {
		return "query " + string(text[:most]) + "…"
	}
	return "query " + string(text)
}
