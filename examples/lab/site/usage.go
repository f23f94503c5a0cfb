package site

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/metrics/pkg/apis/metrics/v1beta1"
	metrics "k8s.io/metrics/pkg/client/clientset/versioned"

	"runbook/examples/lab/kwok"
)

// How much of its limits a pod uses at least that is hot, in percent: what the handbook's alert fires above.
const (
	hotCPU    = 90
	hotMemory = 80
)

// AwaitUsage returns when every node and every pod of the service is measured.
func AwaitUsage(ctx context.Context, access *rest.Config) error {
	meter, err := newMeter(access)
	if err != nil {
		return err
	}
	if err := meter.nodesMeasured().wait(ctx); err != nil {
		return err
	}
	return meter.podsMeasured().wait(ctx)
}

// awaitHot returns when that many pods can be seen to use nearly all that they may.
func awaitHot(ctx context.Context, access *rest.Config, count int) error {
	meter, err := newMeter(access)
	if err != nil {
		return err
	}
	return meter.podsHot(count).wait(ctx)
}

// meter looks at what is used beside what there is.
type meter struct {
	cluster kubernetes.Interface
	usage   metrics.Interface
}

func newMeter(access *rest.Config) (meter, error) {
	cluster, err := kubernetes.NewForConfig(access)
	if err != nil {
		return meter{}, fmt.Errorf("prepare to look at what the pods use: %w", err)
	}
	usage, err := metrics.NewForConfig(access)
	if err != nil {
		return meter{}, fmt.Errorf("prepare to look at what the pods use: %w", err)
	}
	return meter{cluster, usage}, nil
}

func (m meter) nodesMeasured() condition {
	return condition{"every node is measured", func(ctx context.Context) (bool, string) {
		nodes, err := m.cluster.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err.Error()
		}
		measured, err := m.usage.MetricsV1beta1().NodeMetricses().List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err.Error()
		}
		seen := fmt.Sprintf("%d of %d nodes", len(measured.Items), len(nodes.Items))
		return len(measured.Items) >= len(nodes.Items), seen
	}}
}

func (m meter) podsMeasured() condition {
	what := fmt.Sprintf("every pod of Deployment %s is measured", Deployment)
	return condition{what, func(ctx context.Context) (bool, string) {
		measured, of, err := m.count(ctx, func(pod corev1.Pod, usage v1beta1.PodMetrics) bool {
			return len(usage.Containers) == len(pod.Spec.Containers)
		})
		if err != nil {
			return false, err.Error()
		}
		return measured == of, fmt.Sprintf("%d of %d pods", measured, of)
	}}
}

func (m meter) podsHot(count int) condition {
	what := fmt.Sprintf("%d pods of Deployment %s are measured to use more than %d%% of their CPU and %d%% of their memory",
		count, Deployment, hotCPU, hotMemory)
	return condition{what, func(ctx context.Context) (bool, string) {
		hot, _, err := m.count(ctx, func(pod corev1.Pod, usage v1beta1.PodMetrics) bool {
			return shows(pod, kwok.Hot) && isHot(pod, usage)
		})
		if err != nil {
			return false, err.Error()
		}
		return hot >= count, fmt.Sprintf("%d pods", hot)
	}}
}

// count counts the service's pods that are as wanted, by what each uses, which is nothing where it is not measured.
func (m meter) count(ctx context.Context, wanted func(corev1.Pod, v1beta1.PodMetrics) bool) (found, of int, err error) {
	pods, err := servicePods(ctx, m.cluster)
	if err != nil {
		return 0, 0, err
	}
	list, err := m.usage.MetricsV1beta1().PodMetricses(Namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + Deployment})
	if err != nil {
		return 0, 0, err
	}
	usage := map[string]v1beta1.PodMetrics{}
	for _, pod := range list.Items {
		usage[pod.Name] = pod
	}
	for _, pod := range pods {
		if wanted(pod, usage[pod.Name]) {
			found++
		}
	}
	return found, len(pods), nil
}

// isHot compares each container that was measured with its own limits.
func isHot(pod corev1.Pod, usage v1beta1.PodMetrics) bool {
	used := map[string]corev1.ResourceList{}
	for _, container := range usage.Containers {
		used[container.Name] = container.Usage
	}
	for _, container := range pod.Spec.Containers {
		is, limits := used[container.Name], container.Resources.Limits
		if is.Cpu().MilliValue()*100 <= limits.Cpu().MilliValue()*hotCPU || is.Memory().Value()*100 <= limits.Memory().Value()*hotMemory {
			return false
		}
	}
	return true
}
