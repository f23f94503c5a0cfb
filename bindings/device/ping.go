package device

import (
	"cmp"
	"context"
	"errors"
	"time"

	"runbook/engine/action"
	"runbook/engine/module"
)

// A Pinger finds out from a machine whether an address answers.
type Pinger interface {
	// Ping asks as often as that. Its error says that it could not be found out; an address that does not answer is an Echo.
	Ping(ctx context.Context, address string, q Query) (Echo, error)
	// Command is what it runs for that, nil if it runs nothing.
	Command(address string, q Query) []string
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
		Doc: `Asks the address of a device whether it answers, from the host that it is on, whose network may be the only one that it is in.

It asks by ICMP where that is permitted, on a host by the program ping, and else by a connection (TCP) to a port, which a host behind ssh
makes by the forwarding of its ssh server. A host that is a pod has its own ping, and no other way: without one that may be used that is
an error, and from names another host to ask from. method says which it was, so that nobody takes a closed port for a broken cable. Also a
connection that is refused is an answer: something at that address refused it. That a device does not answer is a result, and no error.
By way of a host a connection takes as long as the way there besides. What a dry run intends does not show here.`,
		Params: []module.Param{idParam, {Name: "options", Kind: module.Object, Doc: "how", Fields: []module.Param{
			{Name: "count", Kind: module.Integer, Default: int64(3), Min: module.Bound(1), Max: module.Bound(100), Doc: "how often to ask"},
			{Name: "port", Kind: module.Integer, Default: int64(22), Min: module.Bound(1), Max: module.Bound(65535), Doc: "for TCP: 22 if not given"},
			{Name: "timeout", Kind: module.Duration, Default: 5 * time.Second, Doc: "how long to wait for all of the answers"},
			{Name: "from", Kind: module.String, Doc: `another host from which to ask; "localhost" is the machine on which runbook itself runs`},
		}}},
		Returns: module.Result{
			Type: "{ reachable: boolean, method: string, from: string, address: string, sent: integer, received: integer, seconds?: { min: number, mean: number, max: number }, detail?: string }",
			Doc:  `whether it answered at all, from where, and how long that took; method is "icmp" or "tcp"`,
		},
		Errors: []action.Code{action.CodeUnavailable, action.CodeTimeout},
		Examples: []string{
			`local echo = device.ping("envise-2"); if not echo.reachable then log("no answer by " .. echo.method .. " from " .. echo.from) end`,
			`if not device.ping("envise-2", { from = "localhost" }).reachable then log("not in the network of this machine") end`,
		},
		Read: b.newPing,
	}
}

// A pingRead is one call of ping.
type pingRead struct {
	*unit
	from   string
	pinger Pinger
	query  Query
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
	p := pingRead{unit: u, from: cmp.Or(args.String("from"), u.On)}
	if p.pinger, err = b.Pingers.On(p.from); err != nil {
		return nil, err
	}
	count, _ := args.Int("count")
	port, _ := args.Int("port")
	p.query.Count, p.query.Port = int(count), int(port)
	p.query.Timeout, _ = args.Duration("timeout")
	return p, nil
}

func (p pingRead) Describe() action.Description {
	d := p.looking("ping")
	d.Permissions = p.b.Needs[p.from]
	if argv := p.pinger.Command(p.Address, p.query); argv != nil {
		d.Identity = []action.Arg{{Name: action.ArgvOn(p.from), Value: argv}}
	}
	return d
}

func (p pingRead) Read(ctx context.Context, _ action.View) (any, error) {
	echo, err := p.pinger.Ping(ctx, p.Address, p.query)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, p.failed(err)
	}
	out := map[string]any{
		"reachable": echo.Received > 0, "method": echo.Method, "from": p.from, "address": p.Address, "sent": int64(echo.Sent), "received": int64(echo.Received),
	}
	if echo.Received > 0 && echo.Most > 0 {
		out["seconds"] = map[string]any{"min": echo.Least.Seconds(), "mean": echo.Mean.Seconds(), "max": echo.Most.Seconds()}
	}
	if echo.Detail != "" {
		out["detail"] = echo.Detail
	}
	return out, nil
}

// failed is the error of an address of which nothing could be found out.
func (p pingRead) failed(err error) error {
	e := action.Errorf(action.CodeUnavailable, "cannot ping %s of the device %s from %s: %w", p.Address, p.ID, p.from, err).On(p.target())
	if own, ok := errors.AsType[*action.Error](err); ok {
		e.Code, e.Hint, e.Retryable = own.Code, own.Hint, own.Retryable
	}
	return e
}
