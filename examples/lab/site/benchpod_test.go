package site

import (
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestBenchPodsAreAlikeInSizeAndDifferInName(t *testing.T) {
	const count = 500
	names, addresses := map[string]bool{}, map[string]bool{}
	for i := range count {
		pod := benchPod(i, corev1.Node{})
		pod.Status = benchStatus(i, pod)
		names[pod.Name], addresses[pod.Status.PodIP] = true, true
		data, err := json.Marshal(pod)
		if err != nil {
			t.Fatal(err)
		}
		// The server adds its defaults and managed fields, which are more than twice as much.
		if size := len(data); size < 1500 || size > 2500 {
			t.Errorf("pod %d is %d bytes of JSON before the server has it", i, size)
		}
	}
	if len(names) != count || len(addresses) != count {
		t.Errorf("%d pods have %d names and %d addresses", count, len(names), len(addresses))
	}
}
