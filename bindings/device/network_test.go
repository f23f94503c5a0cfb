package device

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var soon = Query{Count: 2, Timeout: 2 * time.Second}

func TestPingOfThisMachine(t *testing.T) {
	echo, err := Network{}.Ping(t.Context(), "127.0.0.1", soon)
	require.NoError(t, err)
	require.Contains(t, []string{ICMP, TCP}, echo.Method)
	require.Equal(t, 2, echo.Sent)
	require.Equal(t, 2, echo.Received)
	require.LessOrEqual(t, echo.Least, echo.Mean)
	require.LessOrEqual(t, echo.Mean, echo.Most)
	if echo.Method == ICMP {
		require.Empty(t, echo.Detail)
	}
}

// Where ICMP is not permitted a port is asked, and the answer says so: an open one, and one that refuses.
func TestPingByTCP(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := listener.Addr().(*net.TCPAddr).Port
	q := soon
	q.Port = port
	echo, err := byTCP(t.Context(), here{}, "127.0.0.1", q, "not permitted")
	require.NoError(t, err)
	require.Equal(t, TCP, echo.Method)
	require.Equal(t, 2, echo.Received)
	require.Equal(t, fmt.Sprintf("not permitted; port %d: open", port), echo.Detail)
	require.NoError(t, listener.Close())
	echo, err = byTCP(t.Context(), here{}, "127.0.0.1", q, "not permitted")
	require.NoError(t, err)
	require.Equal(t, 2, echo.Received, "something at that address refused it")
	require.Equal(t, fmt.Sprintf("not permitted; port %d: refused, so the address answers", port), echo.Detail)
}

func TestWhatIsNotPermitted(t *testing.T) {
	for err, not := range map[error]bool{
		syscall.EPERM: true, syscall.EACCES: true, syscall.EPROTONOSUPPORT: true, fs.ErrPermission: true,
		&net.OpError{Err: os.NewSyscallError("socket", syscall.EPERM)}: true,
		syscall.ENETUNREACH: false, syscall.EHOSTUNREACH: false, errors.New("no such host"): false,
	} {
		require.Equal(t, not, forbidden(err), err)
	}
	require.False(t, forbidden(nil))
}

func TestPingOfWhatIsNowhere(t *testing.T) {
	_, err := Network{}.Ping(t.Context(), "no-such-host.invalid", soon)
	require.Error(t, err, "that it has no address is none of the device")
}

// What a script gets of an echo.
func TestPingTellsTheWays(t *testing.T) {
	s := inAWorld(t, nil)
	require.Equal(t, map[string]any{"reachable": false, "method": "icmp", "from": "localhost", "address": "127.0.0.1", "sent": int64(3), "received": int64(0)},
		s.read(t, "ping", "envise-1", map[string]any{"from": "localhost"}))
	s.cfg.Inventory[0].Address = ""
	require.Equal(t, "the device envise-1 has no address", s.fails(t, "ping", "envise-1").Message)
}
