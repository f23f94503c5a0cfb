package metrics

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/annotations"
)

// apiPath is where the API begins.
const apiPath = "/api/v1"

// A question is a request, and when it is asked.
type question struct {
	*http.Request
	now time.Time
}

// An answer is data, with what is to be said of it, or a failure.
type answer struct {
	data   any
	notes  annotations.Annotations
	failed *failure
	done   func() // with the data, which the engine then takes back; may be nil
}

// A failure is what Prometheus calls an API error.
type failure struct {
	kind string
	err  error
}

// The kinds of failures, and the statuses with which they are answered.
const (
	badData     = "bad_data"
	execution   = "execution"
	canceled    = "canceled"
	timedOut    = "timeout"
	internal    = "internal"
	unavailable = "unavailable"
)

var statuses = map[string]int{
	badData:     http.StatusBadRequest,
	execution:   http.StatusUnprocessableEntity,
	canceled:    499, // nginx's, for a client that went away
	timedOut:    http.StatusServiceUnavailable,
	internal:    http.StatusInternalServerError,
	unavailable: http.StatusInternalServerError,
}

func failed(kind string, err error) answer { return answer{failed: &failure{kind, err}} }

// ofQuery is the failure of a query that was begun.
func ofQuery(err error) *failure {
	if _, ok := errors.AsType[promql.ErrQueryCanceled](err); ok {
		return &failure{canceled, err}
	}
	if _, ok := errors.AsType[promql.ErrQueryTimeout](err); ok {
		return &failure{timedOut, err}
	}
	if _, ok := errors.AsType[promql.ErrStorage](err); ok {
		return &failure{internal, err}
	}
	if errors.Is(err, context.Canceled) {
		return &failure{canceled, err}
	}
	return &failure{execution, err}
}

// routes are the paths of a Prometheus that is asked things. Those for writing samples, for its pages and for federation are not there.
func (m *Metrics) routes() *http.ServeMux {
	mux := http.NewServeMux()
	get := func(path string, ask func(question) answer) { mux.HandleFunc("GET "+apiPath+path, m.handler(ask)) }
	both := func(path string, ask func(question) answer) {
		get(path, ask)
		mux.HandleFunc("POST "+apiPath+path, m.handler(ask))
	}
	both("/query", m.query)
	both("/query_range", m.queryRange)
	both("/query_exemplars", m.queryExemplars)
	both("/format_query", m.formatQuery)
	both("/labels", m.labelNames)
	get("/label/{name}/values", m.labelValues)
	both("/series", m.matchingSeries)
	get("/alerts", m.alerts)
	get("/rules", m.ruleGroups)
	get("/alertmanagers", m.alertmanagers)
	get("/targets", m.targets)
	get("/targets/metadata", m.targetMetadata)
	get("/scrape_pools", m.scrapePools)
	get("/metadata", m.metadata)
	get("/status/config", m.statusConfig)
	get("/status/flags", m.statusFlags)
	get("/status/buildinfo", m.statusBuild)
	get("/status/runtimeinfo", m.statusRuntime)
	get("/status/walreplay", m.statusReplay)
	for _, admin := range []string{"delete_series", "clean_tombstones", "snapshot"} {
		mux.HandleFunc("POST "+apiPath+"/admin/tsdb/"+admin, m.handler(m.admin))
		mux.HandleFunc("PUT "+apiPath+"/admin/tsdb/"+admin, m.handler(m.admin))
	}
	m.lifecycle(mux)
	return mux
}

// handler asks and answers. Nobody waits for the client while others wait for the answer.
func (m *Metrics) handler(ask func(question) answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		status, body, err := m.respond(ask, r)
		switch {
		case err != nil:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		case body == nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write(body) // a client that went away is no failure of ours
		}
	}
}

// respond makes an answer, while nobody else asks.
func (m *Metrics) respond(ask func(question) answer, r *http.Request) (status int, body []byte, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := ask(question{r, m.clock.Now()})
	if a.done != nil {
		defer a.done()
	}
	if a.failed != nil {
		body, err = m.encoding.Marshal(response{Status: "error", ErrorType: a.failed.kind, Error: a.failed.err.Error()})
		return statuses[a.failed.kind], body, err
	}
	if a.data == nil {
		return http.StatusNoContent, nil, nil
	}
	warnings, infos := a.notes.AsStrings(r.FormValue("query"), 0, 0)
	warnings, infos = first(warnings, "warning"), first(infos, "info")
	body, err = m.encoding.Marshal(response{Status: "success", Data: a.data, Warnings: warnings, Infos: infos})
	return http.StatusOK, body, err
}

// first are the first ten notes, in an order that is the same each time.
func first(notes []string, kind string) []string {
	const most = 10
	slices.Sort(notes)
	if len(notes) <= most {
		return notes
	}
	return append(notes[:most:most], fmt.Sprintf("%d more %s annotations omitted", len(notes)-most, kind))
}
