// Command runbook runs operations handbooks that were written as Lua scripts.
//
// This package is the only place that wires things together: flags and environment to the engine, bindings to their
// configurations, records to files and screens. Each command is one small file. Read next: app.go for the wiring, run.go for the
// command that matters most.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// version is set when a release is built: -ldflags "-X main.version=v1.2.3".
var version = "dev"

func main() {
	postponeCollection()
	outliveReaders()
	os.Exit(execute(context.Background(), os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// outliveReaders keeps a reader that goes away from ending a run in the middle of an action: the screen drops what it cannot write. The signal
// is caught, and nobody looks: were it ignored, so would it be by every command that is run, and by all that these pipe into each other.
func outliveReaders() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }
