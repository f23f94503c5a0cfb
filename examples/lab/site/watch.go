package site

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// Watch follows the service's pods. While the API server cannot be reached, it goes on with what it last saw.
type Watch struct{ informer cache.SharedInformer }

// NewWatch returns a Watch that begins with Run.
func NewWatch(access *rest.Config) (*Watch, error) {
	client, err := kubernetes.NewForConfig(access)
	if err != nil {
		return nil, fmt.Errorf("prepare to watch the pods of Deployment %s: %w", Deployment, err)
	}
	pods := client.CoreV1().Pods(Namespace)
	const selector = "app=" + Deployment
	source := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			options.LabelSelector = selector
			return pods.List(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			options.LabelSelector = selector
			return pods.Watch(ctx, options)
		},
	}
	return &Watch{cache.NewSharedInformer(source, &corev1.Pod{}, 0)}, nil
}

// Run watches until ctx ends, and connects again whenever it has to.
func (w *Watch) Run(ctx context.Context) { w.informer.RunWithContext(ctx) }

// Ready counts the ready pods that are not about to go. It knows nothing before the API server has answered once.
func (w *Watch) Ready() (count int, known bool) {
	if !w.informer.HasSynced() {
		return 0, false
	}
	for _, object := range w.informer.GetStore().List() {
		if pod, ok := object.(*corev1.Pod); ok && pod.DeletionTimestamp == nil && podReady(*pod) {
			count++
		}
	}
	return count, true
}
