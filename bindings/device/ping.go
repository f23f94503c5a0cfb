package device

import (
	"context"
	"time"

	"runbook/engine/action"
	"runbook/engine/module"
)

// A Pinger finds out whether an address answers.
type Pinger interface {
	// Ping asks as often as that. Its error says that it could not be found out; an address that does not answer is an Echo.
	Ping(ctx context.Context, address string, q Query) (Echo, error)
}

// A Query is how to ask.
type Query struct {
	Count   int
	Port    int // for where ICMP is not permitted
	Timeout time.Duration
}

// How an address was asked.
const (
	ICMP = "icmp"
	TCP  = "tcp"
)

// An Echo is what came back.
type Echo struct {
	Method            string // ICMP or TCP
	Sent, Received    int
	Least, Mean, Most time.Duration // until the answer
	Detail            string        // of a connection by TCP: what came of it; why it was not ICMP
}

func (b *binding) pingFunc() module.Func {
	return module.Func{
		Name: "ping",
		Doc: `Asks the address of a device whether it answers, from the machine on which runbook itself runs.

It asks by ICMP where the system permits that, and else by a connection (TCP) to a port: method says which it was, so that nobody takes a
closed port for a broken cable. Also a connection that is refused is an answer: something at that address refused it. That a device does
not answer is a result, and no error. What a dry run intends does not show here.`,
		Params: []module.Param{idParam, {Name: "options", Kind: module.Object, Doc: "how", Fields: []module.Param{
			{Name: "count", Kind: module.Integer, Default: int64(3), Min: module.Bound(1), Max: module.Bound(100), Doc: "how often to ask"},
			{Name: "port", Kind: module.Integer, Default: int64(22), Min: module.Bound(1), Max: module.Bound(65535), Doc: "for TCP: 22 if not given"},
			{Name: "timeout", Kind: module.Duration, Default: 5 * time.Second, Doc: "how long to wait for all of the answers"},
		}}},
		Returns: module.Result{
			Type: "{ reachable: boolean, method: string, address: string, sent: integer, received: integer, seconds?: { min: number, mean: number, max: number }, detail?: string }",
			Doc:  `whether it answered at all, and how long that took; method is "icmp" or "tcp"`,
		},
		Errors:   []action.Code{action.CodeUnavailable},
		Examples: []string{`local echo = device.ping("envise-2"); if not echo.reachable then log("no answer by " .. echo.method) end`},
		Read:     b.newPing,
	}
}

// A pingRead is one call of ping.
type pingRead struct {
	*unit
	query Query
}

func (b *binding) newPing(args module.Args) (action.Read, error) {
	u, err := b.unit(args)
	if err != nil {
		return nil, err
	}
	if u.Address == "" {
		return nil, action.Errorf(action.CodeInvalid, "the device %s has no address", u.ID).On(u.target()).
			Try("the inventory in the site file says it (address)")
	}
	p := pingRead{unit: u}
	count, _ := args.Int("count")
	port, _ := args.Int("port")
	p.query.Count, p.query.Port = int(count), int(port)
	p.query.Timeout, _ = args.Duration("timeout")
	return p, nil
}

func (p pingRead) Describe() action.Description { return p.looking("ping") }

func (p pingRead) Read(ctx context.Context, _ action.View) (any, error) {
	echo, err := p.b.Pinger.Ping(ctx, p.Address, p.query)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, action.Errorf(action.CodeUnavailable, "cannot ping %s of the device %s: %w", p.Address, p.ID, err).On(p.target())
	}
	out := map[string]any{
		"reachable": echo.Received > 0, "method": echo.Method, "address": p.Address, "sent": int64(echo.Sent), "received": int64(echo.Received),
	}
	if echo.Received > 0 {
		out["seconds"] = map[string]any{"min": echo.Least.Seconds(), "mean": echo.Mean.Seconds(), "max": echo.Most.Seconds()}
	}
	if echo.Detail != "" {
		out["detail"] = echo.Detail
	}
	return out, nil
}
