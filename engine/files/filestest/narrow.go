package filestest

import (
	"context"

	"runbook/engine/command"
)

// A narrow machine runs one command at a time, as a server does that refuses further connections.
type narrow struct {
	command.Runner
	seat chan struct{}
}

// Narrow is a machine on which one command runs at a time.
func Narrow(r command.Runner) command.Runner { return narrow{r, make(chan struct{}, 1)} }

func (n narrow) Run(ctx context.Context, argv []string, streams command.Streams) (int, error) {
	select {
	case n.seat <- struct{}{}:
		defer func() { <-n.seat }()
		return n.Runner.Run(ctx, argv, streams)
	case <-ctx.Done():
		return 0, command.NotBegun(ctx, argv)
	}
}
