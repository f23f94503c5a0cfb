package site

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"

	"runbook/examples/lab/kwok"
)

func TestUnknownScenarioNamesTheKnownOnes(t *testing.T) {
	err := Scenario{Name: "on-fire"}.Play(t.Context(), &rest.Config{})
	if err == nil || !strings.Contains(err.Error(), strings.Join(kwok.Scenarios, ", ")) {
		t.Errorf("got %v, want the scenarios to choose from", err)
	}
}

func TestScenarioBefallsSomebody(t *testing.T) {
	for _, pods := range []int{0, -1} {
		if err := (Scenario{Name: "oom", Pods: pods}).Play(t.Context(), &rest.Config{}); err == nil || !strings.Contains(err.Error(), "at least one pod") {
			t.Errorf("%d pods: got %v", pods, err)
		}
	}
}

func TestHealthyTakesTheLabelAway(t *testing.T) {
	for scenario, want := range map[string]string{
		"oom":        `{"metadata":{"labels":{"lab.runbook/scenario":"oom"}}}`,
		kwok.Healthy: `{"metadata":{"labels":{"lab.runbook/scenario":null}}}`,
	} {
		got, err := json.Marshal(labelled(scenario))
		if err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v, want %s", scenario, got, err, want)
		}
	}
}

func TestBadReleaseIsANewVersionThatHealingTakesBackWhole(t *testing.T) {
	first := template(t)
	spoilt := template(t)
	Scenario{Name: kwok.BadRollout}.spoil(&spoilt)
	if got := spoilt.Labels[kwok.ScenarioLabel]; got != kwok.BadRollout {
		t.Errorf("new pods have scenario %q", got)
	}
	if got, before := spoilt.Spec.Containers[0].Image, first.Spec.Containers[0].Image; got == before || !strings.HasSuffix(got, ":"+released) {
		t.Errorf("the image was %s and is %s", before, got)
	}
	// What somebody did about it while it was bad.
	spoilt.Annotations["kubectl.kubernetes.io/restartedAt"] = "2026-11-25T03:00:00Z"
	client := fake.NewClientset(&appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: Deployment, Namespace: Namespace},
		Spec:       appsv1.DeploymentSpec{Template: spoilt},
	})
	if err := setTemplate(t.Context(), client, template(t)); err != nil {
		t.Fatal(err)
	}
	healed, err := client.AppsV1().Deployments(Namespace).Get(t.Context(), Deployment, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(healed.Spec.Template, first) {
		t.Errorf("the template is %+v, want %+v", healed.Spec.Template, first)
	}
}

func template(t *testing.T) corev1.PodTemplateSpec {
	t.Helper()
	template, err := original()
	if err != nil {
		t.Fatal(err)
	}
	return template
}

func TestPodShowsAScenarioOnceKwokSaysSo(t *testing.T) {
	labelled := metav1.ObjectMeta{Labels: map[string]string{kwok.ScenarioLabel: kwok.Hot}}
	said := corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: kwok.ScenarioLabel, Reason: kwok.Hot}}}
	if shows(corev1.Pod{ObjectMeta: labelled}, kwok.Hot) {
		t.Error("a pod shows a scenario that it was only told to play")
	}
	if !shows(corev1.Pod{ObjectMeta: labelled, Status: said}, kwok.Hot) {
		t.Error("a pod does not show the scenario that it plays")
	}
}
