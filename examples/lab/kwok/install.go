package kwok

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/kwok/kustomize/crd"

	"runbook/examples/lab/manifest"
)

// Install teaches the API server the kind by which a pod gets a log of its own, and waits until it knows it.
func Install(ctx context.Context, access *rest.Config) error {
	applier, err := manifest.NewApplier(access)
	if err != nil {
		return err
	}
	if err := applier.Apply(ctx, crd.Logs); err != nil {
		return fmt.Errorf("teach the API server about kwok's Logs: %w", err)
	}
	return applier.WaitKind(ctx, schema.GroupKind{Group: "kwok.x-k8s.io", Kind: "Logs"})
}
