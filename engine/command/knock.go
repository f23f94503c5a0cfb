package command

import (
	"context"
	"time"
)

// A Knock is a try whether a port can be reached.
type Knock struct {
	Address string
	Port    int
	Count   int           // how often, one after the other
	Within  time.Duration // all of them
}

// A Knocker is a machine by way of which ports can be tried that may be in its network alone.
type Knocker interface {
	// Knock connects as often as it is told to, or until its time is up, and says nothing over a connection. Each try is told: how long it
	// took, and why there is no connection, which is syscall.ECONNREFUSED where something at that address refused it. The error says that
	// it could not be tried.
	Knock(ctx context.Context, k Knock, tell func(took time.Duration, failure error)) error
}
