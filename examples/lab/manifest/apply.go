// Package manifest sends YAML manifests to the API server, by server-side apply as kubectl apply --server-side does.
// It never deletes anything.
package manifest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

const (
	fieldManager = "lab"
	lookEvery    = 50 * time.Millisecond
	documentSize = 4096 // how much is read to tell YAML from JSON
)

// Applier applies manifests to one API server.
type Applier struct {
	client dynamic.Interface
	kinds  *restmapper.DeferredDiscoveryRESTMapper
}

// NewApplier prepares to apply with that access; nothing is sent yet.
func NewApplier(access *rest.Config) (*Applier, error) {
	client, err := dynamic.NewForConfig(access)
	if err != nil {
		return nil, fmt.Errorf("prepare to apply manifests: %w", err)
	}
	kinds, err := discovery.NewDiscoveryClientForConfig(access)
	if err != nil {
		return nil, fmt.Errorf("prepare to apply manifests: %w", err)
	}
	return &Applier{client: client, kinds: restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(kinds))}, nil
}

// Apply applies every document of a YAML stream, in its order.
func (a *Applier) Apply(ctx context.Context, stream []byte) error {
	for decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(stream), documentSize); ; {
		var object unstructured.Unstructured
		err := decoder.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a manifest: %w", err)
		}
		if object.Object == nil { // a document of comments only
			continue
		}
		if err := a.applyOne(ctx, &object); err != nil {
			return fmt.Errorf("apply %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
}

func (a *Applier) applyOne(ctx context.Context, object *unstructured.Unstructured) error {
	kind := object.GroupVersionKind()
	mapping, err := a.kinds.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return err
	}
	// An empty namespace is what a cluster-wide object has.
	resource := a.client.Resource(mapping.Resource).Namespace(object.GetNamespace())
	_, err = resource.Apply(ctx, object.GetName(), object, metav1.ApplyOptions{FieldManager: fieldManager, Force: true})
	return err
}

// WaitKind returns when the API server serves a kind that was just defined.
func (a *Applier) WaitKind(ctx context.Context, kind schema.GroupKind) error {
	err := wait.PollUntilContextCancel(ctx, lookEvery, true, func(context.Context) (bool, error) {
		a.kinds.Reset()
		_, err := a.kinds.RESTMapping(kind)
		return err == nil, nil
	})
	if err != nil {
		return fmt.Errorf("wait until the API server serves %s: %w", kind, err)
	}
	return nil
}
