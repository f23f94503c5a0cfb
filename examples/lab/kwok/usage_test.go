package kwok

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/kwok/pkg/apis/v1alpha1"
	"sigs.k8s.io/kwok/pkg/kwok/metrics"
)

const mebibyte = 1 << 20

// The limits of a pod are two cores and 2 GiB.
func TestUsageGoesByTheScenario(t *testing.T) {
	for name, want := range map[string]struct{ cpuFrom, cpuTo, memoryFrom, memoryTo float64 }{
		Healthy:       {0.33, 0.36, 880, 910},
		Hot:           {1.81, 2, 1640, 2048}, // above what the handbook's alert fires at
		"oom":         {0.4, 0.5, 1940, 2048},
		"crashloop":   {0.0001, 0.01, 1, 10},
		"never-ready": {0.01, 0.03, 200, 260},
		BadRollout:    {0.01, 0.03, 200, 260},
		BadImage:      {0.0001, 0.01, 1, 10},
	} {
		for _, suffix := range []string{"8vs9p", "q4x5s", "bbbbb", "sslls"} {
			pod := servicePod("photon-compiler-7848dcf49c-"+suffix, name)
			cpu, memory := uses(t, pod, "cpu"), uses(t, pod, "memory")/mebibyte
			if cpu < want.cpuFrom || cpu > want.cpuTo || memory < want.memoryFrom || memory > want.memoryTo {
				t.Errorf("%s in scenario %s uses %.3f cores and %.0f MiB, want %v", pod.Name, name, cpu, memory, want)
			}
		}
	}
}

func TestPodsOfOneServiceDiffer(t *testing.T) {
	one, other := servicePod("photon-compiler-7848dcf49c-8vs9p", Healthy), servicePod("photon-compiler-7848dcf49c-q4x5s", Healthy)
	if uses(t, one, "memory") == uses(t, other, "memory") {
		t.Error("two pods use the same")
	}
}

func TestAnyOtherPodUsesLittle(t *testing.T) {
	if got := uses(t, &corev1.Pod{}, "memory") / mebibyte; got != 20 {
		t.Errorf("a pod without labels uses %f MiB", got)
	}
}

func servicePod(name, scenario string) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": "photon-compiler"}}}
	if scenario != Healthy {
		pod.Labels[ScenarioLabel] = scenario
	}
	return pod
}

// uses asks kwok's own interpreter.
func uses(t *testing.T, pod *corev1.Pod, resource string) float64 {
	t.Helper()
	var rule v1alpha1.ClusterResourceUsage
	document, _, _ := strings.Cut(usage, "\n---\n")
	if err := yaml.UnmarshalStrict([]byte(document), &rule); err != nil {
		t.Fatal(err)
	}
	environment, err := metrics.NewEnvironment(metrics.EnvironmentConfig{})
	if err != nil {
		t.Fatal(err)
	}
	expression, err := environment.Compile(*rule.Spec.Usages[0].Usage[resource].Expression)
	if err != nil {
		t.Fatal(err)
	}
	got, err := expression.EvaluateFloat64(t.Context(), metrics.Data{Pod: pod})
	if err != nil {
		t.Fatal(err)
	}
	return got
}
