// Command lab runs a real Kubernetes control plane on this machine's loopback, without root and without containers:
// etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok, all built from Go modules that go.mod pins.
// It is where runbooks meet the servers they will meet in production, with an audit log that proves what they sent.
//
// It never listens beyond loopback, never touches a process it did not start, and never runs a pod: kwok plays the
// kubelet, so nodes and pods are records that behave.
//
// Read next: command, one file per subcommand; then plane, how the servers are started; then site, what is in them.
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
