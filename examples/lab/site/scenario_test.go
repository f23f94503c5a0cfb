package site

import (
	"encoding/json"
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"runbook/examples/lab/kwok"
)

func TestUnknownScenarioNamesTheKnownOnes(t *testing.T) {
	err := Scenario{Name: "on-fire"}.Play(t.Context(), &rest.Config{})
	if err == nil || !strings.Contains(err.Error(), strings.Join(kwok.Scenarios, ", ")) {
		t.Errorf("got %v, want the scenarios to choose from", err)
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
