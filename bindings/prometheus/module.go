// Package prometheus offers the metrics of a site to Lua: instant and range queries with typed results, labels, series, alerts, rules
// and targets.
//
// Everything in it is a read: it declares no action, and asks for no permission. An expression is parsed before anything is sent, so a
// mistake is shown with its place. A number that is none never arrives as one: NaN, an infinity, a gap, a series that ended and one that
// never was are told apart by a state. It never sends a request twice (the client library's second try with GET aside, for servers
// that take no POST), and never lets a credential out. What is intended in a dry run does not show in metrics: they are always real.
//
// Building a read touches no network. Where the server is, and the file with its credentials, is looked at when the first read runs.
//
// Read next: link.go for how the server is reached, expression.go for what is checked before, query.go for the simplest function,
// number.go for how numbers and what is none are told apart, and reads.go for what a dry run lets pass.
package prometheus

import (
	"net/http"
	"sync"

	"runbook/engine/action"
	"runbook/engine/module"
)

// system is the name of Prometheus in targets.
const system = "prometheus"

// Config says which Prometheus, and how to appear to it.
type Config struct {
	Access        func() Access                             // asked at the first read
	WrapTransport func(http.RoundTripper) http.RoundTripper // put under every client, that for tokens included; may be nil
	UserAgent     string                                    // of every request
	Secrets       module.Secrets                            // kept out of what is shown; nil for nobody who does that
	// AtOnce is how many queries of one call are asked at once; 0 for a number that a busy server bears. A simulated site wants 1: which
	// of several queries meets a fault would else be chance.
	AtOnce int
}

// atOnce is how many queries are asked at once unless the configuration says otherwise: a Prometheus works on 20 by default, and others
// want some of them.
const atOnce = 8

// A binding is the module of one Prometheus.
type binding struct {
	Config
	link func() (*link, error)
}

// New makes the module. It contacts nothing and reads nothing.
func New(cfg Config) *module.Module {
	if cfg.Secrets == nil {
		cfg.Secrets = module.Openly{}
	}
	if cfg.AtOnce == 0 {
		cfg.AtOnce = atOnce
	}
	b := &binding{Config: cfg}
	b.link = sync.OnceValues(cfg.connect)
	return &module.Module{
		Name: "prometheus",
		Doc: `Metrics, alerts and targets of a Prometheus, as they really are: also in a dry run.

Times are seconds since 1970; an argument that is a time may also say how long ago it is ("1h", "7d"), or be a text such as
"2026-03-01T03:00:00Z". Expressions are checked before anything is sent. What is no number never arrives as one: beside each value
stands a state, which is "ok" only where there is a number:

  ok         value is a number
  nan        the expression gives NaN, such as 0/0
  inf, -inf  it gives an infinity, such as 1/0
  histogram  it gives a native histogram, which is beside it
  stale      (value, values) the series ended, or was not scraped lately; last_seen says when it was there
  no_data    (value, values) there is nothing, and reason says which part of the expression has none
  missing    (query_range) there is no sample at that point of the grid
  error      (values, query_all) this one could not be asked, and reason says why`,
		Funcs: []module.Func{
			b.queryFunc(),
			b.queryAllFunc(),
			b.queryRangeFunc(),
			b.valueFunc(),
			b.valuesFunc(),
			b.labelsFunc(),
			b.labelValuesFunc(),
			b.seriesFunc(),
			b.alertsFunc(),
			b.rulesFunc(),
			b.targetsFunc(),
		},
	}
}

// asking are the codes of errors that every function which asks may end with.
var asking = []action.Code{
	action.CodeUnavailable, action.CodeTimeout, action.CodeRejected, action.CodeUnauth, action.CodeForbidden, action.CodeThrottled,
}
