// Package ports finds free loopback ports.
//
// It never promises that a port stays free: between the look and the server's own listen somebody may take it. The
// caller starts again with other ports when a server says so; see supervisor.
package ports

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports are drawn from below the range that Linux hands to outgoing connections, so that no client, of this lab or
// of another, takes one by chance.
const (
	first = 20000
	last  = 32000
	tries = 1000
)

// Free returns n different ports on which nothing listens.
func Free(n int) ([]int, error) {
	found := make([]int, 0, n)
	for range tries + 1 {
		if len(found) == n {
			return found, nil
		}
		port := first + rand.IntN(last-first)
		listener, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		// Held until all are found, so that none is drawn twice.
		defer listener.Close() //nolint:errcheck // a port that stays held is noticed by who wants it
		found = append(found, port)
	}
	return nil, fmt.Errorf("find %d free ports on 127.0.0.1 between %d and %d: only %d after %d tries; stop what holds them (ss -ltn lists it)",
		n, first, last, len(found), tries)
}
