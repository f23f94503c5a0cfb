package command

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"runbook/examples/lab/exporter"
	"runbook/examples/lab/photon"
	"runbook/examples/lab/supervisor"
)

func TestOnlyInALabThatStartsTheCountersGoOnFromThePast(t *testing.T) {
	began := time.Now()
	for _, complete := range []bool{false, true} {
		recorder := newRecorder(supervisor.State{Complete: complete}, photon.PastUntil(began), exporter.Sources{
			Ready:     func() (int, bool) { return 0, true },
			CacheSize: func() (int, bool) { return 0, false },
			Devices:   func() (map[string]photon.Status, error) { return nil, nil },
		}, slog.New(slog.DiscardHandler))
		recorder.Look(began)
		handler, err := exporter.Handler(recorder)
		if err != nil {
			t.Fatal(err)
		}
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, exporter.MetricsPath, nil))
		if zero := strings.Contains(answer.Body.String(), "\nphoton_cache_hits_total 0\n"); zero != complete {
			t.Errorf("in a lab that is complete (%v), the counters begin at zero: %v\n%s", complete, zero, answer.Body)
		}
	}
}
