// Package metrics is how much the pods and nodes of a lab use, as kubectl top shows it: a real metrics server, and the
// API server's way to it.
//
// It never makes up a number itself. kwok says what a container uses, in place of the kubelet; the metrics server reads
// that, as it would in production, and needs two looks before it says anything.
//
// Read next: manifests, what the metrics server may do; then usage.yaml in package kwok, for the numbers.
package metrics

import (
	"context"
	_ "embed"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"

	"k8s.io/client-go/rest"

	"runbook/examples/lab/build"
	"runbook/examples/lab/manifest"
	"runbook/examples/lab/plane"
	"runbook/examples/lab/process"
	"runbook/examples/lab/site"
	"runbook/examples/lab/supervisor"
)

var (
	//go:embed manifests/access.yaml
	accessRules []byte
	//go:embed manifests/apiservice.yaml
	apiService string
)

// Server is the metrics server as a part of a lab.
type Server struct{}

// Ports has the metrics server's.
func (Server) Ports() []string { return []string{build.MetricsServer} }

// Prepare has nothing to write: the control plane makes the kubeconfigs and certificates of all its servers.
func (Server) Prepare(*supervisor.Stage) error { return nil }

// Start brings up the metrics server, and returns when it has measured the site.
func (Server) Start(ctx context.Context, stage *supervisor.Stage) error {
	access, err := plane.Stagehand(stage.Dir)
	if err != nil {
		return err
	}
	client, err := rest.HTTPClientFor(access)
	if err != nil {
		return fmt.Errorf("prepare to ask kwok what pods use: %w", err)
	}
	applier, err := manifest.NewApplier(access)
	if err != nil {
		return err
	}
	// It ends at once where it may not read how the API server knows its callers.
	if err := applier.Apply(ctx, accessRules); err != nil {
		return err
	}
	kubelet, err := newKubelet(stage, access, client)
	if err != nil {
		return err
	}
	if err := stage.Watch(ctx, supervisor.Ready(kubelet.ready).Wait); err != nil {
		return err
	}
	if err := stage.Launch(ctx, Server{}, command(stage)); err != nil {
		return err
	}
	return stage.Watch(ctx, func(ctx context.Context) error { return serve(ctx, stage, access, applier) })
}

// Ready is that it answers; whether it has measured anything is another matter.
func (Server) Ready(stage *supervisor.Stage, server string) (supervisor.Ready, error) {
	if server != build.MetricsServer {
		return nil, nil
	}
	access, err := plane.Stagehand(stage.Dir)
	if err != nil {
		return nil, err
	}
	client, err := rest.HTTPClientFor(access)
	if err != nil {
		return nil, fmt.Errorf("prepare to ask the metrics server whether it is ready: %w", err)
	}
	return supervisor.HTTPReady(client, "https://"+stage.Address(server)+"/livez"), nil
}

// serve makes the metrics server part of the API, and waits until the API has measurements.
func serve(ctx context.Context, stage *supervisor.Stage, access *rest.Config, applier *manifest.Applier) error {
	authority, err := os.ReadFile(stage.Dir.Authority())
	if err != nil {
		return fmt.Errorf("read the authority that the metrics server's certificate is from: %w", err)
	}
	if err := applier.Apply(ctx, registration(stage.Port(build.MetricsServer), authority)); err != nil {
		return err
	}
	stage.Tell("waiting until the pods are measured, which takes two looks at them")
	return site.AwaitUsage(ctx, access)
}

// registration is the manifest that sends the API server to that port, to a server of that authority.
func registration(port int, authority []byte) []byte {
	known := strings.NewReplacer("LAB_PORT", strconv.Itoa(port), "LAB_CA", base64.StdEncoding.EncodeToString(authority))
	return []byte(known.Replace(apiService))
}

func command(stage *supervisor.Stage) process.Command {
	config := stage.Dir.ComponentKubeconfig(build.MetricsServer)
	return stage.Command(build.MetricsServer,
		"--bind-address="+supervisor.Loopback,
		fmt.Sprintf("--secure-port=%d", stage.Port(build.MetricsServer)),
		"--tls-cert-file="+stage.Dir.Serving(),
		"--tls-private-key-file="+stage.Dir.ServingKey(),
		"--kubeconfig="+config,
		"--authentication-kubeconfig="+config,
		"--authorization-kubeconfig="+config,
		"--kubelet-certificate-authority="+stage.Dir.Authority(),
		"--kubelet-client-certificate="+stage.Dir.KubeletClient(),
		"--kubelet-client-key="+stage.Dir.KubeletClientKey(),
		"--kubelet-preferred-address-types=InternalIP",
		"--kubelet-use-node-status-port",
		"--node-selector=!"+site.UnmeasuredLabel,
		// The shortest that it allows: half of this is how old a number is on average.
		"--metric-resolution=10s",
		"--kubelet-request-timeout=5s",
		"--profiling=false",
	)
}
