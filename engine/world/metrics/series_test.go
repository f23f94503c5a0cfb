package metrics

import (
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"

	"runbook/engine/world/scenario"
)

// Prometheus's own parser writes every value out; the runs must say the same.
func TestTheNotationIsThatOfPromtool(t *testing.T) {
	for _, values := range []string{
		"1", "1 2 3", "1x3", "0+10x60", "600-10x60", "-5+1x3", "+5-1x3", "1e3+1e-2x4", "1e-3x4", "1E+3-2.5E-1x4", ".5+.25x2", "0x3 7x0 1+1x0",
		"_", "_ 1 _x3 2 _", "_x0 1", "stale", "1 stale 2", "NaN", "NaN Inf -Inf +Inf", "  1   2x1  ", "0+0x5",
		"{{}}", "{{schema:1 sum:2  count:3 buckets:[1 2] }} {{ }}x2 1",
		"{{schema:0 sum:1 count:3 buckets:[1 2]}}+{{sum:1 count:3 buckets:[1 2]}}x4",
		"{{sum:100 count:30 buckets:[10 20]}}-{{sum:1 count:3 buckets:[1 2]}}x4",
	} {
		t.Run(values, func(t *testing.T) {
			_, want, err := newParser().ParseSeriesDesc("x " + values)
			require.NoError(t, err)
			s := &series{interval: 1000}
			require.NoError(t, s.read(newParser(), values))
			require.Equal(t, len(want), s.length)
			for i, w := range want {
				same(t, w, &s.runs[s.runOf(i)], i)
			}
		})
	}
}

// read is what is there of a series between two times from the start of the run, with "stale" for such markers.
func read(t *testing.T, s scenario.Series, from, to time.Duration) []any {
	t.Helper()
	m, _ := world(t, &scenario.Prometheus{Series: []scenario.Series{s}})
	it := m.written[0].iterator(start.Add(from).UnixMilli(), start.Add(to).UnixMilli())
	out := []any{}
	for it.Next() != chunkenc.ValNone {
		if _, number := it.At(); value.IsStaleNaN(number) {
			out = append(out, "stale")
		} else {
			out = append(out, number)
		}
	}
	return out
}

func TestASeriesGoesOnAsItEnded(t *testing.T) {
	for values, after := range map[string][]any{
		"0+10x5":    {60.0, 70.0, 80.0},
		"7 50-10x2": {20.0, 10.0, 0.0},
		"1x5":       {1.0, 1.0, 1.0},
		"1 2 3":     {3.0, 3.0, 3.0},
		"0+10x5 7":  {7.0, 7.0, 7.0},
		"1 _":       {},
		"1 _x5":     {},
		"1x5 stale": {},
		"-Inf":      {math.Inf(-1), math.Inf(-1), math.Inf(-1)},
	} {
		t.Run(values, func(t *testing.T) {
			require.Equal(t, after, read(t, one("x", values), time.Second, 3*time.Minute))
			ending := one("x", values)
			ending.Ends = true
			require.Empty(t, read(t, ending, time.Second, 3*time.Minute))
		})
	}
}

func TestWhereASeriesIs(t *testing.T) {
	require.Equal(t, []any{1.0, 2.0, "stale"}, read(t, one("x", "1 2 stale"), -time.Hour, time.Hour), "the last is at the clock")
	require.Equal(t, []any{2.0, "stale"}, read(t, one("x", "1 2 stale"), -time.Minute, time.Hour))
	from := func(d time.Duration, values string) scenario.Series {
		return scenario.Series{Series: "x", Values: values, From: &d, Ends: true}
	}
	require.Equal(t, []any{5.0, 6.0}, read(t, from(-time.Hour, "5 6"), -time.Hour, -59*time.Minute))
	require.Empty(t, read(t, from(-time.Hour, "5 6"), -58*time.Minute, time.Hour))
	require.Equal(t, []any{5.0, 6.0}, read(t, from(time.Minute, "5 6"), 0, time.Hour), "it is yet to come")
	failure := from(-time.Hour, "1x65 0x9 1") // the documentation of scenarios says so
	require.Equal(t, []any{1.0, 0.0}, read(t, failure, 5*time.Minute, 6*time.Minute))
	require.Equal(t, []any{0.0, 1.0}, read(t, failure, 15*time.Minute, 16*time.Minute))
}

func TestNothingIsLaterThanTheClock(t *testing.T) {
	soon := time.Minute
	m, clock := world(t, &scenario.Prometheus{Series: []scenario.Series{
		one("counter", "0+1x10"), {Series: "soon", Values: "5", From: &soon},
	}})
	count := asked("GET /api/v1/query?query=count_over_time(counter[1h])&time={30m}")
	_, body := count.of(m)
	require.Contains(t, body, `"11"`)
	_, body = asked("GET /api/v1/label/__name__/values").of(m)
	require.NotContains(t, body, "soon")
	clock.move(time.Minute)
	_, body = count.of(m)
	require.Contains(t, body, `"12"`)
	_, body = asked("GET /api/v1/label/__name__/values").of(m)
	require.Contains(t, body, "soon")
}

func TestAnIteratorSeeks(t *testing.T) {
	m, _ := world(t, &scenario.Prometheus{Series: []scenario.Series{one("x", "0+1x3 _x10 7 _x3 9")}}) // the last at 0m
	at := func(minutes int) int64 { return start.Add(time.Duration(minutes) * time.Minute).UnixMilli() }
	it := m.written[0].iterator(at(-100), at(0))
	require.Equal(t, chunkenc.ValFloat, it.Seek(at(-17)))
	require.Equal(t, at(-17), it.AtT())
	require.Equal(t, chunkenc.ValFloat, it.Seek(at(-50)), "what is past stays past")
	require.Equal(t, at(-17), it.AtT())
	require.Equal(t, chunkenc.ValFloat, it.Seek(at(-10)), "over a gap")
	got, number := it.At()
	require.Equal(t, at(-4), got)
	require.InDelta(t, 7.0, number, 0)
	require.Equal(t, chunkenc.ValFloat, it.Next())
	require.Equal(t, at(0), it.AtT())
	require.Equal(t, chunkenc.ValNone, it.Next())
	require.Equal(t, chunkenc.ValNone, it.Seek(at(-50)), "it is exhausted")
	require.NoError(t, it.Err())
}

func TestSelectingSeesOnlyWhatHasSamplesThen(t *testing.T) {
	m, _ := world(t, &scenario.Prometheus{Series: []scenario.Series{one("a", "1x5"), one("b", "1 _x60 1x5")}})
	names := func(from, to time.Duration) []string {
		q, err := m.past(start).Querier(start.Add(from).UnixMilli(), start.Add(to).UnixMilli())
		require.NoError(t, err)
		set := q.Select(t.Context(), false, &storage.SelectHints{Start: math.MinInt64, End: math.MaxInt64}, labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, ".+"))
		var out []string
		for set.Next() {
			out = append(out, set.At().Labels().Get(model.MetricNameLabel))
		}
		require.NoError(t, set.Err())
		return out
	}
	require.Equal(t, []string{"a", "b"}, names(-time.Hour, 0))
	require.Equal(t, []string{"b"}, names(-2*time.Hour, -10*time.Minute))
	require.Empty(t, names(-30*time.Minute, -10*time.Minute))
	require.Empty(t, names(time.Minute, time.Hour))
}

// A week of minutes, and a run of a day after it, are nothing but a formula.
func TestALongSeriesCostsNoMemory(t *testing.T) {
	section := &scenario.Prometheus{Series: []scenario.Series{one("x", "0+1x999999")}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, problems := build(section, start)
	runtime.ReadMemStats(&after)
	require.Empty(t, problems)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}
