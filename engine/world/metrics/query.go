package metrics

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/stats"
)

// queried is the data of an answer to a query.
type queried struct {
	ResultType parser.ValueType    `json:"resultType"`
	Result     parser.Value        `json:"result"`
	Stats      *stats.BuiltinStats `json:"stats,omitempty"`
}

var errTruncated = errors.New("results truncated due to limit")

// mostPoints is how many a range query may ask for of each series.
const mostPoints = 11000

func (m *Metrics) query(q question) answer {
	limit, err := limitOf(q)
	if err != nil {
		return invalid("limit", err)
	}
	at, err := timeOf(q, "time", q.now)
	if err != nil {
		return invalid("time", err)
	}
	return m.execute(q, limit, func(ctx context.Context, opts promql.QueryOpts) (promql.Query, error) {
		return m.engine.NewInstantQuery(ctx, m.past(q.now), opts, q.FormValue("query"), at)
	})
}

func (m *Metrics) queryRange(q question) answer {
	limit, err := limitOf(q)
	if err != nil {
		return invalid("limit", err)
	}
	start, err := parseTime(q.FormValue("start"))
	if err != nil {
		return invalid("start", err)
	}
	end, err := parseTime(q.FormValue("end"))
	if err != nil {
		return invalid("end", err)
	}
	if end.Before(start) {
		return invalid("end", errors.New("end timestamp must not be before start time"))
	}
	step, err := parseDuration(q.FormValue("step"))
	if err != nil {
		return invalid("step", err)
	}
	if step <= 0 {
		return invalid("step", errors.New("zero or negative query resolution step widths are not accepted. Try a positive integer"))
	}
	if end.Sub(start)/step > mostPoints {
		return failed(badData, errors.New("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"))
	}
	return m.execute(q, limit, func(ctx context.Context, opts promql.QueryOpts) (promql.Query, error) {
		return m.engine.NewRangeQuery(ctx, m.past(q.now), opts, q.FormValue("query"), start, end, step)
	})
}

// execute makes a query and asks it.
func (m *Metrics) execute(q question, limit int, prepare func(context.Context, promql.QueryOpts) (promql.Query, error)) answer {
	ctx := q.Context()
	if text := q.FormValue("timeout"); text != "" {
		timeout, err := parseDuration(text)
		if err != nil {
			return invalid("timeout", err)
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	opts, err := optionsOf(q)
	if err != nil {
		return failed(badData, err)
	}
	query, err := prepare(ctx, opts)
	if err != nil {
		return invalid("query", err)
	}
	result := query.Exec(ctx)
	if result.Err != nil {
		return answer{failed: ofQuery(result.Err), done: query.Close}
	}
	out := answer{notes: result.Warnings, done: query.Close}
	value, truncated := truncate(result.Value, limit)
	if truncated {
		out.notes.Add(errTruncated)
	}
	data := queried{ResultType: value.Type(), Result: value}
	data.Stats = m.statistics(q, query, &out)
	out.data = data
	return out
}

func optionsOf(q question) (promql.QueryOpts, error) {
	var lookback time.Duration
	if text := q.FormValue("lookback_delta"); text != "" {
		var err error
		if lookback, err = parseDuration(text); err != nil {
			return nil, fmt.Errorf("error parsing lookback delta duration: %w", err)
		}
	}
	return promql.NewPrometheusQueryOpts(q.FormValue("stats") == "all", lookback), nil
}

// statistics are how many samples were read. How long that took is left at nothing: it would be another time in each run.
func (m *Metrics) statistics(q question, query promql.Query, out *answer) *stats.BuiltinStats {
	wanted := q.FormValue("stats")
	if wanted == "" {
		return nil
	}
	if wanted != "true" && wanted != "all" {
		out.notes.Add(fmt.Errorf("value %q for parameter \"stats\" is deprecated and will be rejected in the next major release, use %q or %q",
			wanted, "true", "all"))
	}
	found := stats.NewQueryStats(query.Stats()).Builtin()
	found.Timings = stats.BuiltinStats{}.Timings
	return &found
}

// truncate leaves so many series of a result, and all of them for 0.
func truncate(value parser.Value, limit int) (parser.Value, bool) {
	switch v := value.(type) {
	case promql.Matrix:
		if limit > 0 && len(v) > limit {
			return v[:limit], true
		}
	case promql.Vector:
		if limit > 0 && len(v) > limit {
			return v[:limit], true
		}
	}
	return value, false
}

// past is what clients see at a moment, with what the rules have made of it by then.
func (m *Metrics) past(now time.Time) storage.Queryable {
	return past{now: now.UnixMilli(), written: m.written, alerts: func(ctx context.Context) ([]*series, error) {
		if err := m.evaluator.catchUp(ctx, now); err != nil {
			return nil, err
		}
		return m.evaluator.recorded(), nil
	}}
}

func (m *Metrics) formatQuery(q question) answer {
	expr, err := m.parser.ParseExpr(q.FormValue("query"))
	if err != nil {
		return invalid("query", err)
	}
	return answer{data: expr.Pretty(0)}
}

// queryExemplars finds none: a scenario has none.
func (m *Metrics) queryExemplars(q question) answer {
	start, err := timeOf(q, "start", minTime)
	if err != nil {
		return invalid("start", err)
	}
	end, err := timeOf(q, "end", maxTime)
	if err != nil {
		return invalid("end", err)
	}
	if end.Before(start) {
		return failed(badData, errors.New("end timestamp must not be before start timestamp"))
	}
	expr, err := m.parser.ParseExpr(q.FormValue("query"))
	if err != nil {
		return failed(badData, err)
	}
	if len(parser.ExtractSelectors(expr)) == 0 {
		return answer{}
	}
	return answer{data: []any{}}
}
