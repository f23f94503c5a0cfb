package kwok

import (
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/kwok/pkg/apis/v1alpha1"
	"sigs.k8s.io/kwok/pkg/utils/gotpl"
)

func TestPodLooksAsItsScenarioSays(t *testing.T) {
	for name, want := range map[string]struct {
		ready    bool
		restarts int32
		waiting  string
		reasons  []string // of the events
	}{
		Healthy:       {true, 0, "", []string{"Started", "Pulled"}},
		Hot:           {true, 0, "", []string{"Started", "Unhealthy"}},
		"crashloop":   {false, 17, "CrashLoopBackOff", []string{"Started", "BackOff"}},
		"oom":         {false, 6, "CrashLoopBackOff", []string{"OOMKilling", "BackOff"}},
		"never-ready": {false, 0, "", []string{"Started", "Unhealthy"}},
		BadRollout:    {false, 0, "", []string{"Started", "Unhealthy"}},
		BadImage:      {false, 0, "ImagePullBackOff", []string{"Failed", "BackOff"}},
	} {
		pod := servicePod("photon-compiler-7848dcf49c-8vs9p", name)
		pod.Spec = corev1.PodSpec{NodeName: "lab-node-1", Containers: []corev1.Container{{Name: "compiler", Image: "compiler:2.4.1"}}}
		steps := play(t, pod)

		var status corev1.PodStatus
		decode(t, steps[0], &status)
		container := status.ContainerStatuses[0]
		if container.Ready != want.ready || container.RestartCount != want.restarts {
			t.Errorf("%s: ready is %t, with %d restarts", name, container.Ready, container.RestartCount)
		}
		if got := container.State.Waiting; (got == nil) != (want.waiting == "") || got != nil && got.Reason != want.waiting {
			t.Errorf("%s: it waits for %v, want %q", name, got, want.waiting)
		}
		if !remembers(status, name) {
			t.Errorf("%s: no condition says that it is shown: %v", name, status.Conditions)
		}
		for i, reason := range want.reasons {
			var event corev1.Event
			decode(t, steps[2+i], &event)
			if event.Reason != reason {
				t.Errorf("%s: event %d is %s, want %s", name, i, event.Reason, reason)
			}
			if event.LastTimestamp.Before(&event.FirstTimestamp) {
				t.Errorf("%s: event %s was last seen at %s, before it was first, at %s", name, reason, event.LastTimestamp, event.FirstTimestamp)
			}
		}
	}
}

func remembers(status corev1.PodStatus, scenario string) bool {
	for _, c := range status.Conditions {
		if c.Type == ScenarioLabel {
			return c.Reason == scenario
		}
	}
	return false
}

// play renders the steps of the scenarios' stage with kwok's own renderer: the status, the log, and the events.
func play(t *testing.T, pod *corev1.Pod) [][]byte {
	t.Helper()
	var stage v1alpha1.Stage
	if err := yaml.UnmarshalStrict([]byte(scenario), &stage); err != nil {
		t.Fatal(err)
	}
	address := func(...any) string { return "10.64.0.1" }
	renderer := gotpl.NewRenderer(gotpl.FuncMap{"NodeIPWith": address, "PodIPWith": address})
	var rendered [][]byte
	for _, step := range stage.Spec.Steps {
		template := ""
		if step.Patch != nil {
			template = step.Patch.Template
		} else {
			template = step.Apply.Template
		}
		document, err := renderer.ToJSON(template, pod)
		if err != nil {
			t.Fatalf("render for pod %s: %v", pod.Name, err)
		}
		rendered = append(rendered, document)
	}
	return rendered
}

func decode(t *testing.T, document []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(document, into); err != nil {
		t.Fatalf("%v in\n%s", err, document)
	}
}
