// Package metrics is a simulated Prometheus: the series and alerting rules of a scenario behind the HTTP API of a real one, which
// Prometheus's own engine answers. Client libraries work with it unmodified, and a real Prometheus that holds the same samples gives
// the same answers: the conformance table of the tests is asked of both.
//
// Samples are computed when they are asked for, as a function of a series and a time, so no length of a run costs memory. Nothing is
// ever later than the clock. It scrapes nothing, writes nothing, keeps no files, starts no goroutine, and never reads the machine's
// time but to end a query that takes too long. Read next: notation.go and series.go for what a series is, storage.go for what the
// engine sees of it, evaluator.go and rule.go for alerts, api.go for the answers.
package metrics

import (
	"errors"
	"net/http"
	"sync"
	"time"

	jsoniter "github.com/json-iterator/go"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"runbook/engine/world/scenario"
)

// What a Prometheus without flags does.
const (
	lookback   = 5 * time.Minute
	timeout    = 2 * time.Minute
	maxSamples = 50_000_000
)

// A Clock says what time it is in the simulation.
type Clock interface{ Now() time.Time }

// Metrics is a simulated Prometheus.
type Metrics struct {
	mu        sync.Mutex // one question at a time: rules remember
	start     time.Time
	clock     Clock
	parser    parser.Parser
	engine    *promql.Engine
	evaluator *evaluator
	content
	encoding jsoniter.API
	mux      *http.ServeMux
}

// New makes one of a scenario's section. Its samples are placed around start, which is when the run begins. The error is of Problems.
func New(section *scenario.Prometheus, start time.Time, clock Clock) (*Metrics, error) {
	start = start.Truncate(time.Millisecond).UTC()
	c, problems := build(section, start)
	if len(problems) > 0 {
		errs := make([]error, len(problems))
		for i, p := range problems {
			errs[i] = p
		}
		return nil, errors.Join(errs...)
	}
	m := &Metrics{start: start, clock: clock, parser: newParser(), content: c, encoding: newEncoding()}
	m.engine = promql.NewEngine(promql.EngineOpts{
		MaxSamples:               maxSamples,
		Timeout:                  timeout,
		LookbackDelta:            lookback,
		NoStepSubqueryIntervalFn: func(int64) int64 { return c.interval.Milliseconds() },
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		Parser:                   m.parser,
	})
	m.evaluator = newEvaluator(m.engine, c, start)
	m.mux = m.routes()
	return m, nil
}

// newParser makes one that reads what a Prometheus without flags reads.
func newParser() parser.Parser { return parser.NewParser(parser.Options{}) }

// ServeHTTP answers as Prometheus does.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.mux.ServeHTTP(w, r) }
