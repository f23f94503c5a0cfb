package cluster

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

func TestGracefulDeletionOfAPod(t *testing.T) {
	s := newSite(t)
	s.apply(pod("a", `"nodeName":"n1",`), pod("unscheduled", ""))
	r := s.ask("DELETE", pods+"/unscheduled", "")
	require.Equal(t, "Pod", r.text("kind"), "a pod is answered with itself")
	require.Equal(t, 404, s.ask("GET", pods+"/unscheduled", "").code)

	r = s.ask("DELETE", pods+"/a", "")
	require.Equal(t, 200, r.code)
	require.Equal(t, began.Add(30*time.Second).Format(time.RFC3339), r.text("metadata.deletionTimestamp"))
	require.Equal(t, int64(30), workload.Dig(r.object, "metadata", "deletionGracePeriodSeconds"))
	r = s.ask("DELETE", pods+"/a?gracePeriodSeconds=60", "")
	require.Equal(t, int64(30), workload.Dig(r.object, "metadata", "deletionGracePeriodSeconds"), "a time can only be made shorter")
	r = s.ask("DELETE", pods+"/a", `{"gracePeriodSeconds":5}`, jsonType)
	require.Equal(t, began.Add(5*time.Second).Format(time.RFC3339), r.text("metadata.deletionTimestamp"))
	r = s.ask("PATCH", pods+"/a", `{"metadata":{"labels":{"x":"y"}}}`, mergeType)
	require.Equal(t, 200, r.code)
	require.Equal(t, 200, s.ask("GET", pods+"/a", "").code, "its time is not up")
	require.Equal(t, 200, s.ask("DELETE", pods+"/a?gracePeriodSeconds=0", "").code)
	require.Equal(t, 404, s.ask("GET", pods+"/a", "").code)
}

func TestFinalizersAndPropagation(t *testing.T) {
	s := newSite(t)
	s.apply(deployment("web", 1), `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kept","namespace":"shop","finalizers":["example.com/keep"]}}`)
	maps := "/api/v1/namespaces/shop/configmaps"
	r := s.ask("DELETE", maps+"/kept", "")
	require.Equal(t, "ConfigMap", r.text("kind"), "it is still there")
	require.NotEmpty(t, r.text("metadata.deletionTimestamp"))
	require.Equal(t, 200, s.ask("PATCH", maps+"/kept", `{"metadata":{"finalizers":null}}`, mergeType).code)
	require.Equal(t, 404, s.ask("GET", maps+"/kept", "").code, "what kept it is gone")

	r = s.ask("DELETE", deployments+"/web?propagationPolicy=Foreground", "")
	require.Equal(t, []string{"foregroundDeletion"}, finalizers(r.object))
	require.Equal(t, int64(2), workload.Dig(r.object, "metadata", "generation"))
	r = s.ask("DELETE", deployments+"/web", `{"propagationPolicy":"Background"}`, jsonType)
	require.Equal(t, "Success", r.text("status"))
	require.Equal(t, "deployments", r.text("details.kind"))
	require.NotEmpty(t, r.text("details.uid"))
	s.apply(deployment("web", 1))
	r = s.ask("DELETE", deployments+"/web?propagationPolicy=Orphan", "")
	require.Equal(t, []string{"orphan"}, finalizers(r.object))
	require.Equal(t, 422, s.ask("DELETE", deployments+"/web?propagationPolicy=Sideways", "").code)
}

func TestNamespacesGoInTheirOwnTime(t *testing.T) {
	s := newSite(t)
	r := s.ask("DELETE", "/api/v1/namespaces/shop", "")
	require.Equal(t, 200, r.code, r.body)
	require.Equal(t, "Terminating", r.text("status.phase"))
	require.NotEmpty(t, r.text("metadata.deletionTimestamp"))
	r = s.ask("POST", pods, pod("late", ""), jsonType)
	require.Equal(t, 403, r.code)
	require.Equal(t, `pods "late" is forbidden: unable to create new content in namespace shop because it is being terminated`, r.text("message"))
	require.NotNil(t, s.store.Get(store.Key{Resource: "namespaces", Name: "shop"}))
	require.Equal(t, 405, s.ask("DELETE", "/api/v1/namespaces", "").code)
	r = s.ask("PUT", "/api/v1/namespaces/shop/finalize", `{}`, jsonType)
	require.Equal(t, 501, r.code)
	require.Contains(t, r.body, "end namespaces by themselves")
}

func TestDeleteCollection(t *testing.T) {
	s := newSite(t)
	s.apply(pod("a", ""), pod("b", ""), deployment("web", 1))
	r := s.ask("DELETE", pods+"?labelSelector=app%3Dnone", "")
	require.Empty(t, r.names())
	r = s.ask("DELETE", pods+"?labelSelector=app%3Dweb", "")
	require.Equal(t, []string{"a", "b"}, r.names())
	require.Empty(t, s.ask("GET", pods, "").names())
	require.Equal(t, 404, s.ask("DELETE", deployments+"/none", "").code)
}

func TestEviction(t *testing.T) {
	s := newSite(t)
	s.apply(replaced(pod("a", `"nodeName":"n1",`), `"spec":`, `"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]},"spec":`),
		`{"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"web","namespace":"shop"},"spec":{"minAvailable":1,`+
			`"selector":{"matchLabels":{"app":"web"}}},"status":{"observedGeneration":1,"disruptionsAllowed":0,"desiredHealthy":1,"currentHealthy":1}}`)
	evict := `{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"a","namespace":"shop"}}`
	r := s.ask("POST", pods+"/a/eviction", evict, jsonType)
	require.Equal(t, 429, r.code, r.body)
	require.Equal(t, "Cannot evict pod as it would violate the pod's disruption budget.", r.text("message"))
	require.Equal(t, "The disruption budget web needs 1 healthy pods and has 1 currently", workload.Maps(r.object, "details", "causes")[0]["message"])

	r = s.ask("PATCH", "/apis/policy/v1/namespaces/shop/poddisruptionbudgets/web/status", `{"status":{"disruptionsAllowed":1}}`, mergeType)
	require.Equal(t, 200, r.code, r.body)
	revision := s.store.Revision()
	require.Equal(t, 201, s.ask("POST", pods+"/a/eviction?dryRun=All", evict, jsonType).code)
	r = s.ask("POST", pods+"/a/eviction", replaced(evict, `"kind"`, `"deleteOptions":{"dryRun":["All"]},"kind"`), jsonType)
	require.Equal(t, 201, r.code, r.body)
	require.Equal(t, revision, s.store.Revision())
	require.Equal(t, 201, s.ask("POST", pods+"/a/eviction", evict, jsonType).code)
	evicted := s.ask("GET", pods+"/a", "")
	require.NotEmpty(t, evicted.text("metadata.deletionTimestamp"))
	require.Equal(t, "True", workload.Condition(evicted.object, "DisruptionTarget")["status"])
	require.Equal(t, 404, s.ask("POST", pods+"/none/eviction", replaced(evict, `"a"`, `"none"`), jsonType).code)
}
