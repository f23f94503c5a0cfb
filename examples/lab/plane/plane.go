// Package plane is the control plane of a lab: certificates, etcd, the API server, its controllers, the scheduler, kwok,
// and the cluster of the site in them.
//
// It never starts a process itself; supervisor does.
//
// Read next: components.go for each server's command line; credentials.go for who is who; then kwok and site.
package plane

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"runbook/examples/lab/build"
	"runbook/examples/lab/kwok"
	"runbook/examples/lab/layout"
	"runbook/examples/lab/process"
	"runbook/examples/lab/site"
	"runbook/examples/lab/supervisor"
)

//go:embed audit-policy.yaml
var auditPolicy []byte

// Plane is the control plane as a part of a lab.
type Plane struct{}

// Ports has a port for each server.
func (Plane) Ports() []string {
	return []string{build.Etcd, etcdPeers, build.APIServer, build.ControllerManager, build.Scheduler, build.Kwok}
}

// Prepare writes the certificates, the kubeconfigs, and what is configured in files.
func (Plane) Prepare(stage *supervisor.Stage) error {
	if err := writeCredentials(stage.Dir, servers{stage}.url(build.APIServer, "")); err != nil {
		return err
	}
	if err := os.WriteFile(stage.Dir.AuditPolicy(), auditPolicy, 0o600); err != nil {
		return fmt.Errorf("write the audit policy: %w", err)
	}
	if err := os.Symlink(stage.Program(build.Kubectl), filepath.Join(stage.Dir.Bin(), build.Kubectl)); err != nil {
		return fmt.Errorf("put kubectl into the lab: %w", err)
	}
	return kwok.Write(stage.Dir, stage.Now)
}

// Start brings up the servers and sets up the cluster.
func (Plane) Start(ctx context.Context, stage *supervisor.Stage) error {
	access, err := Stagehand(stage.Dir)
	if err != nil {
		return err
	}
	s := servers{stage}
	for _, command := range []process.Command{s.etcd(), s.apiServer()} {
		if err := s.Launch(ctx, Plane{}, command); err != nil {
			return err
		}
	}
	// kwok looks for its own kinds when it starts, so they come before it.
	if err := s.Watch(ctx, func(ctx context.Context) error { return kwok.Install(ctx, access) }); err != nil {
		return err
	}
	for _, command := range []process.Command{s.controllerManager(), s.scheduler(), s.kwok()} {
		if err := s.Launch(ctx, Plane{}, command); err != nil {
			return err
		}
	}
	s.Tell("setting up the site")
	return s.Watch(ctx, func(ctx context.Context) error { return site.Apply(ctx, access) })
}

// health is where each server tells whether it is ready.
var health = map[string]string{
	build.Etcd: "/readyz", build.APIServer: "/readyz",
	build.ControllerManager: "/healthz", build.Scheduler: "/healthz", build.Kwok: "/healthz",
}

// Ready asks a server as the stagehand, whom every component knows, and who trusts the lab's authority alone.
func (Plane) Ready(stage *supervisor.Stage, server string) (supervisor.Ready, error) {
	path, known := health[server]
	if !known {
		return nil, nil
	}
	access, err := Stagehand(stage.Dir)
	if err != nil {
		return nil, err
	}
	client, err := rest.HTTPClientFor(access)
	if err != nil {
		return nil, fmt.Errorf("prepare to ask %s whether it is ready: %w", server, err)
	}
	return supervisor.HTTPReady(client, servers{stage}.url(server, path)), nil
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
