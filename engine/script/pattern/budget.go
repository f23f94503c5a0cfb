package pattern

import (
	"context"
	"errors"
)

// The limits. A step is one byte looked at or one item of the pattern tried, and takes some five to ten nanoseconds.
const (
	// MaxSteps is how many steps a search may take, whatever its subject: about a tenth of a second.
	MaxSteps = 10_000_000
	// StepsPerByte is how many steps it may take besides for each byte of the subject, so that an honest pattern can go through a
	// large log. The time a search may take thus grows with its subject, but only in proportion.
	StepsPerByte = 64
	// MaxLength is the length in bytes of the longest pattern that is compiled; one takes about 50 times its length in memory.
	MaxLength = 1 << 16
	// maxCaptures is Lua's own LUA_MAXCAPTURES.
	maxCaptures = 32
	// stepsPerPoll is how many steps pass between two looks at the context: less than a tenth of a millisecond.
	stepsPerPoll = 4096
)

// ErrTooComplex is the error of a search that used up its steps.
var ErrTooComplex = errors.New("pattern too complex for this text: it backtracks too much; " +
	`rewrite it with fewer repetitions, or use the "regex" library (RE2), which never backtracks`)

// A budget counts the steps of one search, or of one row of searches through the same subject.
type budget struct {
	steps int // taken so far
	due   int // the count at which to look at the context again
	limit int // the count at which to give up
}

func newBudget(src string) budget {
	return budget{limit: MaxSteps + StepsPerByte*len(src)}
}

// check returns an error if the search must stop. It is cheap enough to be called at every step.
func (b *budget) check(ctx context.Context) error {
	if b.steps < b.due {
		return nil
	}
	return b.poll(ctx)
}

func (b *budget) poll(ctx context.Context) error {
	if b.steps > b.limit {
		return ErrTooComplex
	}
	b.due = b.steps + stepsPerPoll
	return ctx.Err()
}
