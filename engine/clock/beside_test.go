package clock

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Two branches, one of which waits in its own time and one in the site's: neither holds up the other, and no time passes in the site while
// a branch runs.
func TestBranchesInTwoTimes(t *testing.T) {
	began := time.Unix(0, 0)
	site := NewVirtual(began)
	run := Beside{NewVirtual(began), site}
	var all sync.WaitGroup
	ready := make(chan struct{})
	run.Start()
	all.Go(func() {
		defer run.Stop()
		ctx, cancel := site.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		close(ready)
		require.ErrorIs(t, site.Sleep(ctx, time.Hour), context.DeadlineExceeded)
	})
	<-ready
	require.Equal(t, began, site.Now(), "this branch runs")
	require.NoError(t, run.Sleep(t.Context(), time.Hour))
	all.Wait()
	require.Equal(t, began.Add(time.Hour), run.Now())
	require.Equal(t, began.Add(time.Minute), site.Now())
	require.NoError(t, site.Sleep(t.Context(), time.Minute), "the last branch counts in both")
	require.NoError(t, run.Sleep(t.Context(), time.Minute))
}
