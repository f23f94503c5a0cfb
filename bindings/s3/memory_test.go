package s3

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMemory(t *testing.T) {
	m := newMemory()
	var held []*buffer
	for range mostHeld / partSize {
		b, err := m.take(t.Context(), partSize-1)
		require.NoError(t, err)
		require.Len(t, b.bytes, partSize-1)
		held = append(held, b)
	}
	over, stop := context.WithCancel(t.Context())
	stop()
	_, err := m.take(over, 1)
	require.ErrorIs(t, err, context.Canceled, "there is nothing left")
	for _, b := range held {
		b.give()
	}
	b, err := m.take(t.Context(), mostHeld+1)
	require.NoError(t, err, "a part that is larger than all is held alone")
	require.Len(t, b.bytes, mostHeld+1)
	_, err = m.take(over, 1)
	require.ErrorIs(t, err, context.Canceled)
	b.give()
	for range mostHeld / pooled {
		b, err = m.take(t.Context(), pooled)
		require.NoError(t, err, "what is small takes what it is, and no more")
	}
	require.Len(t, b.bytes, pooled)
	(*buffer)(nil).give()
}

// However much is transferred at once, no more is held than may be, and each gets its turn.
func TestASyncHoldsNoMoreThanItMay(t *testing.T) {
	const most = mostHeld / partSize
	d := drive(t, with(nil))
	texts := map[string]string{}
	for i := range 3 * most {
		texts[fmt.Sprintf("%02d", i)] = strings.Repeat("x", pooled+1)
	}
	folder := t.TempDir()
	write(t, folder, texts, later)
	var under, peak atomic.Int64
	all := make(chan struct{})
	once := sync.OnceFunc(func() { close(all) })
	next := d.server.Config.Handler
	d.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			n := under.Add(1)
			defer under.Add(-1)
			if n > peak.Load() {
				peak.Store(n)
			}
			if n == most {
				once()
			}
			<-all
		}
		next.ServeHTTP(w, r)
	})
	require.Equal(t, done(3*most, 3*most*(pooled+1), 0, 0), d.do("sync", folder, "s3://box", opts("at_once", float64(mostAtOnce))))
	require.EqualValues(t, most, peak.Load())
}
