package prometheus

import (
	"context"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/prometheus/promql/parser"

	"runbook/engine/action"
	"runbook/engine/module"
)

func (b *binding) queryRangeFunc() module.Func {
	return module.Func{
		Name: "query_range",
		Doc: `Asks for the values of an expression at each step of a time, for charts and statistics.

Each series has labels, and on every point of the grid

  points  { time, value, state }; where there is no sample, state is "missing"
  values  the same as a list of numbers, for a sparkline; what is no number is json.null there, so the list has no holes
  stats   count, first, last, min, max, mean, sum and stddev of what is a number; nan, inf, histograms and missing count the rest

In values, json.null is as true as any other value: ask type(v) == "number". Points that are missing are no zeros, and no statistic
counts them as such. stddev is that of all points, as stddev_over_time has it. A series without any sample is not in the list.`,
		Params: []module.Param{exprParam(), {Name: "options", Kind: module.Object, Doc: "from when to when", Fields: []module.Param{
			momentParam("from", "the first time; an hour before the last unless given"),
			momentParam("to", "the last time; now unless given"),
			{Name: "step", Kind: module.Duration, Doc: "how far two points are apart; unless given, whole seconds that give about 240 points. A server gives at most 11,000"},
			timeoutParam(),
		}}},
		Returns: module.Result{Type: "prometheus.Range", Doc: "{ from, to, step, warnings, series = { { labels, points, values, stats } } }; times and step in seconds"},
		Errors:  asking,
		Examples: []string{
			`local week = prometheus.query_range("photon:compilation_rate_5m", { from = "7d", step = "1h" })`,
			`for _, s in ipairs(prometheus.query_range("photon_queue_depth").series) do log({ instance = s.labels.instance, max = s.stats.max }) end`,
		},
		Read: b.newRange,
	}
}

// A rangeRead is one call of query_range.
type rangeRead struct {
	b        *binding
	of       expression
	from, to moment
	span     time.Duration // before the end, where no beginning is given
	step     time.Duration
	timeout  time.Duration
	args     module.Args
}

// hour is how much is asked about unless a script says otherwise.
const hour = time.Hour

func (b *binding) newRange(args module.Args) (action.Read, error) {
	const name = "prometheus.query_range"
	e, err := parse(name, args.String("expr"))
	if err != nil {
		return nil, err
	}
	if t := e.expr.Type(); t != parser.ValueTypeVector && t != parser.ValueTypeScalar {
		return nil, action.Errorf(action.CodeInvalid, "%s: %s is %s, and a range query wants one value for each time", name, e.text, parser.DocumentedType(t)).
			Try("leave out the brackets, or put a function around it: max_over_time(%s)", e.text)
	}
	r := rangeRead{b: b, of: e, args: args}
	if r.timeout, err = timeoutOf(name, args); err != nil {
		return nil, err
	}
	if r.to, err = momentOf(name, args, "to", moment{}); err != nil {
		return nil, err
	}
	if r.from, err = momentOf(name, args, "from", moment{}); err != nil {
		return nil, err
	}
	if args["from"] == nil {
		r.span = hour
	}
	step, stepped := args.Duration("step")
	if r.step = step.Truncate(time.Millisecond); stepped && r.step <= 0 {
		return nil, action.Errorf(action.CodeInvalid, "%s: step must be at least a millisecond", name)
	}
	return r, nil
}

func (r rangeRead) Describe() action.Description {
	return action.Description{
		Verb: "prometheus.query_range", Target: r.of.target(), Identity: given(r.args, "from", "to", "step", "timeout"), Idempotent: true,
	}
}

// ranged is what a range query gave.
type ranged struct {
	From     float64  `json:"from"`
	To       float64  `json:"to"`
	Step     float64  `json:"step"`
	Warnings []string `json:"warnings"`
	Series   []series `json:"series"`
}

func (r rangeRead) Read(ctx context.Context, _ action.View) (any, error) {
	now := present(ctx)
	to := r.to.in(now)
	from := to.Add(-r.span)
	if r.span == 0 {
		from = r.from.in(now)
	}
	g, err := newGrid(from, to, r.step)
	if err != nil {
		return nil, err
	}
	out := ranged{From: seconds(g.from), To: seconds(g.to), Step: g.step.Seconds(), Warnings: []string{}, Series: []series{}}
	err = r.b.ask(ctx, question{r.of.purpose(), r.of.target(), r.timeout}, func(ctx context.Context, api v1.API) error {
		value, warnings, err := api.QueryRange(ctx, r.of.text, v1.Range{Start: g.from, End: g.to, Step: g.step}, v1.WithTimeout(r.timeout))
		if err != nil {
			return err
		}
		matrix, err := matrixOf(value)
		if err != nil {
			return err
		}
		out.Warnings = append(out.Warnings, warnings...)
		for _, stream := range matrix {
			out.Series = append(out.Series, g.on(stream))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return module.Raw(out)
}
