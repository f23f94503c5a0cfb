// Command lab runs a whole site on this machine's loopback, without root and without containers: a Kubernetes control
// plane, its metrics server, Prometheus, Alertmanager, an S3 store, devices behind an sshd, and an inbox for messages. It
// is where runbooks meet the servers they will meet in production, with records that prove what these were asked.
//
// It never listens beyond loopback, never touches a process it did not start or a folder that is not a lab's, and never
// runs a pod: kwok plays the kubelet, so nodes and pods are records that behave.
//
// Read next: command/lab.go, the parts of a lab; then supervisor, how they are started; then each part.
package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"

	"runbook/examples/lab/build"
	"runbook/examples/lab/command"
	"runbook/examples/lab/devicetool"
)

// The module files travel inside the program, so that it can build the pinned servers from any folder.
var (
	//go:embed go.mod
	goMod []byte
	//go:embed go.sum
	goSum []byte
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The vendors' tools of the rack are this program by other names. They have nothing to do with its command line.
	if slices.Contains(devicetool.Names(), filepath.Base(os.Args[0])) {
		os.Exit(devicetool.Main(ctx, os.Args))
	}
	if err := command.Root(build.Modules{Mod: goMod, Sum: goSum}).ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}
