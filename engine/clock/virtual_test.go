package clock

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

func TestVirtualSleepJumps(t *testing.T) {
	v := NewVirtual(start)
	require.NoError(t, v.Sleep(t.Context(), 15*time.Minute))
	require.Equal(t, start.Add(15*time.Minute), v.Now())
}

// A branch that works while another sleeps keeps the time where it is.
func TestVirtualStandsStillWhileABranchRuns(t *testing.T) {
	v := NewVirtual(start)
	v.Start() // the second branch
	slept := make(chan time.Time)
	go func() {
		_ = v.Sleep(t.Context(), time.Minute)
		slept <- v.Now()
		v.Stop()
	}()
	select {
	case <-slept:
		t.Fatal("time moved while a branch was running")
	default:
	}
	require.Equal(t, start, v.Now())
	v.Stop() // the first branch waits for the second
	require.Equal(t, start.Add(time.Minute), <-slept)
}

func TestVirtualWakesInOrder(t *testing.T) {
	v := NewVirtual(start)
	var order []time.Duration
	done := make(chan struct{})
	durations := []time.Duration{3 * time.Second, time.Second, 2 * time.Second}
	for range durations {
		v.Start()
	}
	for _, d := range durations {
		go func() {
			_ = v.Sleep(t.Context(), d)
			order = append(order, d) // one branch runs at a time, because each wakes only when nothing runs
			v.Stop()
			done <- struct{}{}
		}()
	}
	v.Stop()
	for range durations {
		<-done
	}
	require.Equal(t, []time.Duration{time.Second, 2 * time.Second, 3 * time.Second}, order)
}

func TestVirtualSleepEndsWithItsContext(t *testing.T) {
	v := NewVirtual(start)
	v.Start() // keeps time still
	ctx, cancel := context.WithCancelCause(t.Context())
	failed := make(chan error)
	go func() { failed <- v.Sleep(ctx, time.Hour) }()
	cancel(context.DeadlineExceeded)
	require.ErrorIs(t, <-failed, context.DeadlineExceeded)
	require.Equal(t, start, v.Now())
}

func TestVirtualTimeoutEndsASleepBeyondIt(t *testing.T) {
	v := NewVirtual(start)
	ctx, cancel := v.WithTimeout(t.Context(), 5*time.Second)
	require.ErrorIs(t, v.Sleep(ctx, time.Hour), context.DeadlineExceeded)
	require.Equal(t, start.Add(5*time.Second), v.Now())
	cancel()
	cancel() // as a deferred one after a called one
	require.NoError(t, v.Sleep(t.Context(), time.Second))
	require.Equal(t, start.Add(6*time.Second), v.Now())
}

func TestVirtualTimeoutThatIsNotReached(t *testing.T) {
	v := NewVirtual(start)
	ctx, cancel := v.WithTimeout(t.Context(), 5*time.Second)
	require.NoError(t, v.Sleep(ctx, 4*time.Second))
	require.NoError(t, ctx.Err())
	cancel()
	require.NoError(t, v.Sleep(t.Context(), time.Minute))
	require.Equal(t, start.Add(time.Minute+4*time.Second), v.Now())
}

// What waits in the place of a branch, such as a server that works on its request, learns later that the branch gave up. Time stands
// still meanwhile: the branch runs.
func TestVirtualTimeStandsStillWhileABranchGivesUp(t *testing.T) {
	v := NewVirtual(start)
	ctx, cancel := v.WithTimeout(t.Context(), 5*time.Second)
	serves, gone := context.WithCancel(t.Context())
	ended := make(chan error)
	v.Start() // another branch, which sleeps longer
	other := make(chan error)
	go func() {
		other <- v.Sleep(t.Context(), time.Minute)
	}()
	go func() { ended <- v.Sleep(serves, time.Hour) }()
	<-ctx.Done()
	require.Equal(t, start.Add(5*time.Second), v.Now())
	gone()
	require.Error(t, <-ended)
	cancel()
	require.Equal(t, start.Add(5*time.Second), v.Now())
	require.NoError(t, v.Sleep(t.Context(), time.Second))
	require.Equal(t, start.Add(6*time.Second), v.Now())
	v.Stop()
	require.NoError(t, <-other)
	require.Equal(t, start.Add(time.Minute), v.Now())
}

func TestVirtualTimeDoesNotPassForATimeoutAlone(t *testing.T) {
	v := NewVirtual(start)
	ctx, cancel := v.WithTimeout(t.Context(), time.Second)
	defer cancel()
	v.Stop()
	require.NoError(t, ctx.Err())
	require.Equal(t, start, v.Now())
}
