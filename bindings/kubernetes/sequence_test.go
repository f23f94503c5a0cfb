package kubernetes

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aymanbagabas/go-udiff"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
	"sigs.k8s.io/yaml"
)

// A sequence is a case that makes something happen to a Deployment, and is held to its story in testdata/conformance/stories.
type sequence struct {
	name  string
	steps []step
}

type step func(s *site)

// run holds a site to the story. On a real server several components race for the same object, and some of what they say gets lost on
// the way; so the story must be one that the server tells, not the only one.
func (q sequence) run(s *site) {
	path := "testdata/conformance/stories/" + q.name + ".yaml"
	if s.record {
		require.NoError(s, os.WriteFile(path, q.told(s), 0o600))
		return
	}
	want, err := os.ReadFile(path)
	require.NoError(s, err)
	var others []string
	for range s.races + 1 {
		text := q.told(s)
		if string(want) == string(text) {
			return
		}
		others = append(others, udiff.Unified("expected", "told", string(want), string(text)))
		s.begin()
	}
	s.Errorf("another story than %s:\n%s", path, strings.Join(others, "\n"))
}

// told makes it happen, and tells what happened.
func (q sequence) told(s *site) []byte {
	r := s.recorder()
	for _, do := range q.steps {
		do(s)
	}
	s.pass(2 * time.Second) // events come a little after what they are about
	text, err := yaml.Marshal(r.finish())
	require.NoError(s, err)
	return text
}

func create(replicas int) step { return createWith(replicas, object{}) }

// createWith makes a Deployment whose spec says something more.
func createWith(replicas int, more object) step {
	return func(s *site) {
		d := deploymentNamed("web", s.namespace, replicas)
		spec := d["spec"].(map[string]any)
		spec["progressDeadlineSeconds"] = 5
		maps.Copy(spec, more)
		got := s.ask(s.Context(), "admin", call{method: "POST", path: s.in("deployments"), body: toRaw(s.T, d)})
		require.Equal(s, http.StatusCreated, got.code, string(got.body))
		settled(s)
	}
}

func scale(replicas int) step {
	return func(s *site) {
		s.change("deployments/web/scale", "merge", object{"spec": object{"replicas": replicas}})
		settled(s)
	}
}

// restart is what kubectl rollout restart does.
func restart(s *site) {
	s.pass(time.Second) // another time than that of the restart before
	at := s.now().UTC().Format(time.RFC3339)
	s.change("deployments/web", "strategic", object{"spec": object{"template": object{"metadata": object{"annotations": object{
		"kubectl.kubernetes.io/restartedAt": at,
	}}}}})
	settled(s)
}

// badImage rolls out a version whose image is not there. The label says so to the lab, and to the world's behaviours.
func badImage(s *site) {
	s.change("deployments/web", "strategic", object{"spec": object{"template": object{
		"metadata": object{"labels": object{"lab.runbook/scenario": "bad-image"}},
		"spec":     object{"containers": []object{{"name": "web", "image": "registry.example/web:nope"}}},
	}}})
	s.eventually(func() bool {
		return s.must("GET", s.in("deployments/web")).Get(`status.conditions.#(type="Progressing").reason`).String() == "ProgressDeadlineExceeded"
	})
	s.eventually(func() bool {
		pods := s.must("GET", s.in("pods")+"?labelSelector=lab.runbook/scenario")
		return pods.Get("items.0.status.containerStatuses.0.state.waiting.reason").String() == "ImagePullBackOff"
	})
}

// undo is what kubectl rollout undo does: the template of the revision before the present one.
func undo(s *site) {
	present := s.must("GET", s.in("deployments/web")).Get(`metadata.annotations.deployment\.kubernetes\.io/revision`).Int()
	var template gjson.Result
	for _, set := range s.must("GET", s.in("replicasets")).Get("items").Array() {
		if set.Get(`metadata.annotations.deployment\.kubernetes\.io/revision`).Int() == present-1 {
			template = set.Get("spec.template")
		}
	}
	var to object
	require.NoError(s, json.Unmarshal([]byte(template.Raw), &to))
	delete(to["metadata"].(object)["labels"].(object), "pod-template-hash")
	s.change("deployments/web", "json", []object{{"op": "replace", "path": "/spec/template", "value": to}})
	settled(s)
}

// losePod deletes the first pod, as one does that wants another one.
func losePod(s *site) {
	name := s.must("GET", s.in("pods")).Get("items.0.metadata.name").String()
	s.must("DELETE", s.in("pods/"+name))
	s.eventually(func() bool {
		return s.ask(s.Context(), "admin", call{method: "GET", path: s.in("pods/" + name)}).code == http.StatusNotFound
	})
	settled(s)
}

// changePaused changes the template while the Deployment is paused, and lets it go on.
func changePaused(s *site) {
	s.change("deployments/web", "merge", object{"spec": object{"paused": true}})
	s.change("deployments/web", "strategic", object{"spec": object{"template": object{"spec": object{
		"containers": []object{{"name": "web", "image": "registry.example/web:2"}},
	}}}})
	s.eventually(func() bool {
		d := s.must("GET", s.in("deployments/web"))
		return d.Get("status.observedGeneration").Int() == d.Get("metadata.generation").Int()
	})
	require.Equal(s, int64(1), s.must("GET", s.in("replicasets")).Get("items.#").Int(), "nothing is rolled out")
	s.change("deployments/web", "merge", object{"spec": object{"paused": false}})
	settled(s)
}

// deleteAll deletes the Deployment, and with it all that it owns.
func deleteAll(s *site) {
	s.must("DELETE", s.in("deployments/web"))
	s.eventually(func() bool {
		return s.must("GET", s.in("replicasets")).Get("items.#").Int() == 0 && s.must("GET", s.in("pods")).Get("items.#").Int() == 0
	})
}

func (s *site) change(path, patch string, body any) {
	s.Helper()
	got := s.ask(s.Context(), "admin", call{method: "PATCH", path: s.in(path), contentType: patchTypes[patch], body: toRaw(s.T, body)})
	require.Equal(s, http.StatusOK, got.code, string(got.body))
}

// settled waits until a rollout is done, and who had to go is gone.
func settled(s *site) {
	s.eventually(func() bool {
		d := s.must("GET", s.in("deployments/web"))
		want := d.Get("spec.replicas").Int()
		pods := s.must("GET", s.in("pods")).Get("items.#").Int()
		status := d.Get("status")
		for _, field := range []string{"replicas", "updatedReplicas", "readyReplicas", "availableReplicas"} {
			if status.Get(field).Int() != want {
				return false
			}
		}
		return pods == want && status.Get("observedGeneration").Int() == d.Get("metadata.generation").Int() &&
			status.Get(`conditions.#(type="Progressing").reason`).String() == "NewReplicaSetAvailable"
	})
}

var sequences = []sequence{
	{"create", []step{create(3)}},
	{"scale", []step{create(3), scale(5), scale(1)}},
	{"restart", []step{create(3), restart}},
	{"undo", []step{create(2), restart, undo}},
	{"bad-image", []step{create(3), badImage}},
	{"recreate", []step{createWith(2, object{"strategy": object{"type": "Recreate"}}), restart}},
	{"pod-lost", []step{create(2), losePod}},
	{"paused", []step{create(1), changePaused}},
	{"history", []step{createWith(1, object{"revisionHistoryLimit": 1}), restart, restart, restart}},
	{"deleted", []step{create(2), deleteAll}},
	{"bad-image-undone", []step{create(3), badImage, undo}},
}
