// Package site is what is in the lab's cluster: the nodes, the service of the handbook, who may touch it, and what
// can be done to it, which is a scenario or ten thousand pods.
//
// It only ever acts as the lab's own stagehand, whom the audit log leaves out, so that the log shows what the
// lab's users did and nothing else.
//
// Read next: manifests, the cluster as it begins; scenario.go; bulk.go.
package site

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"runbook/examples/lab/manifest"
)

// What the manifests call things.
const (
	Namespace  = "photon-mlir"
	Deployment = "photon-compiler"
)

// lookEvery is the pause between two looks at something that is awaited.
const lookEvery = 50 * time.Millisecond

var (
	//go:embed manifests/cluster.yaml
	cluster []byte
	//go:embed manifests/access.yaml
	accessRules []byte
	//go:embed manifests/photon-mlir.yaml
	service []byte
	//go:embed manifests/bulk.yaml
	bulk []byte
)

// Apply sets up the site and returns when its nodes and its service are ready.
func Apply(ctx context.Context, access *rest.Config) error {
	applier, err := manifest.NewApplier(access)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(access)
	if err != nil {
		return fmt.Errorf("prepare to set up the site: %w", err)
	}
	for _, stream := range [][]byte{cluster, accessRules, service} {
		if err := applier.Apply(ctx, stream); err != nil {
			return err
		}
	}
	for _, awaited := range []condition{
		nodesReady(client),
		serviceAccountPresent(client, Namespace),
		deploymentReady(client),
	} {
		if err := awaited.wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// condition is something to wait for; look reports whether it holds and, for the error message, what was seen.
type condition struct {
	what string
	look func(context.Context) (holds bool, seen string)
}

func (c condition) wait(ctx context.Context) error {
	var seen string
	err := wait.PollUntilContextCancel(ctx, lookEvery, true, func(ctx context.Context) (bool, error) {
		var holds bool
		holds, seen = c.look(ctx)
		return holds, nil
	})
	if err != nil {
		return fmt.Errorf("wait until %s: %w; last seen: %s", c.what, err, seen)
	}
	return nil
}
