package site

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/metrics/pkg/apis/metrics/v1beta1"
)

func TestHotIsAboveBothLimits(t *testing.T) {
	pod := corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{
		Name: "compiler", Resources: corev1.ResourceRequirements{Limits: amounts("2", "2Gi")},
	}}}}
	for _, test := range []struct {
		cpu, memory string
		want        bool
	}{
		{"1910m", "1760Mi", true},
		{"1800m", "1760Mi", false}, // exactly the limit of the alert
		{"1910m", "900Mi", false},
		{"350m", "1760Mi", false},
	} {
		usage := v1beta1.PodMetrics{Containers: []v1beta1.ContainerMetrics{{Name: "compiler", Usage: amounts(test.cpu, test.memory)}}}
		if got := isHot(pod, usage); got != test.want {
			t.Errorf("%s and %s: got %t", test.cpu, test.memory, got)
		}
	}
	if isHot(pod, v1beta1.PodMetrics{}) {
		t.Error("a pod that was not measured is hot")
	}
}
