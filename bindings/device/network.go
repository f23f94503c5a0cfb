package device

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"syscall"
	"time"

	probing "github.com/prometheus-community/pro-bing"

	"runbook/engine/command"
)

// Network pings from this machine.
type Network struct{}

// Command is none: it asks by itself.
func (Network) Command(string, Query) []string { return nil }

// interval is between two questions.
const interval = 200 * time.Millisecond

// Ping asks by ICMP: without privileges where the system lets everybody, then with those that there may be. Where neither is permitted it
// connects to a port.
func (Network) Ping(ctx context.Context, address string, q Query) (Echo, error) {
	echo, err := byICMP(ctx, address, q, false)
	if forbidden(err) {
		echo, err = byICMP(ctx, address, q, true)
	}
	if forbidden(err) {
		return byTCP(ctx, here{}, address, q, "ICMP is not permitted here: "+err.Error())
	}
	return echo, err
}

// forbidden tells whether the system does not let this process ask by ICMP.
func forbidden(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EPROTONOSUPPORT) ||
		errors.Is(err, syscall.EAFNOSUPPORT)
}

func byICMP(ctx context.Context, address string, q Query, privileged bool) (Echo, error) {
	resolved, err := resolve(ctx, address)
	if err != nil {
		return Echo{}, err
	}
	pinger := probing.New(address)
	pinger.SetIPAddr(resolved)
	pinger.SetPrivileged(privileged)
	pinger.SetLogger(probing.NoopLogger{})
	pinger.Count, pinger.Interval, pinger.Timeout = q.Count, interval, q.Timeout
	if err := pinger.RunWithContext(ctx); err != nil {
		return Echo{}, err
	}
	s := pinger.Statistics()
	return Echo{Method: ICMP, Sent: s.PacketsSent, Received: s.PacketsRecv, Least: s.MinRtt, Mean: s.AvgRtt, Most: s.MaxRtt}, nil
}

func resolve(ctx context.Context, address string) (*net.IPAddr, error) {
	found, err := net.DefaultResolver.LookupIPAddr(ctx, address)
	if err != nil {
		return nil, err
	}
	return &found[0], nil // a lookup without a result is an error
}

// here is this machine, as one that tries ports.
type here struct{}

// Knock is that of a command.Knocker.
func (here) Knock(ctx context.Context, k command.Knock, tell func(time.Duration, error)) error {
	within, cancel := context.WithTimeout(ctx, k.Within)
	defer cancel()
	for range k.Count {
		began := time.Now()
		c, err := (&net.Dialer{}).DialContext(within, "tcp", net.JoinHostPort(k.Address, strconv.Itoa(k.Port)))
		if err == nil {
			_ = c.Close() // it has told what it was made for
		}
		if tell(time.Since(began), err); within.Err() != nil {
			break
		}
	}
	return nil
}

// byTCP connects as often as was asked for, by way of a machine. A connection that is refused is an answer. why is why it is not by ICMP.
func byTCP(ctx context.Context, from command.Knocker, address string, q Query, why string) (Echo, error) {
	echo, last := Echo{Method: TCP}, ""
	err := from.Knock(ctx, command.Knock{Address: address, Port: q.Port, Count: q.Count, Within: q.Timeout}, func(took time.Duration, failure error) {
		echo.Sent++
		switch {
		case failure == nil:
			last = "open"
		case errors.Is(failure, syscall.ECONNREFUSED):
			last = "refused, so the address answers"
		default:
			last = failure.Error()
			return
		}
		echo.add(took)
	})
	if err != nil {
		return Echo{}, fmt.Errorf("%s, and %w", why, err)
	}
	echo.Detail = fmt.Sprintf("%s; port %d: %s", why, q.Port, last)
	return echo, nil
}

// add counts an answer.
func (e *Echo) add(took time.Duration) {
	if e.Received == 0 || took < e.Least {
		e.Least = took
	}
	e.Most = max(e.Most, took)
	e.Mean = (e.Mean*time.Duration(e.Received) + took) / time.Duration(e.Received+1)
	e.Received++
}
