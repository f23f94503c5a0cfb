package photon

import (
	"math"
	"time"
)

// Count is what became of the compilations of one kind of model for one target. Every compilation asked the cache once.
type Count struct {
	Successes    uint64
	Errors       [len(ErrorTypes)]uint64
	Hits, Misses uint64
}

// Failures are the errors of all types.
func (c Count) Failures() uint64 {
	var sum uint64
	for _, n := range c.Errors {
		sum += n
	}
	return sum
}

// Compilations are all that ended.
func (c Count) Compilations() uint64 { return c.Successes + c.Failures() }

func (c Count) plus(other Count) Count {
	c.Successes += other.Successes
	c.Hits += other.Hits
	c.Misses += other.Misses
	for i := range c.Errors {
		c.Errors[i] += other.Errors[i]
	}
	return c
}

func (c Count) minus(other Count) Count {
	c.Successes -= other.Successes
	c.Hits -= other.Hits
	c.Misses -= other.Misses
	for i := range c.Errors {
		c.Errors[i] -= other.Errors[i]
	}
	return c
}

// Counts are by target and model type, in the order of Targets and ModelTypes.
type Counts [len(Targets)][len(ModelTypes)]Count

// Minus is what was counted since other.
func (c Counts) Minus(other Counts) Counts {
	for target := range c {
		for kind := range c[target] {
			c[target][kind] = c[target][kind].minus(other[target][kind])
		}
	}
	return c
}

// Of is the sum over one target's kinds of models.
func (c Counts) Of(target int) Count {
	var sum Count
	for _, count := range c[target] {
		sum = sum.plus(count)
	}
	return sum
}

// Sum is that of all.
func (c Counts) Sum() Count {
	var sum Count
	for target := range c {
		sum = sum.plus(c.Of(target))
	}
	return sum
}

// Model is the service at one moment.
type Model struct {
	at      time.Time
	in      Inputs
	counts  Counts // since the model began
	restart Counts // what had been counted when the service last began
	rests   [len(Targets)][len(ModelTypes)]rests
}

// New is the service as it begins, at t.
func New(t time.Time, in Inputs) *Model { return &Model{at: t, in: in} }

// At is the moment that the model is at.
func (m *Model) At() time.Time { return m.at }

// Counts are those since the model began, whatever restarts there were.
func (m *Model) Counts() Counts { return m.counts }

// Restart lets what the service tells of its counts begin at zero again, as a process does that starts anew.
func (m *Model) Restart() { m.restart = m.counts }

// Advance moves the model on to that moment, with inputs that hold until then. A moment that has gone changes nothing.
func (m *Model) Advance(to time.Time, in Inputs) {
	for m.at.Before(to) {
		// Chance changes with the minute, so no stride goes over its end.
		next := m.at.Truncate(Step).Add(Step)
		if next.After(to) {
			next = to
		}
		m.stride(next, in)
	}
	m.in = in
}

func (m *Model) stride(to time.Time, in Inputs) {
	ended := Rate(m.at, in) * to.Sub(m.at).Seconds()
	hitRate := HitRate(m.at, in)
	for t, target := range Targets {
		errorRate, shares := ErrorRate(target, in), errorShares(target, in)
		for k, kind := range ModelTypes {
			rests, count := &m.rests[t][k], &m.counts[t][k]
			n := rests.ended.take(ended * target.Share * kind.Share)
			failures := rests.failures.of(n, errorRate)
			hits := rests.hits.of(n, hitRate)
			count.Successes += n - failures
			count.Hits += hits
			count.Misses += n - hits
			rests.split(failures, shares, &count.Errors)
		}
	}
	m.at = to
}

// rests are the parts of events that were not whole yet.
type rests struct {
	ended, failures, hits rest
	errors                [len(ErrorTypes)]rest
}

// split gives each type its share of what the types before it left, so that the types add up to all.
func (r *rests) split(failures uint64, shares [len(ErrorTypes)]float64, counts *[len(ErrorTypes)]uint64) {
	left := 1.0
	for i, share := range shares {
		n := failures
		if i < len(shares)-1 && left > 0 {
			n = r.errors[i].of(failures, min(1, share/left))
		}
		counts[i] += n
		failures -= n
		left -= share
	}
}

// rest is the part of an event that is not whole yet. It is kept for the next time, so that over any window the whole
// events are less than one off what was expected.
type rest float64

func (r *rest) take(expected float64) uint64 {
	whole, part := math.Modf(expected + float64(*r))
	*r = rest(part)
	return uint64(whole)
}

// of takes a share of n events, and never more than all of them.
func (r *rest) of(n uint64, share float64) uint64 { return min(n, r.take(float64(n)*share)) }
