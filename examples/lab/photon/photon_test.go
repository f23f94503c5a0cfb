package photon

import (
	"math"
	"reflect"
	"testing"
	"time"
)

var past = PastUntil(time.Date(2026, 11, 25, 3, 4, 5, 0, time.UTC))

// told are the model's numbers by what a series would be called.
func told(m *Model) map[string]float64 {
	numbers := map[string]float64{}
	for _, metric := range m.Metrics() {
		name := metric.Family.Name
		for i := range metric.Family.Labels {
			name += "/" + metric.Labels[i]
		}
		numbers[name] = metric.Value
		if d := metric.Durations; d != nil {
			numbers[name] = float64(d.Count)
		}
	}
	return numbers
}

func TestTheSamePastIsToldTwice(t *testing.T) {
	one, other := told(past.Replay(func(*Model) {})), told(past.Replay(func(*Model) {}))
	if len(one) == 0 || !reflect.DeepEqual(one, other) {
		t.Errorf("got %v and then %v", one, other)
	}
}

func TestCountersFallAtTheRestartOnly(t *testing.T) {
	before := map[string]float64{}
	past.Replay(func(m *Model) {
		restart := m.At().Equal(past.Until(Outage))
		now := map[string]float64{}
		for _, metric := range m.Metrics() {
			if metric.Family.Kind == Gauge {
				continue
			}
			name := metric.Family.Name + metric.Labels[0] + metric.Labels[1] + metric.Labels[2]
			now[name] = metric.Value
			if d := metric.Durations; d != nil {
				now[name] = float64(d.Count)
				bucketsMustGrow(t, m.At(), d)
			}
			if fell := now[name] < before[name]; fell && !restart {
				t.Fatalf("%s falls from %v to %v at %v", name, before[name], now[name], m.At())
			}
			if restart && now[name] != 0 {
				t.Errorf("%s is %v after the restart", name, now[name])
			}
		}
		before = now
	})
}

func bucketsMustGrow(t *testing.T, at time.Time, d *Durations) {
	t.Helper()
	all := append(append([]uint64{0}, d.Within[:]...), d.Count)
	for i := 1; i < len(all); i++ {
		if all[i] < all[i-1] {
			t.Fatalf("at %v a bucket has less than the one before it: %v", at, all)
		}
	}
}

func TestWhatIsCountedTwiceIsCountedAlike(t *testing.T) {
	sum := past.Increase(past.Begin(), past.End).Sum()
	if sum.Hits+sum.Misses != sum.Compilations() {
		t.Errorf("%d hits and %d misses, but %d compilations", sum.Hits, sum.Misses, sum.Compilations())
	}
	if sum.Compilations() < 1_000_000 {
		t.Errorf("only %d compilations in a week", sum.Compilations())
	}
}

// A model that advances by seconds must not drift from one that advances by minutes.
func TestSmallStepsCountLikeLargeOnes(t *testing.T) {
	begin := past.End
	in := past.Inputs(begin)
	large, small := New(begin, in), New(begin, in)
	large.Advance(begin.Add(time.Hour), in)
	for at := begin; !at.After(begin.Add(time.Hour)); at = at.Add(700 * time.Millisecond) {
		small.Advance(at, in)
	}
	small.Advance(begin.Add(time.Hour), in)
	one, other := large.Counts(), small.Counts()
	for target := range Targets {
		got, want := other.Of(target), one.Of(target)
		if off := math.Abs(float64(got.Compilations()) - float64(want.Compilations())); off > float64(len(ModelTypes)) {
			t.Errorf("%s: %d and %d compilations", Targets[target].Name, got.Compilations(), want.Compilations())
		}
		if off := math.Abs(float64(got.Failures()) - float64(want.Failures())); off > float64(len(ModelTypes)) {
			t.Errorf("%s: %d and %d failures", Targets[target].Name, got.Failures(), want.Failures())
		}
	}
}

func TestErrorsInAndOutOfTheFault(t *testing.T) {
	fault := past.From(Fault)
	tests := []struct {
		name       string
		from, to   time.Time
		target     int
		rate       float64
		ofHardware float64 // share of the errors
	}{
		{"lightmatter a day before", fault.Add(-26 * time.Hour), fault.Add(-24 * time.Hour), 0, BaseErrors, 0},
		{"lightmatter during the fault", fault, past.End, 0, BaseErrors + FaultErrors/4, 0.8 * 0.18 / 0.19},
		{"mit during the fault", fault, past.End, 1, BaseErrors, 0},
		{"mit during the repair", past.From(Repair), past.Until(Repair), 1, BaseErrors + FaultErrors/4, 0.8 * 0.18 / 0.19},
		{"simulation during the fault", fault, past.End, 2, BaseErrors, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			count := past.Increase(test.from, test.to).Of(test.target)
			n := float64(count.Compilations())
			if rate := float64(count.Failures()) / n; math.Abs(rate-test.rate) > 3/n {
				t.Errorf("%d of %.0f failed, a share of %.4f; want %.4f", count.Failures(), n, rate, test.rate)
			}
			if share := float64(count.Errors[3]) / float64(count.Failures()); math.Abs(share-test.ofHardware) > 0.03 {
				t.Errorf("a share of %.3f of the errors is the hardware's, want %.3f", share, test.ofHardware)
			}
		})
	}
}

func TestNothingIsCountedInTheOutage(t *testing.T) {
	if n := past.Increase(past.From(Outage), past.Until(Outage)).Sum().Compilations(); n != 0 {
		t.Errorf("%d compilations without a ready pod", n)
	}
}

func TestRateFollowsTheReadyPods(t *testing.T) {
	peak := time.Date(2026, 11, 25, PeakHour, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		ready int
		want  float64
	}{{0, 0}, {1, Capacity}, {2, 2 * Capacity}, {3, Demand(peak)}, {8, Demand(peak)}} {
		if got := Rate(peak, Inputs{Ready: test.ready}); got != test.want {
			t.Errorf("with %d ready pods: %v a second, want %v", test.ready, got, test.want)
		}
	}
}

// What an alert looks at must not lie near its threshold, at any hour of the day: a lab is started at any.
func TestAlertsDoNotDependOnTheHour(t *testing.T) {
	for minute := range 24 * 60 {
		at := past.End.Add(time.Duration(minute) * Step)
		m := New(at, Inputs{Ready: Replicas, ColdCache: true, Devices: map[string]Status{FaultyDevice: Offline}})
		numbers := told(m)
		if numbers["photon_cache_hit_rate"] > 0.55 {
			t.Errorf("%v: the cold cache has a hit rate of %v", at, numbers["photon_cache_hit_rate"])
		}
		if numbers["photon_cpu_usage_ratio/0"] > 0.88 || numbers["photon_memory_usage_bytes/0"] > 0.75*MemoryLimit {
			t.Errorf("%v: a healthy replica uses %v of its processors and %v bytes", at, numbers["photon_cpu_usage_ratio/0"], numbers["photon_memory_usage_bytes/0"])
		}
		if numbers["photon_device_status/envise-2/lightmatter"] != 0 || numbers["photon_device_status/envise-1/lightmatter"] != 1 {
			t.Errorf("%v: got %v", at, numbers)
		}
	}
}
