package site

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// What the service reads when one of its pods begins.
const (
	settings         = "photon-mlir-config" // a ConfigMap
	cacheSizeSetting = "cache_size_gb"
)

// Watch follows the service's pods and settings. While the API server cannot be reached, it goes on with what it last saw.
type Watch struct{ pods, settings cache.SharedInformer }

// NewWatch returns a Watch that begins with Run.
func NewWatch(access *rest.Config) (*Watch, error) {
	client, err := kubernetes.NewForConfig(access)
	if err != nil {
		return nil, fmt.Errorf("prepare to watch Deployment %s: %w", Deployment, err)
	}
	pods, configMaps := client.CoreV1().Pods(Namespace), client.CoreV1().ConfigMaps(Namespace)
	return &Watch{
		pods: cache.NewSharedInformer(&cache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
				return pods.List(ctx, ofService(options))
			},
			WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
				return pods.Watch(ctx, ofService(options))
			},
		}, &corev1.Pod{}, 0),
		settings: cache.NewSharedInformer(&cache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
				return configMaps.List(ctx, ofSettings(options))
			},
			WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
				return configMaps.Watch(ctx, ofSettings(options))
			},
		}, &corev1.ConfigMap{}, 0),
	}, nil
}

func ofService(options metav1.ListOptions) metav1.ListOptions {
	options.LabelSelector = "app=" + Deployment
	return options
}

func ofSettings(options metav1.ListOptions) metav1.ListOptions {
	options.FieldSelector = "metadata.name=" + settings
	return options
}

// Run watches until ctx ends, and connects again whenever it has to.
func (w *Watch) Run(ctx context.Context) {
	var watching sync.WaitGroup
	defer watching.Wait()
	for _, informer := range []cache.SharedInformer{w.pods, w.settings} {
		watching.Go(func() { informer.RunWithContext(ctx) })
	}
}

// Ready counts the ready pods that are not about to go. It knows nothing before the API server has answered once.
func (w *Watch) Ready() (count int, known bool) {
	if !w.pods.HasSynced() {
		return 0, false
	}
	return len(w.ready()), true
}

func (w *Watch) ready() []*corev1.Pod {
	var ready []*corev1.Pod
	for _, object := range w.pods.GetStore().List() {
		if pod, ok := object.(*corev1.Pod); ok && pod.DeletionTimestamp == nil && podReady(pod) {
			ready = append(ready, pod)
		}
	}
	return ready
}

// CacheSize is the gigabytes that the ready pods may cache. It is known only if all of them began after it was set: a pod
// reads its settings when it begins, and of an older one nobody can tell what it read.
func (w *Watch) CacheSize() (gigabytes int, known bool) {
	for _, object := range w.settings.GetStore().List() {
		config, ok := object.(*corev1.ConfigMap)
		if !ok {
			continue
		}
		set := lastSet(config, cacheSizeSetting)
		for _, pod := range w.ready() {
			if pod.CreationTimestamp.Before(set) {
				return 0, false
			}
		}
		size, err := strconv.Atoi(config.Data[cacheSizeSetting])
		return size, err == nil
	}
	return 0, false
}

// lastSet is when somebody last gave that setting its value, as the API server keeps it for each manager of fields.
func lastSet(config *corev1.ConfigMap, key string) *metav1.Time {
	last := &config.CreationTimestamp
	for _, entry := range config.ManagedFields {
		owned := entry.FieldsV1 != nil && strings.Contains(entry.FieldsV1.GetRawString(), strconv.Quote("f:"+key))
		if owned && last.Before(entry.Time) {
			last = entry.Time
		}
	}
	return last
}

func podReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}
