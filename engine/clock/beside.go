package clock

import (
	"context"
	"time"
)

// Beside is a clock with a time of its own, for branches that also wait for something in another clock's time: a rehearsal in a simulated
// site, which does not wait for what it intends, and does wait for a tool that hangs. The other counts them too, or its time would pass while
// some of them run; one that sleeps here is none that runs there.
type Beside struct {
	Clock
	Other Clock
}

// Start counts one more running branch.
func (b Beside) Start() {
	b.Other.Start()
	b.Clock.Start()
}

// Stop counts one running branch less.
func (b Beside) Stop() {
	b.Clock.Stop()
	b.Other.Stop()
}

// Sleep waits on this clock.
func (b Beside) Sleep(ctx context.Context, d time.Duration) error {
	b.Other.Stop()
	defer b.Other.Start()
	return b.Clock.Sleep(ctx, d)
}
