//go:build unix

package ssh

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// What a login printed may come late, and again and again: it is listened to for as long as it comes.
func TestALoginIsListenedToForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := make(chan struct{}, 2)
		q := newQuiet(func() { over <- struct{}{} })
		time.Sleep(time.Hour) // while the command runs, nothing ends it
		require.Empty(t, over)
		q.listen()
		for range 10 {
			time.Sleep(silence - 1)
			require.Empty(t, over)
			_, err := q.over(writer(func([]byte) { time.Sleep(time.Hour) })).Write([]byte("x"))
			require.NoError(t, err, "who is slow to take it holds nothing up")
		}
		began := time.Now()
		<-over
		require.Equal(t, silence, time.Since(began))
		q.stop()
		time.Sleep(time.Hour)
		require.Empty(t, over)
	})
}
