package cluster

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/workload"
)

const widgetsDefinition = `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"widgets.example.com"},` +
	`"spec":{"group":"example.com","scope":"Namespaced","names":{"kind":"Widget","plural":"widgets","shortNames":["wd"]},` +
	`"versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{},` +
	`"scale":{"specReplicasPath":".spec.replicas","statusReplicasPath":".status.replicas"}},` +
	`"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}`

const widgets = "/apis/example.com/v1/namespaces/shop/widgets"

func TestCustomResources(t *testing.T) {
	s := newSite(t)
	require.Equal(t, 404, s.ask("GET", widgets, "").code)
	r := s.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", widgetsDefinition, jsonType)
	require.Equal(t, 201, r.code, r.body)
	live := s.ask("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com", "")
	require.Equal(t, "True", workload.Condition(live.object, "Established")["status"])
	require.Equal(t, "widget", live.text("status.acceptedNames.singular"))

	widget := `{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"replicas":2,"size":"big"},"status":{"replicas":9}}`
	r = s.ask("POST", widgets, widget, jsonType)
	require.Equal(t, 201, r.code, r.body)
	require.Nil(t, r.object["status"])
	require.Equal(t, int64(1), workload.Dig(r.object, "metadata", "generation"))
	r = s.ask("GET", widgets, "")
	require.Equal(t, "Widget", workload.Maps(r.object, "items")[0]["kind"], "custom resources say their kind in lists too")
	r = s.ask("PATCH", widgets+"/w/scale", `{"spec":{"replicas":3}}`, mergeType)
	require.Equal(t, int64(3), workload.Dig(r.object, "spec", "replicas"), r.body)
	r = s.ask("PATCH", widgets+"/w?fieldManager=me", `{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"colour":"red"}}`, applyType)
	require.Equal(t, 200, r.code, r.body)
	require.Equal(t, "big", r.text("spec.size"))
	require.Equal(t, 415, s.ask("PATCH", widgets+"/w", `{}`, "Content-Type: application/strategic-merge-patch+json").code)
	r = s.ask("PUT", widgets+"/w", widget, jsonType)
	require.Equal(t, 422, r.code)
	require.Contains(t, r.text("message"), "metadata.resourceVersion: Invalid value: 0: must be specified for an update")

	resources, err := s.typed().Discovery().ServerResourcesForGroupVersion("example.com/v1")
	require.NoError(t, err)
	require.Equal(t, []string{"wd"}, resources.APIResources[0].ShortNames)
	s.lock.Lock()
	require.NoError(t, s.c.Delete("wd/w", ""))
	s.lock.Unlock()
	require.Equal(t, 201, s.ask("POST", widgets, widget, jsonType).code)
	require.Equal(t, 200, s.ask("DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com", "").code)
	require.Equal(t, 404, s.ask("GET", widgets, "").code)
	s.apply(widgetsDefinition)
	require.Empty(t, s.ask("GET", widgets, "").names(), "they went with their definition")
}

func TestWrongDefinitions(t *testing.T) {
	s := newSite(t)
	for old, want := range map[string]string{
		`"name":"widgets.example.com"`: `metadata.name: Invalid value: "x": must be spec.names.plural+"."+spec.group`,
		`"storage":true`:               `must have exactly one version marked as storage version`,
		`"scope":"Namespaced"`:         `spec.scope: Unsupported value: "x": supported values: "Cluster", "Namespaced"`,
	} {
		with := map[string]string{`"name":"widgets.example.com"`: `"name":"x"`, `"storage":true`: `"storage":false`, `"scope":"Namespaced"`: `"scope":"x"`}[old]
		r := s.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", replaced(widgetsDefinition, old, with), jsonType)
		require.Equal(t, 422, r.code, r.body)
		require.Contains(t, r.text("message"), want)
	}
}

func TestWhatAScenarioDoesByItself(t *testing.T) {
	s := newSite(t)
	s.lock.Lock()
	defer s.lock.Unlock()
	require.NoError(t, s.c.Apply(parse(t, replaced(deployment("web", 2), `"namespace":"shop",`, ``))), "in the context's namespace")
	require.NoError(t, s.c.Apply(parse(t, deployment("web", 3))), "as often as it likes")
	side := replaced(deployment("web", 3), `"containers":[`, `"containers":[{"name":"side","image":"side:1"},`)
	for _, m := range []string{side, deployment("web", 3)} {
		require.NoError(t, s.c.Apply(parse(t, m)))
		want := strings.Count(m, `"image"`)
		live := s.store.List("deployments.apps", "shop")[0]
		require.Len(t, workload.Maps(live, "spec", "template", "spec", "containers"), want, "what a manifest no longer says goes")
	}
	require.NoError(t, s.c.Patch("deploy/web", "", parse(t, `{"spec":{"replicas":5},"status":{"replicas":5}}`)))
	live := s.store.List("deployments.apps", "shop")[0]
	require.Equal(t, int64(5), workload.Dig(live, "spec", "replicas"))
	require.Equal(t, int64(5), workload.Dig(live, "status", "replicas"))
	require.NoError(t, s.c.Delete("deployments.apps/web", "shop"))
	require.EqualError(t, s.c.Delete("deployment/web", "shop"), `deployments.apps "web" not found`)
	require.EqualError(t, s.c.Delete("deploymint/web", "shop"), `the simulated cluster knows no kind "deploymint"; did you mean "deployment"?`)
	require.ErrorContains(t, s.c.Delete("web", "shop"), `"web" is no kind/name`)
	require.ErrorContains(t, s.c.Apply(parse(t, deployment("web", -1))), "spec.replicas: Invalid value: -1")
	require.ErrorContains(t, s.c.Apply(Object{"apiVersion": "v1", "kind": "Pot"}), `did you mean "Pod"?`)
}

func TestSchemasOfCustomResources(t *testing.T) {
	s := newSite(t)
	s.apply(replaced(widgetsDefinition, `{"type":"object","x-kubernetes-preserve-unknown-fields":true}`,
		`{"type":"object","required":["spec"],"properties":{"spec":{"type":"object","required":["size"],"properties":{`+
			`"size":{"type":"string","enum":["big","small"]},"replicas":{"type":"integer","default":1,"minimum":0},`+
			`"extra":{"type":"object","additionalProperties":{"type":"string"}}}}}}`))
	widget := func(spec string) string {
		return `{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},"spec":` + spec + `}`
	}
	for spec, want := range map[string]string{
		`{}`:                            `Widget.example.com "w" is invalid: spec.size: Required value`,
		`{"size":"huge"}`:               `spec.size: Unsupported value: "huge": supported values: "big", "small"`,
		`{"size":"big","replicas":"1"}`: `spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"`,
		`{"size":"big","replicas":-1}`:  `spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0`,
	} {
		r := s.ask("POST", widgets, widget(spec), jsonType)
		require.Equal(t, 422, r.code, r.body)
		require.Contains(t, r.text("message"), want)
	}
	odd := widget(`{"size":"big","colour":"red","extra":{"a":"b"}}`)
	r := s.ask("POST", widgets+"?fieldValidation=Strict", odd, jsonType)
	require.Equal(t, 400, r.code)
	require.Contains(t, r.text("message"), `strict decoding error: unknown field "spec.colour"`)
	r = s.ask("POST", widgets, odd, jsonType)
	require.Equal(t, 201, r.code, r.body)
	require.Equal(t, Object{"size": "big", "replicas": int64(1), "extra": Object{"a": "b"}}, r.object["spec"])
	require.Contains(t, r.header.Get("Warning"), "spec.colour")
}
