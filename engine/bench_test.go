package engine

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/journal"
)

// benchmarkCalls runs a script that makes a call b.N times, with everything that a run has but the disk and the screen: `make bench`
// compares the two benchmarks.
func benchmarkCalls(b *testing.B, call string) {
	run := newBench(b, `
local valve = require "valve"
return runbook {
  summary = "Call again and again",
  params = { n = { type = "integer", required = true } },
  steps = { step("Call", function(run) for i = 1, run.params.n do `+call+` end end) },
}`, carryOut())
	run.cfg.Given = map[string]string{"n": strconv.Itoa(b.N)}
	require.True(b, run.cfg.Redactor.Add("correct-horse-battery-staple"))
	run.cfg.Open = func() (journal.Sink, error) { return run.cfg.Redactor.Sink(discard{}), nil }
	b.ReportAllocs()
	b.ResetTimer()
	require.Equal(b, ExitDone, run.run(b).Exit)
}

// BenchmarkPlainCall is a function of Go that Lua calls directly.
func BenchmarkPlainCall(b *testing.B) { benchmarkCalls(b, `math.abs(i)`) }

// BenchmarkGateCall is a read whose own work is nothing: arguments, the gate, a record, the redactor.
func BenchmarkGateCall(b *testing.B) { benchmarkCalls(b, `valve.look("a")`) }

// discard is a sink that keeps nothing.
type discard struct{}

func (discard) Write(*journal.Record) error { return nil }
