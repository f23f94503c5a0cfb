package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// A comparison is work that two pipelines do.
type comparison struct {
	name       string
	ours, peer side
	aim        aim
	each       int // how often each side does it in one round; 0 is once
}

// A side is how one side does the work.
type side struct {
	do   pipeline
	says []string // lines that its output has, apart from spaces: proof that the work was done
	exit int      // a code other than 0 with which it may end: what a check found
}

// An aim is the ratio that is to be reached, ours to the peer's; 0 for none.
type aim struct{ time, memory float64 }

func (c comparison) title() string { return c.name }

// measure lets the sides take turns, so that whatever else the machine does falls on both. A first turn, which fills their caches,
// does not count.
func (c comparison) measure(ctx context.Context, h home, rounds int) (row, error) {
	var pairs []pair
	for i := range rounds*max(c.each, 1) + 1 {
		var p pair
		var err error
		if p.ours, err = c.ours.run(ctx, h); err != nil {
			return row{}, err
		}
		if p.peer, err = c.peer.run(ctx, h); err != nil {
			return row{}, err
		}
		if i > 0 {
			pairs = append(pairs, p)
		}
	}
	return c.aim.row(pairs), nil
}

// run does the work once.
func (s side) run(ctx context.Context, h home) (sample, error) {
	if err := h.tidy(); err != nil {
		return sample{}, err
	}
	out, err := h.output()
	if err != nil {
		return sample{}, err
	}
	defer closeAll(out)
	took, err := s.do.run(ctx, h, out)
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.ExitCode() == s.exit {
		err = nil
	}
	if err != nil {
		return took, err
	}
	return took, s.check(out.Name())
}

// check finds in the output what the side is to say.
func (s side) check(output string) error {
	in, err := os.Open(output)
	if err != nil {
		return err
	}
	defer closeAll(in)
	missing := slices.Clone(s.says)
	scanner := bufio.NewScanner(in)
	for len(missing) > 0 && scanner.Scan() {
		line := strings.Join(strings.Fields(scanner.Text()), " ")
		missing = slices.DeleteFunc(missing, func(want string) bool { return strings.HasPrefix(line, want) })
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s does not say %q: is what it looks at there?", strings.Join(s.do[0], " "), missing[0])
	}
	return scanner.Err()
}

// A pair is one turn of each side.
type pair struct{ ours, peer sample }

// row is what the turns show. A ratio is the median of the turns' own ratios, not the ratio of the medians: the two
// sides of one turn met the same machine.
func (a aim) row(pairs []pair) row {
	var r row
	var ours, peer []sample
	var times, memories []float64
	for _, p := range pairs {
		ours, peer = append(ours, p.ours), append(peer, p.peer)
		times = append(times, p.ours.wall.Seconds()/p.peer.wall.Seconds())
		memories = append(memories, float64(p.ours.memory)/float64(p.peer.memory))
	}
	r.ours, r.peer = middle(ours), middle(peer)
	r.time, r.memory = ratio(median(times), a.time), ratio(median(memories), a.memory)
	return r
}

// middle is the sample of the medians.
func middle(samples []sample) sample {
	var walls, cpus []time.Duration
	var memories []int64
	for _, s := range samples {
		walls, cpus, memories = append(walls, s.wall), append(cpus, s.cpu), append(memories, s.memory)
	}
	return sample{wall: median(walls), cpu: median(cpus), memory: median(memories)}
}

// median is the middle of the values, or the mean of the two in the middle; there is at least one.
func median[T ~int64 | ~float64](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}
