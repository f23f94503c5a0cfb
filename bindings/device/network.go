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
)

// Network pings from this machine.
type Network struct{}

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
		return byTCP(ctx, address, q, "ICMP is not permitted here: "+err.Error())
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

// byTCP connects as often as was asked for. A connection that is refused is an answer.
func byTCP(ctx context.Context, address string, q Query, why string) (Echo, error) {
	ctx, cancel := context.WithTimeout(ctx, q.Timeout)
	defer cancel()
	echo := Echo{Method: TCP, Detail: why}
	last := ""
	for range q.Count {
		took, said, answered := connect(ctx, net.JoinHostPort(address, strconv.Itoa(q.Port)))
		echo.Sent, last = echo.Sent+1, said
		if answered {
			echo.add(took)
		}
		if ctx.Err() != nil {
			break
		}
	}
	echo.Detail = fmt.Sprintf("%s; port %d: %s", why, q.Port, last)
	return echo, nil
}

// connect makes one connection.
func connect(ctx context.Context, to string) (took time.Duration, said string, answered bool) {
	began := time.Now()
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", to)
	took = time.Since(began)
	switch {
	case err == nil:
		_ = c.Close() // it has told what it was made for
		return took, "open", true
	case errors.Is(err, syscall.ECONNREFUSED):
		return took, "refused, so the address answers", true
	}
	return took, err.Error(), false
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
