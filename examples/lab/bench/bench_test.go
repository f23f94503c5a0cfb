package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{[]float64{7}, 7}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 100, 2}, 3}} {
		if got := median(c.values); got != c.want {
			t.Errorf("median of %v: %v, want %v", c.values, got, c.want)
		}
		if c.values[0] == 9 && c.values[1] != 1 {
			t.Error("median sorted the values of its caller")
		}
	}
}

func took(wall, cpu time.Duration, memory int64) sample { return sample{wall, cpu, memory} }

// A busy moment slows both sides of a turn down: their ratio stays, where a ratio of medians would not.
func TestARatioIsThatOfTheTurns(t *testing.T) {
	r := aim{time: 0.5, memory: 0.4}.row([]pair{
		{took(1*time.Second, time.Second, 50e6), took(4*time.Second, 3*time.Second, 100e6)},
		{took(5*time.Second, time.Second, 50e6), took(20*time.Second, 3*time.Second, 100e6)},
		{took(1*time.Second, time.Second, 50e6), took(4*time.Second, 3*time.Second, 100e6)},
	})
	if r.time != (figure{text: "0.25 of 0.50"}) {
		t.Errorf("time: %+v", r.time)
	}
	if r.memory != (figure{text: "0.50 of 0.40", missed: true}) {
		t.Errorf("memory: %+v", r.memory)
	}
	if r.ours != took(time.Second, time.Second, 50e6) || r.peer.wall != 4*time.Second {
		t.Errorf("medians: %+v, %+v", r.ours, r.peer)
	}
}

func TestTable(t *testing.T) {
	rows := []row{
		{
			name: "list", ours: took(21*time.Millisecond, 20*time.Millisecond, 50.9e6), peer: took(1250*time.Millisecond, time.Second, 45e6),
			time: ratio(0.0168, 0.5), memory: ratio(1.131, 0),
		},
		{name: "gate", ours: sample{wall: 9100}, peer: sample{wall: 300}, time: difference(8800, 5000)},
		{name: "pods", err: errors.New("jq is not installed")},
	}
	var text strings.Builder
	if err := printTable(&text, rows, 5); err != nil {
		t.Fatal(err)
	}
	want := `work: ours / peer  ours: time    cpu  memory  peer: time     cpu  memory                ratio: time  memory
list                    21 ms  20 ms   51 MB      1.25 s  1.00 s   45 MB               0.02 of 0.50    1.13
gate                   9.1 µs      -       -      0.3 µs       -       -  +8.8 µs of +5.0 µs MISSED       -
pods               not measured: jq is not installed

Medians of 5 rounds or more, in which`
	if !strings.HasPrefix(text.String(), want) {
		t.Errorf("got\n%s\nwant\n%s", text.String(), want)
	}
	if err := unmeasured(rows); err == nil || err.Error() != "1 of 3 could not be measured" {
		t.Errorf("a missing figure: %v", err)
	}
	if err := unmeasured(rows[:2]); err != nil {
		t.Errorf("a missed aim is no error, got %v", err)
	}
}

func TestGateOutput(t *testing.T) {
	p, err := parseGate("goos: linux\nBenchmarkPlainCall-2   \t 5209743\t 512.2 ns/op\t 24 B/op\nBenchmarkGateCall \t 165405\t 11386 ns/op\nPASS\n")
	if err != nil || p.ours.wall != 11386 || p.peer.wall != 512 {
		t.Errorf("got %+v, %v", p, err)
	}
	if _, err := parseGate("BenchmarkGateCall 1 2 ns/op\nPASS\n"); err == nil || !strings.Contains(err.Error(), plainCall) {
		t.Errorf("a benchmark that did not run: %v", err)
	}
}

func TestAPipelineIsMeasuredAsAWhole(t *testing.T) {
	h := testHome(t)
	say := side{do: pipeline{{"sh", "-c", "echo ' b   2 x'; sleep 0.05"}, {"cat"}}, says: []string{"b 2"}}
	got, err := say.run(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	if got.wall < 50*time.Millisecond || got.cpu <= 0 || got.memory <= 0 {
		t.Errorf("got %+v", got)
	}
	alone, err := side{do: pipeline{{"cat"}}}.run(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	if got.memory < alone.memory*3/2 {
		t.Errorf("two programs had %d bytes, one of them %d", got.memory, alone.memory)
	}
}

func TestWorkThatWasNotDoneIsNoMeasurement(t *testing.T) {
	h := testHome(t)
	for _, c := range []struct {
		side side
		want string
	}{
		{side{do: pipeline{{"echo", "nothing"}}, says: []string{"compiler 2000"}}, `echo nothing does not say "compiler 2000"`},
		{side{do: pipeline{{"sh", "-c", "echo no cluster >&2; exit 3"}, {"cat"}}}, "exit status 3: no cluster"},
	} {
		if _, err := c.side.run(t.Context(), h); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	_, err := side{do: pipeline{{"yes"}, {"no-such-program"}}}.run(t.Context(), h) // yes ends only because it is made to
	if !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func testHome(t *testing.T) home {
	t.Helper()
	h, err := newHome(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.remove)
	return h
}
