package monitor

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/tsdb"

	"runbook/examples/lab/exporter"
	"runbook/examples/lab/photon"
)

// The rules are asked after some minutes of scrapes, at the busiest hour of the day and at the quietest.
func TestAlertsFireWhenTheyShould(t *testing.T) {
	const peak, night = photon.PeakHour, (photon.PeakHour + 12) % 24
	for _, test := range []struct {
		name    string
		hour    int
		ready   int
		cache   int // gigabytes
		devices map[string]photon.Status
		want    []string
	}{
		{"as the lab starts", peak, 3, 10, nil, []string{"PhotonDeviceOffline", "PhotonHighErrorRate", "PhotonLowCacheHitRate"}},
		{"as it starts at night", night, 3, 10, nil, []string{"PhotonDeviceOffline", "PhotonHighErrorRate", "PhotonLowCacheHitRate"}},
		{"with the device back", peak, 3, 10, map[string]photon.Status{photon.FaultyDevice: photon.Online}, []string{"PhotonLowCacheHitRate"}},
		{"with it back at night", night, 3, 10, map[string]photon.Status{photon.FaultyDevice: photon.Online}, []string{"PhotonLowCacheHitRate"}},
		{"all is well", peak, 3, photon.EnoughCache, map[string]photon.Status{photon.FaultyDevice: photon.Online}, nil},
		{"no pod is ready", night, 0, 10, nil, []string{"PhotonCompilerDown", "PhotonDeviceOffline", "PhotonLowCacheHitRate"}},
		{"one pod bears all", peak, 1, 10, map[string]photon.Status{photon.FaultyDevice: photon.Online}, []string{"PhotonHighResourceUsage", "PhotonLowCacheHitRate"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			began := time.Date(2026, 11, 25, test.hour, 0, 0, 0, time.UTC)
			recorder := exporter.NewRecorder(photon.PastUntil(began), exporter.Sources{
				Ready:     func() (int, bool) { return test.ready, true },
				CacheSize: func() (int, bool) { return test.cache, true },
				Devices:   func() (map[string]photon.Status, error) { return test.devices, nil },
			}, slog.New(slog.DiscardHandler))
			now := began.Add(3 * time.Minute)
			if got := firing(t, scraped(t, recorder, began, now), now); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// scraped returns a database with what the recorder told every five seconds.
func scraped(t *testing.T, recorder *exporter.Recorder, from, until time.Time) *tsdb.DB {
	t.Helper()
	db, err := tsdb.Open(t.TempDir(), slog.New(slog.DiscardHandler), nil, tsdb.DefaultOptions(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	handler, err := exporter.Handler(recorder)
	if err != nil {
		t.Fatal(err)
	}
	for at := from; !at.After(until); at = at.Add(5 * time.Second) {
		recorder.Look(at)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, exporter.MetricsPath, nil))
		answer.Body.WriteString("up 1\n") // which Prometheus adds
		if err := keep(t, db, at, answer.Body); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func keep(t *testing.T, db *tsdb.DB, at time.Time, exposition *bytes.Buffer) error {
	t.Helper()
	appender := db.Appender(t.Context())
	lines := textparse.NewPromParser(exposition.Bytes(), labels.NewSymbolTable(), false)
	for {
		entry, err := lines.Next()
		if errors.Is(err, io.EOF) {
			return appender.Commit()
		}
		if err != nil {
			return err
		}
		if entry != textparse.EntrySeries {
			continue
		}
		var metric labels.Labels
		lines.Labels(&metric)
		metric = labels.NewBuilder(metric).Set("job", scrape.Job).Labels()
		_, _, value := lines.Series()
		if _, err := appender.Append(0, metric, at.UnixMilli(), value); err != nil {
			return err
		}
	}
}

// firing are the alerts whose expressions hold.
func firing(t *testing.T, db *tsdb.DB, now time.Time) []string {
	t.Helper()
	groups, errs := rulefmt.Parse(rules, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute, Parser: parser.NewParser(parser.Options{})})
	var names []string
	for _, group := range groups.Groups {
		for _, rule := range group.Rules {
			query, err := engine.NewInstantQuery(t.Context(), db, nil, rule.Expr, now)
			if err != nil {
				t.Fatal(err)
			}
			found, err := query.Exec(t.Context()).Vector()
			if err != nil {
				t.Fatal(err)
			}
			if rule.Alert != "" && len(found) > 0 && !slices.Contains(names, rule.Alert) {
				names = append(names, rule.Alert)
			}
			query.Close()
		}
	}
	slices.Sort(names)
	return names
}
