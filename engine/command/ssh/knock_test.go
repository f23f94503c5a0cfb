//go:build unix

package ssh

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/command/ssh/sshtest"
)

// knocks are the failures of the tries, nil for one that came to a connection.
func knocks(t *testing.T, h *Host, k command.Knock) ([]error, error) {
	t.Helper()
	var out []error
	err := h.Knock(t.Context(), k, func(took time.Duration, failure error) {
		require.Positive(t, took)
		out = append(out, failure)
	})
	return out, err
}

func listening(t *testing.T) (port int, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().(*net.TCPAddr).Port, l.Close
}

// A port is open, or refuses, or is nowhere: told apart, by what the server of ssh says of it.
func TestKnockingAtAPort(t *testing.T) {
	h := to(t, sshtest.New(t))
	port, stop := listening(t)
	k := command.Knock{Address: "127.0.0.1", Port: port, Count: 3, Within: 5 * time.Second}
	got, err := knocks(t, h, k)
	require.NoError(t, err)
	require.Equal(t, []error{nil, nil, nil}, got)
	require.Zero(t, h.Way(), "it is no connection for commands")

	require.NoError(t, stop())
	got, err = knocks(t, h, k)
	require.NoError(t, err)
	require.Equal(t, []error{syscall.ECONNREFUSED, syscall.ECONNREFUSED, syscall.ECONNREFUSED}, got)

	k.Address, k.Count = "no-such-device.invalid", 1
	_, err = knocks(t, h, k)
	require.Equal(t, action.CodeUnavailable, action.CodeOf(err), "that it has no address is none of the device")
	require.ErrorContains(t, err, `the host rack-1 finds no address of "no-such-device.invalid"`)
}

// Where nothing answers the time is up, and that is an answer too.
func TestKnockingWhereNobodyAnswers(t *testing.T) {
	h := to(t, sshtest.New(t))
	k := command.Knock{Address: "127.0.0.1", Port: deaf(t), Count: 3, Within: time.Second}
	began := time.Now()
	got, err := knocks(t, h, k)
	require.NoError(t, err)
	require.Equal(t, []error{errNoAnswer}, got)
	require.Less(t, time.Since(began), 10*time.Second)
}

// deaf is a port of which the queue is full: who connects gets no answer.
func deaf(t *testing.T) int {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Close(fd) })
	require.NoError(t, syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	require.NoError(t, syscall.Listen(fd, 0))
	name, err := syscall.Getsockname(fd)
	require.NoError(t, err)
	port := name.(*syscall.SockaddrInet4).Port
	for range 5 {
		c, err := net.DialTimeout("tcp", (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}).String(), 100*time.Millisecond)
		if err != nil {
			return port
		}
		t.Cleanup(func() { _ = c.Close() })
	}
	t.Skip("this system's queues have no end")
	return 0
}

func TestAServerThatForwardsNothing(t *testing.T) {
	h := to(t, sshtest.New(t, "AllowTcpForwarding no"))
	port, _ := listening(t)
	_, err := knocks(t, h, command.Knock{Address: "127.0.0.1", Port: port, Count: 3, Within: 5 * time.Second})
	require.Equal(t, action.CodeUnavailable, action.CodeOf(err))
	require.ErrorContains(t, err, "cannot connect to anything from the host rack-1 by ssh: administratively prohibited")
	var e *action.Error
	require.ErrorAs(t, err, &e)
	require.Contains(t, e.Hint, "AllowTcpForwarding")
}

// Many at once are told apart, and not more connect at once than a server bears.
func TestKnockingAtManyPorts(t *testing.T) {
	h := to(t, sshtest.New(t))
	open, _ := listening(t)
	shut, stop := listening(t)
	require.NoError(t, stop())
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			k := command.Knock{Address: "127.0.0.1", Port: open, Count: 2, Within: 5 * time.Second}
			want := error(nil)
			if i%2 == 1 {
				k.Port, want = shut, syscall.ECONNREFUSED
			}
			err := h.Knock(t.Context(), k, func(_ time.Duration, failure error) {
				if !errors.Is(failure, want) {
					t.Errorf("port %d: %v", k.Port, failure)
				}
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestWhatSSHSaysOfAPort(t *testing.T) {
	r := newReasons()
	for _, part := range []string{"Welcome\r\nchannel 0: open fai", "led: connect failed: Connection refused\r\nchannel 1: open failed: connect failed: No route to host\n",
		"channel 2: open failed: administratively prohibited: open failed\n"} {
		n, err := r.Write([]byte(part))
		require.NoError(t, err)
		require.Equal(t, len(part), n)
	}
	failure, err := r.next("x")
	require.NoError(t, err)
	require.Equal(t, syscall.ECONNREFUSED, failure)
	failure, err = r.next("x")
	require.NoError(t, err)
	require.EqualError(t, failure, "No route to host")
	_, err = r.next("x")
	require.EqualError(t, err, "administratively prohibited: open failed")
	_, err = r.next("it says nothing")
	require.EqualError(t, err, "it says nothing")
}
