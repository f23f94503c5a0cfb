//go:build unix

package ssh

import (
	"context"
	"net"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/command"
	"runbook/engine/command/ssh/sshtest"
)

// A server that lets in many over one connection is asked by many at once. Who finds the queue before that connection full waits, and
// neither takes it for lost nor ends what runs over it.
func TestManyOverOneConnection(t *testing.T) {
	s := sshtest.New(t, "MaxSessions 300")
	h := New(Config{Name: "rack-1", Destination: sshtest.Alias, ConfigFile: s.Config, Sessions: 100})
	t.Cleanup(func() { require.NoError(t, h.Close()) })
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			if code, err := h.Machine().Run(t.Context(), []string{"sleep", "0.1"}, command.Streams{}); err != nil || code != 0 {
				t.Errorf("ended with %d: %v", code, err)
			}
		})
	}
	all.Wait()
	require.LessOrEqual(t, s.Connections(t), 1+connectAtOnce)
}

func TestAFullQueueIsWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Close(fd) })
	require.NoError(t, syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}))
	require.NoError(t, syscall.Listen(fd, 0))
	var waiting []net.Conn
	full := func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		c, err := dial(ctx, path)
		if err == nil {
			waiting = append(waiting, c)
		}
		return err != nil
	}
	for range 10 {
		if full() {
			break
		}
	}
	require.True(t, full(), "somebody has to wait")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	came := make(chan error, 1)
	go func() {
		c, err := dial(ctx, path)
		if err == nil {
			err = c.Close()
		}
		came <- err
	}()
	taken, _, err := syscall.Accept(fd)
	require.NoError(t, err)
	require.NoError(t, syscall.Close(taken))
	require.NoError(t, <-came)
	for _, c := range waiting {
		require.NoError(t, c.Close())
	}
}
