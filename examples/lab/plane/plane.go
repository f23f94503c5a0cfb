// Package plane starts the control plane of a lab and stops it: certificates, ports, the servers in their order, and
// the wait until each is really ready.
//
// It never leaves a server running after a failed start, and never signals a process that it did not start.
//
// Read next: up.go and down.go; components.go for each server's command line; credentials.go for who is who.
package plane

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"runbook/examples/lab/layout"
	"runbook/examples/lab/lock"
)

//go:embed audit-policy.yaml
var auditPolicy []byte

// Plane is the control plane of the lab in Dir.
type Plane struct {
	Dir  layout.Dir
	Path func(component string) string // where each component's program is
	Out  io.Writer                     // where progress is told
}

// Stagehand returns the access with which the lab itself sets up the site, and which its audit log leaves out.
func Stagehand(dir layout.Dir) (*rest.Config, error) {
	file := dir.ComponentKubeconfig(stagehand)
	if _, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("find the lab in %s: none was started there; start one with: lab up --dir %s", dir, dir)
	}
	config, err := clientcmd.BuildConfigFromFlags("", file)
	if err != nil {
		return nil, fmt.Errorf("read the lab's own access: %w", err)
	}
	// The lab sets up one site on its own server: there is nobody to be polite to.
	config.QPS, config.Burst = 5000, 5000
	return config, nil
}

// hold keeps two commands from starting or stopping one lab at the same time.
func (p Plane) hold(ctx context.Context) (release func(), err error) {
	if err := os.MkdirAll(string(p.Dir), 0o700); err != nil {
		return nil, fmt.Errorf("make the lab's folder: %w", err)
	}
	return lock.Wait(ctx, p.Dir.Lock(), func() {
		fmt.Fprintln(p.Out, "another command is at work in", p.Dir, "and is waited for")
	})
}

// discard removes what only a running lab needs. The logs stay, for whoever wants to know what happened.
func discard(dir layout.Dir) error {
	for _, path := range []string{dir.Kubeconfig(), dir.PKI(), dir.Config(), dir.EtcdData(), dir.Pods(), dir.State()} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove what the lab left in %s: %w", dir, err)
		}
	}
	return nil
}

// discardLogs empties the logs of an earlier lab in the same folder.
func discardLogs(dir layout.Dir) error {
	for _, path := range []string{dir.AuditLog(), dir.Logs()} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove the logs of the lab before in %s: %w", dir, err)
		}
	}
	return nil
}
