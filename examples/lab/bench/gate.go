package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// gateCost is what a call costs on its way through the gate, beyond a plain call of Go from Lua. The two are Go benchmarks
// of package engine: a process's start would hide microseconds.
type gateCost struct {
	name   string
	source string
	most   time.Duration // that it is to cost more
}

// The benchmarks, in the order in which they stand in the file and so take turns.
const (
	plainCall = "BenchmarkPlainCall"
	gateCall  = "BenchmarkGateCall"
)

func (g gateCost) title() string { return g.name }

func (g gateCost) measure(ctx context.Context, h home, rounds int) (row, error) {
	program := filepath.Join(h.dir, "engine.test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-o", program, "./engine")
	build.Dir = g.source
	if out, err := build.CombinedOutput(); err != nil {
		return row{}, fmt.Errorf("build the benchmarks of engine: %w: %s", err, bytes.TrimSpace(out))
	}
	var pairs []pair
	for range rounds {
		bench := exec.CommandContext(ctx, program, "-test.run=^$", "-test.bench=^("+plainCall+"|"+gateCall+")$")
		bench.Dir, bench.Env = h.dir, h.env
		out, err := bench.Output()
		if err != nil {
			return row{}, fmt.Errorf("run the benchmarks of engine: %w: %s", err, bytes.TrimSpace(out))
		}
		p, err := parseGate(string(out))
		if err != nil {
			return row{}, err
		}
		pairs = append(pairs, p)
	}
	return g.row(pairs), nil
}

// row is what the turns show. A difference keeps what else the machine did meanwhile, where a ratio does not: so it is that
// of the least disturbed turns.
func (g gateCost) row(pairs []pair) row {
	var ours, peer []sample
	var more []time.Duration
	for _, p := range pairs {
		ours, peer = append(ours, p.ours), append(peer, p.peer)
		more = append(more, p.ours.wall-p.peer.wall)
	}
	return row{ours: middle(ours), peer: middle(peer), time: difference(slices.Min(more), g.most)}
}

// parseGate reads what one run of the benchmarks printed.
func parseGate(output string) (pair, error) {
	ours, err := perCall(output, gateCall)
	if err != nil {
		return pair{}, err
	}
	peer, err := perCall(output, plainCall)
	return pair{ours: sample{wall: ours}, peer: sample{wall: peer}}, err
}

// perCall finds the line of a benchmark: its name, how often it ran, and the nanoseconds of each.
func perCall(output, name string) (time.Duration, error) {
	for line := range strings.Lines(output) {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[3] != "ns/op" || strings.SplitN(fields[0], "-", 2)[0] != name {
			continue
		}
		ns, err := strconv.ParseFloat(fields[2], 64)
		return time.Duration(ns), err
	}
	return 0, fmt.Errorf("%s did not run", name)
}
