package exporter

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"runbook/examples/lab/layout"
	"runbook/examples/lab/photon"
)

var past = photon.PastUntil(time.Date(2026, 11, 25, 3, 4, 5, 0, time.UTC))

// site is what the exporter is told.
type site struct {
	ready   int
	known   bool
	cache   int // gigabytes; none is not known
	devices map[string]photon.Status
	trouble error
}

func (s *site) sources() Sources {
	return Sources{
		Ready:     func() (int, bool) { return s.ready, s.known },
		CacheSize: func() (int, bool) { return s.cache, s.cache > 0 },
		Devices:   func() (map[string]photon.Status, error) { return s.devices, s.trouble },
	}
}

var quiet = slog.New(slog.DiscardHandler)

func (s *site) recorder() *Recorder { return NewRecorder(past, s.sources(), quiet) }

// get asks the recorder's handler.
func get(t *testing.T, recorder *Recorder, path string) *httptest.ResponseRecorder {
	t.Helper()
	handler, err := Handler(recorder)
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	return answer
}

// scrape returns what the recorder's handler tells, by series.
func scrape(t *testing.T, recorder *Recorder) map[string]float64 {
	t.Helper()
	answer := get(t, recorder, MetricsPath)
	if answer.Code != http.StatusOK {
		t.Fatalf("got %d: %s", answer.Code, answer.Body)
	}
	numbers := map[string]float64{}
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		space := strings.LastIndex(line, " ")
		value, err := strconv.ParseFloat(line[space+1:], 64)
		if err != nil {
			t.Fatal(err)
		}
		numbers[line[:space]] = value
	}
	return numbers
}

const cnnOnSimulation = `photon_compilations_total{model_type="cnn",status="success",target="simulation"}`

func TestCountersGoOnFromThePast(t *testing.T) {
	recorder := (&site{ready: photon.Replicas, known: true}).recorder()
	recorder.Look(past.End)
	before := scrape(t, recorder)
	recorder.Look(past.End.Add(20 * time.Second))
	after := scrape(t, recorder)
	share := photon.Targets[2].Share * photon.ModelTypes[1].Share * (1 - photon.BaseErrors)
	want := 20 * photon.Demand(past.End) * share
	if got := after[cnnOnSimulation] - before[cnnOnSimulation]; before[cnnOnSimulation] == 0 || math.Abs(got-want) > 2 {
		t.Errorf("%v and then %v more, want about %v", before[cnnOnSimulation], got, want)
	}
}

// Prometheus takes a counter that falls for one that began again at zero, and adds all of what it has to every rate.
func TestStartedAgainItCountsFromZero(t *testing.T) {
	const after = 6 * time.Hour // in which the service did whatever it did
	pods := &site{ready: photon.Replicas, known: true}
	first := pods.recorder()
	first.Look(past.End.Add(after))
	known := scrape(t, first)
	again := Restarted(past, past.End.Add(after), pods.sources(), quiet)
	again.Look(past.End.Add(after))
	begun := scrape(t, again)
	for name := range known {
		if begins, told := begun[name]; !told || isCounter(name) && begins != 0 {
			t.Errorf("%s begins again with %v (%v), want zero", name, begins, told)
		}
	}
	again.Look(past.End.Add(after + 20*time.Second))
	if got := scrape(t, again)[cnnOnSimulation]; got < 1 || got > 20*photon.PeakDemand {
		t.Errorf("after 20 seconds it has %v", got)
	}
}

func isCounter(series string) bool {
	name, _, _ := strings.Cut(series, "{")
	return slices.ContainsFunc([]string{"_total", "_count", "_sum", "_bucket"}, func(suffix string) bool { return strings.HasSuffix(name, suffix) })
}

func TestNothingIsToldBeforeTheFirstLook(t *testing.T) {
	recorder := (&site{ready: 1, known: true}).recorder()
	if answer := get(t, recorder, MetricsPath); answer.Code != http.StatusServiceUnavailable {
		t.Errorf("got %d: %s", answer.Code, answer.Body)
	}
	recorder.Look(past.End.Add(time.Second))
	if answer := get(t, recorder, MetricsPath); answer.Code != http.StatusOK {
		t.Errorf("got %d: %s", answer.Code, answer.Body)
	}
}

func TestRunLooksAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	recorder := Restarted(past, past.End, (&site{}).sources(), quiet)
	recorder.Run(ctx)
	if !recorder.Looked() {
		t.Error("it did not look")
	}
}

func TestPodsDecideTheRate(t *testing.T) {
	pods := &site{ready: 0, known: true}
	recorder := pods.recorder()
	recorder.Look(past.End.Add(time.Second))
	before := scrape(t, recorder)
	recorder.Look(past.End.Add(time.Minute))
	without := scrape(t, recorder)
	if without[cnnOnSimulation] != before[cnnOnSimulation] || without["photon_queue_depth"] != photon.QueueLimit {
		t.Errorf("without a ready pod %v compilations are added, and %v wait", without[cnnOnSimulation]-before[cnnOnSimulation], without["photon_queue_depth"])
	}
	if _, told := without[`photon_cpu_usage_ratio{replica="0"}`]; told {
		t.Error("a replica that is not there uses its processors")
	}
	pods.ready = 3
	recorder.Look(past.End.Add(2 * time.Minute))
	if healed := scrape(t, recorder); healed[cnnOnSimulation] <= without[cnnOnSimulation] {
		t.Error("nothing is compiled by three ready pods")
	}
}

func TestReadyOncePodsAreKnown(t *testing.T) {
	pods := &site{}
	recorder := pods.recorder()
	for _, test := range []struct {
		known bool
		want  int
	}{{false, http.StatusServiceUnavailable}, {true, http.StatusOK}, {false, http.StatusOK}} {
		pods.known = test.known
		recorder.Look(past.End.Add(time.Second))
		if answer := get(t, recorder, ReadyPath); answer.Code != test.want {
			t.Errorf("known %v: got %d, want %d", test.known, answer.Code, test.want)
		}
	}
}

func TestDevicesAreWhatTheRackSays(t *testing.T) {
	const envise2 = `photon_device_status{device_id="envise-2",device_type="lightmatter"}`
	rack := &site{ready: 3, known: true}
	recorder := rack.recorder()
	for _, step := range []struct {
		name    string
		devices map[string]photon.Status
		trouble error
		want    float64
	}{
		{"nobody plays them: as the past ended", nil, nil, 0},
		{"reset", map[string]photon.Status{"envise-2": photon.Online}, nil, 1},
		{"unreadable: as last told", nil, errors.New("half a file"), 1},
		{"degraded devices answer", map[string]photon.Status{"envise-2": photon.Degraded}, nil, 1},
		{"offline", map[string]photon.Status{"envise-2": photon.Offline}, nil, 0},
	} {
		rack.devices, rack.trouble = step.devices, step.trouble
		recorder.Look(past.End.Add(time.Minute))
		if got := scrape(t, recorder)[envise2]; got != step.want {
			t.Errorf("%s: status %v, want %v", step.name, got, step.want)
		}
	}
}

func TestLargerCacheHitsMore(t *testing.T) {
	service := &site{ready: 3, known: true}
	recorder := service.recorder()
	for _, test := range []struct {
		gigabytes int
		want      float64
	}{{0, photon.ColdHitRate}, {10, photon.ColdHitRate}, {photon.EnoughCache, photon.WarmHitRate}} {
		service.cache = test.gigabytes
		recorder.Look(past.End.Add(time.Second))
		if got := scrape(t, recorder)["photon_cache_hit_rate"]; math.Abs(got-test.want) > 0.03 {
			t.Errorf("with %d GB a hit rate of %v, want about %v", test.gigabytes, got, test.want)
		}
	}
}

func TestReadDevices(t *testing.T) {
	dir, began := layout.Dir(t.TempDir()), time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	at := func(after time.Duration) func() time.Time { return func() time.Time { return began.Add(after) } }
	if states, err := ReadDevices(dir, at(0)); err != nil || states != nil {
		t.Errorf("without a rack: %v, %v", states, err)
	}
	if err := os.MkdirAll(dir.Rack(), layout.FolderMode); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		content string
		after   time.Duration
		want    photon.Status
		fails   bool
	}{
		{`{"mit-1": {"status": "degraded", "address": "127.0.0.1:22"}}`, 0, photon.Degraded, false},
		{`{"mit-1": {"status": "resetting", "ready_at": "2026-11-25T12:00:02Z"}}`, time.Second, photon.Offline, false},
		{`{"mit-1": {"status": "resetting", "ready_at": "2026-11-25T12:00:02Z"}}`, 2 * time.Second, photon.Online, false},
		{`{"mit-1": {"status": "on fire"}}`, 0, "", true},
		{`{"mit-1": {"sta`, 0, "", true},
	} {
		if err := os.WriteFile(dir.Devices(), []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if states, err := ReadDevices(dir, at(test.after)); states["mit-1"] != test.want || (err != nil) != test.fails {
			t.Errorf("%s is read as %v, %v", test.content, states, err)
		}
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- Serve(ctx, listener, http.NotFoundHandler()) }()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
