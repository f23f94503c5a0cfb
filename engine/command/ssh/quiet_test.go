//go:build unix

package ssh

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// What a login left running may talk for ever: it is not listened to for ever.
func TestALoginIsListenedToForAWhile(t *testing.T) {
	for name, c := range map[string]struct{ every, want time.Duration }{
		"silent":  {time.Hour, silence},
		"chatty":  {silence / 3, trailing},
		"at last": {silence * 2, silence},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				over := make(chan struct{}, 2)
				q := newQuiet(func() { over <- struct{}{} })
				time.Sleep(time.Hour) // while the command runs, nothing ends it
				require.Empty(t, over)
				began := time.Now()
				q.listen()
				talk := time.NewTicker(c.every)
				defer talk.Stop()
				for {
					select {
					case <-talk.C:
						_, err := q.over(io.Discard).Write([]byte("x"))
						require.NoError(t, err)
						continue
					case <-over:
					}
					break
				}
				require.Equal(t, c.want, time.Since(began))
				q.stop()
				time.Sleep(time.Hour)
				require.Empty(t, over)
			})
		})
	}
}
