package site

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"runbook/examples/lab/manifest"
)

const (
	creators         = 16   // at a time: enough to keep the API server busy, few enough for others to get through
	tellEvery        = 1000 // pods
	namespaceTimeout = 30 * time.Second
)

// UnmeasuredLabel marks the nodes that the metrics server leaves out: those of the bulk pods.
const UnmeasuredLabel = "lab.runbook/unmeasured"

// Bulk is many pods in one namespace, as a benchmark needs them.
type Bulk struct {
	Count     int
	Namespace string
}

// Create makes the pods that are missing, all of them running. It says on out how far it is.
func (b Bulk) Create(ctx context.Context, access *rest.Config, out io.Writer) error {
	access = rest.CopyConfig(access)
	access.ContentType = runtime.ContentTypeProtobuf // half the server's work of JSON
	client, err := kubernetes.NewForConfig(access)
	if err != nil {
		return fmt.Errorf("prepare to create pods: %w", err)
	}
	if err := b.makeNamespace(ctx, client); err != nil {
		return err
	}
	nodes, err := bulkNodes(ctx, access, client)
	if err != nil {
		return err
	}
	there, err := b.running(ctx, client)
	if err != nil {
		return err
	}
	var made atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(creators)
	for i := range b.Count {
		node := nodes[i%len(nodes)]
		want := benchPod(i, node)
		if there[want.Name] {
			continue
		}
		group.Go(func() error {
			err := b.createOne(ctx, client, i, want)
			if n := made.Add(1); err == nil && n%tellEvery == 0 {
				fmt.Fprintf(out, "%d pods made\n", n)
			}
			return err
		})
	}
	return group.Wait()
}

// bulkNodes makes the nodes that run the pods, and returns them.
func bulkNodes(ctx context.Context, access *rest.Config, client kubernetes.Interface) ([]corev1.Node, error) {
	applier, err := manifest.NewApplier(access)
	if err != nil {
		return nil, err
	}
	if err := applier.Apply(ctx, bulk); err != nil {
		return nil, err
	}
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: UnmeasuredLabel})
	if err != nil {
		return nil, fmt.Errorf("list the nodes that are to run the pods: %w", err)
	}
	return nodes.Items, nil
}

func (b Bulk) makeNamespace(ctx context.Context, client kubernetes.Interface) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: b.Namespace}}
	_, err := client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create namespace %s: %w", b.Namespace, err)
	}
	ctx, cancel := context.WithTimeout(ctx, namespaceTimeout)
	defer cancel()
	return serviceAccountPresent(client, b.Namespace).wait(ctx)
}

// running are the names of the pods that are there already, so that a second benchmark in one lab begins at once.
func (b Bulk) running(ctx context.Context, client kubernetes.Interface) (map[string]bool, error) {
	pods, err := client.CoreV1().Pods(b.Namespace).List(ctx, metav1.ListOptions{
		LabelSelector: BulkLabel, FieldSelector: "status.phase=" + string(corev1.PodRunning),
	})
	if err != nil {
		return nil, fmt.Errorf("list the pods of namespace %s: %w", b.Namespace, err)
	}
	names := map[string]bool{}
	for i := range pods.Items {
		names[pods.Items[i].Name] = true
	}
	return names, nil
}

// createOne creates the i-th pod and reports it running, which is what a kubelet would do.
func (b Bulk) createOne(ctx context.Context, client kubernetes.Interface, i int, want *corev1.Pod) error {
	pods := client.CoreV1().Pods(b.Namespace)
	pod, err := pods.Create(ctx, want, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		// An earlier run was interrupted, or was for fewer: what it made counts.
		pod, err = pods.Get(ctx, want.Name, metav1.GetOptions{})
	}
	if err != nil {
		return fmt.Errorf("create pod %s/%s: %w", b.Namespace, want.Name, err)
	}
	if pod.Status.Phase == corev1.PodRunning {
		return nil
	}
	pod.Status = benchStatus(i, pod)
	pod.ResourceVersion = "" // kwok reports the pod as well, and whoever comes last is right
	if _, err := pods.UpdateStatus(ctx, pod, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("report pod %s/%s running: %w", b.Namespace, pod.Name, err)
	}
	return nil
}
