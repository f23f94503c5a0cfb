package site

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"runbook/examples/lab/kwok"
)

// nodesReady holds when every node says Ready and none repels pods, as new nodes do until they are looked at.
func nodesReady(client kubernetes.Interface) condition {
	return condition{"every node is ready", func(ctx context.Context) (bool, string) {
		nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err.Error()
		}
		for _, node := range nodes.Items {
			if !nodeReady(node) || len(node.Spec.Taints) > 0 {
				return false, fmt.Sprintf("node %s is not ready, or has taints: %v", node.Name, node.Spec.Taints)
			}
		}
		return len(nodes.Items) > 0, fmt.Sprintf("%d nodes", len(nodes.Items))
	}}
}

func nodeReady(node corev1.Node) bool {
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// serviceAccountPresent holds when pods can be created in the namespace: without its account they are refused.
func serviceAccountPresent(client kubernetes.Interface, namespace string) condition {
	what := fmt.Sprintf("namespace %s has its default service account", namespace)
	return condition{what, func(ctx context.Context) (bool, string) {
		_, err := client.CoreV1().ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, fmt.Sprint(err)
	}}
}

// deploymentReady holds when every replica of the service is ready and of the newest revision.
func deploymentReady(client kubernetes.Interface) condition {
	what := fmt.Sprintf("every replica of Deployment %s/%s is ready", Namespace, Deployment)
	return condition{what, func(ctx context.Context) (bool, string) {
		d, err := client.AppsV1().Deployments(Namespace).Get(ctx, Deployment, metav1.GetOptions{})
		if err != nil {
			return false, err.Error()
		}
		status, want := d.Status, *d.Spec.Replicas
		observed := status.ObservedGeneration >= d.Generation
		settled := status.Replicas == want && status.UpdatedReplicas == want && status.AvailableReplicas == want
		return observed && settled, fmt.Sprintf("%d of %d available", status.AvailableReplicas, want)
	}}
}

// shown holds when that many of the service's pods look as the scenario says.
func shown(client kubernetes.Interface, scenario string, count int) condition {
	what := fmt.Sprintf("%d pods of Deployment %s show scenario %s", count, Deployment, scenario)
	selector := fmt.Sprintf("app=%s,%s=%s", Deployment, kwok.ScenarioLabel, scenario)
	return condition{what, func(ctx context.Context) (bool, string) {
		pods, err := client.CoreV1().Pods(Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
		if err != nil {
			return false, err.Error()
		}
		seen := 0
		for _, pod := range pods.Items {
			if shows(pod, scenario) {
				seen++
			}
		}
		return seen >= count, fmt.Sprintf("%d pods", seen)
	}}
}

// shows tells whether kwok has made the pod look so: it says it with the same patch as all the rest.
func shows(pod corev1.Pod, scenario string) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == kwok.ScenarioLabel {
			return c.Reason == scenario
		}
	}
	return false
}
