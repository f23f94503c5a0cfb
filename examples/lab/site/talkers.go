package site

import (
	"bytes"
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"runbook/examples/lab/manifest"
)

// Talkers are pods with long logs, as a benchmark needs them: one for each log.
type Talkers struct {
	Namespace string
	Logs      []string // paths
}

// talkerLabel is what the pods have in common.
const talkerLabel = "app=talker"

// Create makes the pods, and waits until their logs can be read.
func (t Talkers) Create(ctx context.Context, access *rest.Config) error {
	client, err := kubernetes.NewForConfig(access)
	if err != nil {
		return fmt.Errorf("prepare to create pods: %w", err)
	}
	if err := (Bulk{Namespace: t.Namespace}).makeNamespace(ctx, client); err != nil {
		return err
	}
	applier, err := manifest.NewApplier(access)
	if err != nil {
		return err
	}
	if err := applier.Apply(ctx, t.manifests()); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, namespaceTimeout)
	defer cancel()
	return t.talking(client).wait(ctx)
}

func (t Talkers) manifests() []byte {
	var out bytes.Buffer
	for i, path := range t.Logs {
		fmt.Fprintf(&out, `---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Logs
metadata: {name: talker-%[1]d, namespace: %[2]s}
spec:
  logs:
    - logsFile: %[3]q
---
apiVersion: v1
kind: Pod
metadata: {name: talker-%[1]d, namespace: %[2]s, labels: {app: talker}}
spec:
  containers: [{name: talker, image: "talker:1"}]
`, i, t.Namespace, path)
	}
	return out.Bytes()
}

func (t Talkers) talking(client kubernetes.Interface) condition {
	return condition{"every pod with a long log runs", func(ctx context.Context) (bool, string) {
		pods, err := client.CoreV1().Pods(t.Namespace).List(ctx, metav1.ListOptions{LabelSelector: talkerLabel, FieldSelector: "status.phase=Running"})
		if err != nil {
			return false, err.Error()
		}
		return len(pods.Items) >= len(t.Logs), fmt.Sprintf("%d of %d run", len(pods.Items), len(t.Logs))
	}}
}
