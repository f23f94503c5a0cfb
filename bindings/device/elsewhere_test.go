package device

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/module"
)

// A told machine says the same to every command.
type told struct {
	stdout, stderr string
	code           int
	err            error
	ran            [][]string
}

func (*told) Machine(context.Context) (string, error)      { return "told", nil }
func (*told) Find(context.Context, string) (string, error) { return "", nil }

func (m *told) Run(_ context.Context, argv []string, to command.Streams) (int, error) {
	m.ran = append(m.ran, argv)
	_, _ = io.WriteString(to.Stdout, m.stdout)
	_, _ = io.WriteString(to.Stderr, m.stderr)
	return m.code, m.err
}

// A refuser is a network in which everything is refused.
type refuser struct{}

func (refuser) Knock(_ context.Context, k command.Knock, tell func(time.Duration, error)) error {
	for range k.Count {
		tell(time.Millisecond, syscall.ECONNREFUSED)
	}
	return nil
}

// prohibited is a server that connects nobody.
type prohibited struct{}

func (prohibited) Knock(context.Context, command.Knock, func(time.Duration, error)) error {
	return action.Errorf(action.CodeForbidden, "no forwarding")
}

func from(m *told, k command.Knocker) Elsewhere {
	return Elsewhere{Name: "rack-1", Runner: m, Knocker: k, Clean: module.Openly{}}
}

// What the pings of systems print, in other languages too.
func TestWhatAPingSays(t *testing.T) {
	ms := time.Millisecond
	for text, want := range map[string]Echo{
		"PING 10.0.0.7 (10.0.0.7) 56(84) bytes of data.\n\n--- 10.0.0.7 ping statistics ---\n3 packets transmitted, 3 received, 0% packet loss, time 2003ms\nrtt min/avg/max/mdev = 1.000/2.000/4.500/0.009 ms\n":   {ICMP, 3, 3, ms, 2 * ms, 4500 * time.Microsecond, ""},
		"PING 10.0.0.7 (10.0.0.7): 56 data bytes\n\n--- 10.0.0.7 ping statistics ---\n3 packets transmitted, 2 packets received, 33% packet loss\nround-trip min/avg/max = 1.000/2.000/3.000 ms\n":                  {ICMP, 3, 2, ms, 2 * ms, 3 * ms, ""},
		"PING 10.0.0.7 (10.0.0.7) 56(84) bytes of data.\n\n--- 10.0.0.7 ping statistics ---\n5 packets transmitted, 0 received, +3 errors, 100% packet loss, time 4086ms\npipe 4\n":                                 {ICMP, 5, 0, 0, 0, 0, ""},
		"PING 10.0.0.7 (10.0.0.7) 56(84) Bytes an Daten.\n\n--- 10.0.0.7 ping-Statistiken ---\n3 Pakete übertragen, 3 empfangen, 0% Paketverlust, Zeit 2003ms\nrtt min/avg/max/mdev = 1.000/2.000/3.000/0.100 ms\n": {ICMP, 3, 3, ms, 2 * ms, 3 * ms, ""},
		"--- 10.0.0.7 ping 統計 ---\n送信パケット数 3, 受信パケット数 2, 33.3333% packet loss, time 2003ms\n":                                                                                                                       {ICMP, 3, 2, 0, 0, 0, ""},
		"2 packets transmitted, 1 received, +1 duplicates, 50% packet loss, time 1001ms\nrtt min/avg/max/mdev = 1.000/2.000/3.000/0.100 ms, pipe 2\n":                                                               {ICMP, 2, 1, ms, 2 * ms, 3 * ms, ""},
	} {
		echo, told := readPing(text)
		require.True(t, told, text)
		assert.Equal(t, want, echo, text)
	}
	for _, text := range []string{"", "PING fe80::1%eth0 (fe80::1%eth0) 56 data bytes\n", "no answer, 100% loss", "99999999999999999999 sent, 0 received, 100% lost"} {
		_, told := readPing(text)
		assert.False(t, told, text)
	}
}

func FuzzReadPing(f *testing.F) {
	f.Add("3 packets transmitted, 3 received, 0% packet loss\nrtt = 1/2/3 ms")
	f.Add("3,3%\n= ./././. ms")
	f.Fuzz(func(t *testing.T, text string) {
		if echo, told := readPing(text); told {
			require.GreaterOrEqual(t, echo.Sent, 0)
			require.GreaterOrEqual(t, echo.Received, 0)
		}
	})
}

// What becomes of a ping that does not say what came back: where it may not, a port is tried; where it is about the address, that is the error.
func TestAPingThatSaysSomethingElse(t *testing.T) {
	q := Query{Count: 2, Port: 22, Timeout: 1500 * time.Millisecond}
	for complaint, detail := range map[string]string{
		"ping: socktype: SOCK_RAW\nping: socket: Operation not permitted\n": "", "ping: permission denied (are you root?)\n": "ICMP is not permitted there: ping: permission denied (are you root?); port 22: refused, so the address answers",
		"ping: Lacking privilege for icmp socket.\n": "", "ping: invalid option -- 'w'\nUsage: ping …\n": "", "usage: ping [-AaDdfnoQqRrv]": "",
	} {
		m := &told{stderr: complaint, code: 2}
		echo, err := from(m, refuser{}).Ping(t.Context(), "10.0.0.7", q)
		require.NoError(t, err, complaint)
		require.Equal(t, []string{"ping", "-n", "-q", "-c", "2", "-w", "2", "10.0.0.7"}, m.ran[0])
		require.True(t, Pings.Match(m.ran[0]))
		require.Equal(t, TCP, echo.Method)
		require.Equal(t, 2, echo.Received)
		if detail != "" {
			require.Equal(t, detail, echo.Detail)
		}
	}
	for _, complaint := range []string{"ping: connect: Network is unreachable\n", "ping: bad address 'x'\n", "ping: x: Name or service not known\n", ""} {
		_, err := from(&told{stderr: complaint, code: 2}, refuser{}).Ping(t.Context(), "10.0.0.7", q)
		require.ErrorContains(t, err, "with exit code 2", complaint)
	}
	missing := command.Missing([]string{"ping"}, "rack-1", "install it")
	echo, err := from(&told{err: missing}, refuser{}).Ping(t.Context(), "10.0.0.7", q)
	require.NoError(t, err)
	require.Equal(t, TCP, echo.Method)
	require.Equal(t, "cannot run ping: there is no such program on rack-1; port 22: refused, so the address answers", echo.Detail)
	_, err = from(&told{err: missing}, prohibited{}).Ping(t.Context(), "10.0.0.7", q)
	require.EqualError(t, err, "cannot run ping: there is no such program on rack-1, and no forwarding")
	require.Equal(t, action.CodeForbidden, action.CodeOf(err))
	_, err = from(&told{err: missing}, nil).Ping(t.Context(), "10.0.0.7", q)
	require.EqualError(t, err, "cannot run ping: there is no such program on rack-1, and a pod has no other way to ask an address")
	require.Equal(t, action.CodeNotFound, action.CodeOf(err))
	own, _ := errors.AsType[*action.Error](err)
	require.Contains(t, own.Hint, `from = "localhost"`)
	_, err = from(&told{stderr: "ping: permission denied (are you root?)\n", code: 1}, nil).Ping(t.Context(), "10.0.0.7", q)
	require.EqualError(t, err, `its ping says "ping: permission denied (are you root?)", and a pod has no other way to ask an address`)
	own = action.Errorf(action.CodeNotFound, "cannot reach the host rack-1: there is no machine of that name")
	_, err = from(&told{err: own}, refuser{}).Ping(t.Context(), "10.0.0.7", q)
	require.Equal(t, own, err, "that is not said of its program")
	own = action.Errorf(action.CodeUnauth, "cannot reach the host rack-1").Try("ssh-add")
	_, err = from(&told{err: own}, refuser{}).Ping(t.Context(), "10.0.0.7", q)
	require.Equal(t, own, err, "the way there is what is wrong, and no port is tried by it")
	_, err = from(&told{err: &command.Lost{Cause: os.ErrClosed}}, refuser{}).Ping(t.Context(), "10.0.0.7", q)
	require.Equal(t, action.CodeUnavailable, action.CodeOf(err))
	_, err = from(&told{err: &command.Cut{Cause: context.DeadlineExceeded}}, refuser{}).Ping(t.Context(), "10.0.0.7", q)
	require.Equal(t, action.CodeTimeout, action.CodeOf(err))
}

// A script is told from where a device was asked, and can say it.
func TestPingFrom(t *testing.T) {
	s := inAWorld(t, nil)
	got := s.read(t, "ping", "envise-1").(map[string]any)
	require.Equal(t, "rack-1", got["from"])
	got = s.read(t, "ping", "envise-1", map[string]any{"from": "localhost"}).(map[string]any)
	require.Equal(t, "localhost", got["from"])
	require.Contains(t, s.fails(t, "ping", "envise-1", map[string]any{"from": "rack-9"}).Message, `the site has no host "rack-9"; did you mean "rack-1"?`)
	r, err := s.reading(t, "ping", "envise-1")
	require.NoError(t, err)
	require.Equal(t, []action.Arg{{Name: "argv on rack-1", Value: []string{"ping", "-n", "-q", "-c", "3", "-w", "5", "127.0.0.1"}}}, r.Describe().Identity)
}

// barred is a machine to which the way is barred.
type barred struct{ noPinger }

func (barred) Ping(context.Context, string, Query) (Echo, error) {
	return Echo{}, action.Errorf(action.CodeUnauth, "cannot reach the host rack-1").Try("ssh-add").Again()
}

// What is wrong with the way to a host is told as what it is, and what that way takes is known beforehand.
func TestPingByAWayThatIsBarred(t *testing.T) {
	s := inAWorld(t, nil)
	needs := []action.Permission{{Verb: "create", Resource: "pods/exec"}}
	s.cfg.Pingers.Local, s.cfg.Needs = barred{}, map[string][]action.Permission{"localhost": needs}
	e := s.fails(t, "ping", "envise-1", map[string]any{"from": "localhost"})
	require.Equal(t, "cannot ping 127.0.0.1 of the device envise-1 from localhost: cannot reach the host rack-1", e.Message)
	require.Equal(t, []any{action.CodeUnauth, "ssh-add", true}, []any{e.Code, e.Hint, e.Retryable})
	r, err := s.reading(t, "ping", "envise-1", map[string]any{"from": "localhost"})
	require.NoError(t, err)
	require.Equal(t, needs, r.Describe().Permissions)
}
