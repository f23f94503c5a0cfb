package metrics

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"runbook/examples/lab/build"
	"runbook/examples/lab/supervisor"
)

// resourcePath is the annotation by which a node says where it is measured.
const resourcePath = "metrics.k8s.io/resource-metrics-path"

// kubelet is kwok, as the metrics server will ask it.
type kubelet struct {
	address string
	cluster kubernetes.Interface
	client  *http.Client
}

func newKubelet(stage *supervisor.Stage, access *rest.Config, client *http.Client) (kubelet, error) {
	cluster, err := kubernetes.NewForConfigAndClient(access, client)
	if err != nil {
		return kubelet{}, fmt.Errorf("prepare to ask kwok what the pods use: %w", err)
	}
	return kubelet{stage.Address(build.Kwok), cluster, client}, nil
}

// ready says which running pod kwok does not measure yet; nil says that it measures all. It begins to look at pods when
// it is asked first: without this, the first look of the metrics server would be in vain.
func (k kubelet) ready(ctx context.Context) error {
	nodes, err := k.cluster.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	pods, err := k.cluster.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{FieldSelector: "status.phase=Running"})
	if err != nil {
		return err
	}
	measured := map[string]string{}
	for _, node := range nodes.Items {
		measured[node.Name], err = k.measurements(ctx, node.Annotations[resourcePath])
		if err != nil {
			return fmt.Errorf("ask kwok what node %s uses: %w", node.Name, err)
		}
	}
	for _, pod := range pods.Items {
		if !strings.Contains(measured[pod.Spec.NodeName], fmt.Sprintf("namespace=%q,pod=%q", pod.Namespace, pod.Name)) {
			return fmt.Errorf("kwok does not measure pod %s/%s yet", pod.Namespace, pod.Name)
		}
	}
	return nil
}

// measurements are what kwok says of one node.
func (k kubelet) measurements(ctx context.Context, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+k.address+path, nil)
	if err != nil {
		return "", err
	}
	response, err := k.client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("it answers %s", response.Status)
	}
	return string(body), err
}
