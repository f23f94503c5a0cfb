package backfill

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/tsdb"

	"runbook/examples/lab/exporter"
	"runbook/examples/lab/photon"
)

var (
	past    = photon.PastUntil(time.Date(2026, 11, 25, 3, 4, 5, 0, time.UTC))
	scrape  = Scrape{Job: "photon-compiler", Instance: "photon-compiler"}
	records = []Record{{Name: "photon:compilation_rate_5m", Expr: `sum(rate(photon_compilations_total[5m]))`}}
)

// database is the past, written and opened again.
type database struct {
	*tsdb.DB
	engine *promql.Engine
}

func written(t *testing.T) database {
	t.Helper()
	dir := t.TempDir()
	if err := Write(t.Context(), dir, past, scrape, records); err != nil {
		t.Fatal(err)
	}
	options := tsdb.DefaultOptions()
	options.RetentionDuration = 0 // the past of a test may be long ago
	db, err := tsdb.Open(dir, slog.New(slog.DiscardHandler), nil, options, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return database{db, promql.NewEngine(promql.EngineOpts{MaxSamples: 1e7, Timeout: time.Minute, Parser: parser.NewParser(parser.Options{})})}
}

// at evaluates the expression, and must get one number.
func (d database) at(ctx context.Context, t *testing.T, when time.Time, expr string) float64 {
	t.Helper()
	query, err := d.engine.NewInstantQuery(ctx, d, nil, expr, when)
	if err != nil {
		t.Fatal(err)
	}
	defer query.Close()
	vector, err := query.Exec(ctx).Vector()
	if err != nil || len(vector) != 1 {
		t.Fatalf("%s is %v, %v; want one number", expr, vector, err)
	}
	return vector[0].F
}

func TestWrittenPastCanBeQueried(t *testing.T) {
	db := written(t)
	day := past.Increase(past.End.Add(-24*time.Hour), past.End).Sum()
	first := past.Begin().Add(24 * time.Hour)
	for _, test := range []struct {
		expr string
		at   time.Time
		want float64
		off  float64 // as a share: increase estimates
	}{
		{`count(photon_device_status)`, past.End, 4, 0},
		{`count(photon_device_status)`, first, 4, 0},
		{`photon_device_status{device_id="envise-2"}`, past.End, 0, 0},
		{`photon_device_status{device_id="envise-2"}`, past.From(photon.Fault).Add(-time.Minute), 1, 0},
		{`up{job="photon-compiler"}`, past.End, 1, 0},
		{`sum(increase(photon_compilations_total[24h]))`, past.End, float64(day.Compilations()), 0.002},
		{`sum(increase(photon_compilation_errors_total[24h]))`, past.End, float64(day.Failures()), 0.002},
		{`sum(photon_compilation_duration_seconds_bucket{le="+Inf"}) - sum(photon_compilation_duration_seconds_count)`, past.End, 0, 0},
		{`count(photon_compilation_duration_seconds_bucket{le="5.0"})`, past.End, 3, 0},
		{`max(resets(photon_compilations_total[7d]))`, past.End, 1, 0},
		{`min(resets(photon_compilations_total[7d]))`, past.End, 1, 0},
		{`photon:compilation_rate_5m - sum(rate(photon_compilations_total[5m]))`, past.End, 0, 0},
		{`photon:compilation_rate_5m`, past.Until(photon.Outage).Add(-time.Minute), 0, 0},
		{`avg_over_time(photon_device_status{device_id="mit-2"}[7d])`, past.End, 1 - 120.0/(7*24*60-30), 0.0001},
	} {
		if got := db.at(t.Context(), t, test.at, test.expr); math.Abs(got-test.want) > test.off*test.want {
			t.Errorf("%s at %v is %v, want %v", test.expr, test.at, got, test.want)
		}
	}
	if n := db.at(t.Context(), t, past.End, `count({__name__!=""})`); n > 120 {
		t.Errorf("%v series are more than a lab can start with quickly", n)
	}
}

func TestOnlyHoleIsTheOneThatIsMeant(t *testing.T) {
	db := written(t)
	for _, series := range []string{"photon:compilation_rate_5m", "up", "photon_queue_depth"} {
		query, err := db.engine.NewRangeQuery(t.Context(), db, nil, "timestamp("+series+")", past.Begin(), past.End, photon.Step)
		if err != nil {
			t.Fatal(err)
		}
		matrix, err := query.Exec(t.Context()).Matrix()
		if err != nil || len(matrix) != 1 {
			t.Fatalf("%s is %v, %v", series, matrix, err)
		}
		var last float64
		holes := 0
		for _, point := range matrix[0].Floats {
			if last > 0 && point.F-last > 60 {
				holes++
				from, until := time.Unix(int64(last), 0), time.Unix(int64(point.F), 0)
				// A rate needs a second sample, and so comes back a minute later.
				if from.Before(past.From(photon.Unwatched).Add(-photon.Step)) || until.After(past.Until(photon.Unwatched).Add(photon.Step)) {
					t.Errorf("%s has a hole from %v until %v", series, from.UTC(), until.UTC())
				}
			}
			last = point.F
		}
		query.Close()
		if holes != 1 {
			t.Errorf("%s has %d holes, want the one while nobody watched", series, holes)
		}
	}
}

func TestNoBlockIsBegunOnceNobodyWantsIt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	// Without rules there is nothing before the blocks that would look at ctx.
	if err := Write(ctx, dir, past, scrape, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}

// A series of the past that the exporter calls otherwise would end, and another would begin.
func TestPastHasTheSeriesThatAreScrapedLater(t *testing.T) {
	recorder := exporter.NewRecorder(past, exporter.Sources{
		Ready:     func() (int, bool) { return photon.Replicas, true },
		CacheSize: func() (int, bool) { return 0, false },
		Devices:   func() (map[string]photon.Status, error) { return nil, nil },
	}, slog.New(slog.DiscardHandler))
	recorder.Look(past.End)
	handler, err := exporter.Handler(recorder)
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, exporter.MetricsPath, nil))
	live := parsed(t, answer.Body.Bytes())
	for _, series := range scraped(past, scrape) {
		last := series.Floats[len(series.Floats)-1]
		name := labels.NewBuilder(series.Metric).Del("job", "instance").Labels().String()
		if series.Metric.Get(model.MetricNameLabel) == "up" {
			continue // Prometheus itself adds it
		}
		if value, there := live[name]; !there || value != last.F {
			t.Errorf("%s ends with %v and goes on with %v (%v)", name, last.F, value, there)
		}
		delete(live, name)
	}
	for name := range live {
		t.Errorf("%s has no past", name)
	}
}

// parsed reads an exposition as Prometheus does.
func parsed(t *testing.T, exposition []byte) map[string]float64 {
	t.Helper()
	values := map[string]float64{}
	parser := textparse.NewPromParser(exposition, labels.NewSymbolTable(), false)
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return values
		}
		if err != nil {
			t.Fatal(err)
		}
		if entry == textparse.EntrySeries {
			var metric labels.Labels
			parser.Labels(&metric)
			_, _, value := parser.Series()
			values[metric.String()] = value
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	for b.Loop() {
		if err := Write(b.Context(), b.TempDir(), past, scrape, records); err != nil {
			b.Fatal(err)
		}
	}
}
