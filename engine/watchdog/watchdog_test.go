package watchdog

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

// A dog is a watchdog in a bubble, where time is virtual and the heap is what the test says.
type dog struct {
	ctx   context.Context
	stop  func()
	began time.Time

	mu        sync.Mutex
	live, all int64
	killed    []*LimitError
	killedAt  time.Duration
}

func watching(ctx context.Context, limits Limits) *dog {
	d := &dog{began: time.Now()}
	d.ctx, d.stop = start(ctx, limits, d.heap, d.kill)
	return d
}

func (d *dog) heap() (live, all int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.live, d.all
}

func (d *dog) use(live, all int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.live, d.all = live, all
}

func (d *dog) kill(reached *LimitError) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.killed, d.killedAt = append(d.killed, reached), time.Since(d.began)
}

func (d *dog) kills() []*LimitError {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.killed
}

// at lets time pass up to that long after the beginning, and everything happen that is due then.
func (d *dog) at(after time.Duration) {
	time.Sleep(time.Until(d.began.Add(after))) // virtual
	synctest.Wait()
}

func (d *dog) reached(t *testing.T) *LimitError {
	t.Helper()
	var reached *LimitError
	require.ErrorAs(t, context.Cause(d.ctx), &reached)
	return reached
}

func TestTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := watching(t.Context(), Limits{Time: time.Minute})
		d.at(time.Minute - 1)
		require.NoError(t, d.ctx.Err())
		d.at(time.Minute)
		reached := d.reached(t)
		assert.False(t, reached.Memory)
		assert.EqualError(t, reached, "the run took longer than 1m0s")
		assert.Equal(t, action.CodeTimeout, action.CodeOf(reached))
		assert.Contains(t, reached.Failure.Hint, "--timeout")

		d.at(time.Minute + grace - 1)
		assert.Empty(t, d.kills(), "a run has some time to end by itself")
		d.at(time.Hour)
		assert.Equal(t, []*LimitError{reached}, d.kills())
		d.stop()
		assert.Equal(t, time.Minute+grace, d.killedAt)
	})
}

func TestARunThatEndsIsNotKilled(t *testing.T) {
	for name, end := range map[string]time.Duration{"before the limit": time.Second, "within the grace": time.Minute + grace/2} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := watching(t.Context(), Limits{Time: time.Minute, Memory: 100})
				d.at(end)
				cause := context.Cause(d.ctx)
				d.stop()
				if cause == nil {
					cause = context.Canceled
				}
				assert.Equal(t, cause, context.Cause(d.ctx), "a context that is no longer watched has ended, with the first reason")
				d.use(1000, 1000)
				d.at(time.Hour)
				assert.Empty(t, d.kills())
			})
		})
	}
}

func TestWithoutLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := watching(t.Context(), Limits{})
		d.use(1<<60, 1<<60)
		d.at(1000 * time.Hour)
		require.NoError(t, d.ctx.Err())
		d.stop()
		assert.Empty(t, d.kills())
	})
}

func TestMemory(t *testing.T) {
	const limit = 64 << 20
	for name, c := range map[string]struct {
		live, all int64
		over      bool
	}{
		"little":               {1, 2, false},
		"all that is allowed":  {limit, 2 * limit, false},
		"too much in use":      {limit + 1, limit + 1, true},
		"too much piled up":    {1, 2*limit + 1, true},
		"nothing is collected": {0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := watching(t.Context(), Limits{Time: time.Hour, Memory: limit})
				defer d.stop()
				d.at(time.Minute)
				require.NoError(t, d.ctx.Err())
				d.use(c.live, c.all)
				d.at(time.Minute + look)
				if !c.over {
					require.NoError(t, d.ctx.Err())
					return
				}
				reached := d.reached(t)
				assert.True(t, reached.Memory)
				assert.EqualError(t, reached, "the run used more than its 64 MiB of memory")
				assert.Contains(t, reached.Failure.Hint, "--memory")
				d.at(time.Minute + look + grace)
				assert.Equal(t, []*LimitError{reached}, d.kills())
			})
		})
	}
}

// An interrupted run that hangs is still ended by its limit; why it ended is what ended it first.
func TestAnInterruptDoesNotCallTheWatchdogOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		interrupted := errors.New("interrupted")
		ctx, interrupt := context.WithCancelCause(t.Context())
		d := watching(ctx, Limits{Time: time.Minute})
		defer d.stop()
		interrupt(interrupted)
		require.Equal(t, interrupted, context.Cause(d.ctx))
		d.at(time.Minute + grace)
		require.Len(t, d.kills(), 1)
		assert.Equal(t, interrupted, context.Cause(d.ctx))
	})
}

func TestWhatALimitIsCalled(t *testing.T) {
	for limit, want := range map[int64]string{
		1 << 20: "1.0 MiB", 100 << 20: "100 MiB", 1000 << 20: "1000 MiB", 1 << 30: "1.0 GiB", 3 << 29: "1.5 GiB",
	} {
		synctest.Test(t, func(t *testing.T) {
			d := watching(t.Context(), Limits{Memory: limit})
			defer d.stop()
			d.use(limit+1, limit+1)
			d.at(look)
			assert.EqualError(t, d.reached(t), "the run used more than its "+want+" of memory")
		})
	}
}

func TestHeapIsThatOfTheProcess(t *testing.T) {
	const size = 64 << 20
	before, _ := heap()
	ballast := make([]byte, size)
	runtime.GC()
	live, all := heap()
	assert.GreaterOrEqual(t, live, before+size/2)
	assert.GreaterOrEqual(t, all, int64(size))
	runtime.KeepAlive(ballast)
}

// The parts above are joined as they are in a run: the real heap is over any limit of a byte.
func TestWatch(t *testing.T) {
	runtime.GC()
	killed := make(chan *LimitError, 1)
	ctx, stop := Watch(t.Context(), Limits{Memory: 1}, func(reached *LimitError) { killed <- reached })
	defer stop()
	reached := <-killed
	assert.True(t, reached.Memory)
	assert.Equal(t, error(reached), context.Cause(ctx))
}
