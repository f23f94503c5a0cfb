package cluster

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"runbook/engine/workload"
)

const applyType = "Content-Type: application/apply-patch+yaml"

func TestTheKindsOfPatch(t *testing.T) {
	s := newSite(t)
	s.apply(deployment("web", 2))
	deploys := s.typed().AppsV1().Deployments("shop")
	d, err := deploys.Patch(t.Context(), "web", types.StrategicMergePatchType,
		[]byte(`{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"web:2"},{"name":"side","image":"side:1"}]}}}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	require.Len(t, d.Spec.Template.Spec.Containers, 2)
	require.Equal(t, "web:2", image(d, "web"))
	require.Equal(t, int64(2), d.Generation)
	d, err = deploys.Patch(t.Context(), "web", types.JSONPatchType,
		[]byte(`[{"op":"test","path":"/spec/replicas","value":2},{"op":"replace","path":"/spec/replicas","value":3}]`), metav1.PatchOptions{})
	require.NoError(t, err)
	require.Equal(t, int32(3), *d.Spec.Replicas)
	_, err = deploys.Patch(t.Context(), "web", types.JSONPatchType, []byte(`[{"op":"test","path":"/spec/replicas","value":2}]`), metav1.PatchOptions{})
	require.True(t, apierrors.IsInvalid(err), "%v", err)
	d, err = deploys.Patch(t.Context(), "web", types.MergePatchType, []byte(`{"metadata":{"annotations":{"a":"b"}}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	require.Equal(t, int64(4), d.Generation, "an annotation of a Deployment counts")
	same, err := deploys.Patch(t.Context(), "web", types.MergePatchType, []byte(`{"metadata":{"annotations":{"a":"b"}}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	require.Equal(t, d.ResourceVersion, same.ResourceVersion, "what changes nothing is not stored")

	r := s.ask("PATCH", deployments+"/web?fieldValidation=Strict", `{"spec":{"replicaz":3}}`, mergeType)
	require.Equal(t, 422, r.code)
	require.Contains(t, r.text("message"), `unknown field "spec.replicaz"`)
	r = s.ask("PATCH", deployments+"/web", `{"spec":{"replicaz":3}}`, mergeType)
	require.Equal(t, 200, r.code)
	require.Equal(t, `299 - "unknown field \"spec.replicaz\""`, r.header.Get("Warning"))
	r = s.ask("PATCH", deployments+"/web", `{"metadata":{"uid":"other"}}`, mergeType)
	require.Equal(t, 422, r.code)
	require.Contains(t, r.text("message"), `metadata.uid: Invalid value: "other": field is immutable`)
	r = s.ask("PATCH", deployments+"/web", `{"spec":{"selector":{"matchLabels":{"app":"x"}}}}`, mergeType)
	require.Equal(t, 422, r.code)
	require.Contains(t, r.text("message"), "`selector` does not match template `labels`")
	require.Contains(t, r.text("message"), `field is immutable`)
	r = s.ask("PATCH", deployments+"/web", `{"spec":{"replicas":"many"}}`, mergeType)
	require.Equal(t, 422, r.code, r.body)
	require.Equal(t, 400, s.ask("PATCH", deployments+"/web", `{`, mergeType).code)
	require.Equal(t, 404, s.ask("PATCH", deployments+"/none", `{}`, mergeType).code)
	r = s.ask("PATCH", deployments+"/web", `{"status":{"replicas":7}}`, mergeType)
	require.Nil(t, workload.Dig(r.object, "status", "replicas"), "status is written through its subresource")
	r = s.ask("PATCH", deployments+"/web/status", `{"status":{"replicas":7},"spec":{"replicas":9}}`, mergeType)
	require.Equal(t, int64(7), workload.Dig(r.object, "status", "replicas"))
	require.Equal(t, int64(3), workload.Dig(r.object, "spec", "replicas"))
}

func image(d *appsv1.Deployment, container string) string {
	for _, c := range d.Spec.Template.Spec.Containers {
		if c.Name == container {
			return c.Image
		}
	}
	return ""
}

func TestServerSideApply(t *testing.T) {
	s := newSite(t)
	r := s.ask("PATCH", deployments+"/web?fieldManager=one", deployment("web", 2), applyType)
	require.Equal(t, 201, r.code, r.body)
	entry := workload.Maps(r.object, "metadata", "managedFields")[0]
	require.Equal(t, "one", entry["manager"])
	require.Equal(t, "Apply", entry["operation"])
	require.Equal(t, began.Format(time.RFC3339), entry["time"], "the cluster's time, not the machine's")
	require.NotNil(t, workload.Dig(entry, "fieldsV1", "f:spec", "f:replicas"))

	r = s.ask("PATCH", deployments+"/web?fieldManager=two", deployment("web", 3), applyType)
	require.Equal(t, 409, r.code)
	require.Contains(t, r.text("message"), `Apply failed with 1 conflict: conflict with "one": .spec.replicas`)
	cause := workload.Maps(r.object, "details", "causes")[0]
	require.Equal(t, "FieldManagerConflict", cause["reason"])
	require.Equal(t, ".spec.replicas", cause["field"])
	require.Equal(t, 200, s.ask("PATCH", deployments+"/web?fieldManager=two&force=true", deployment("web", 3), applyType).code)

	version := s.ask("GET", deployments+"/web", "").text("metadata.resourceVersion")
	r = s.ask("PATCH", deployments+"/web?fieldManager=two", deployment("web", 3), applyType)
	require.Equal(t, version, r.text("metadata.resourceVersion"), "to apply the same again changes nothing")
	r = s.ask("PATCH", deployments+"/web?fieldManager=two", `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":3}}`, applyType)
	require.Equal(t, 200, r.code, r.body)
	require.Equal(t, "registry.example/web:1", workload.Text(workload.Maps(r.object, "spec", "template", "spec", "containers")[0], "image"))

	r = s.ask("PATCH", deployments+"/web", deployment("web", 3), applyType)
	require.Equal(t, 422, r.code)
	require.Contains(t, r.text("message"), "fieldManager: Required value: is required for apply patch")
	r = s.ask("PATCH", deployments+"/web?fieldManager=x", "a: [", applyType)
	require.Equal(t, 400, r.code)
	require.Contains(t, r.text("message"), "error decoding YAML")
}

// Who created an object is found in it: a run that lost the answer looks for that.
func TestOwnersOfOtherWrites(t *testing.T) {
	s := newSite(t)
	r := s.ask("POST", deployments+"?fieldManager=runbook-R1", deployment("web", 2), jsonType)
	require.Equal(t, 201, r.code)
	entry := workload.Maps(r.object, "metadata", "managedFields")[0]
	require.Equal(t, "runbook-R1", entry["manager"])
	require.Equal(t, "Update", entry["operation"])
	s.lock.Lock()
	s.store.SetNow(began.Add(time.Hour))
	s.lock.Unlock()
	r = s.ask("PATCH", deployments+"/web", `{"spec":{"replicas":4}}`, mergeType, "User-Agent: kubectl/v1.37 (linux)")
	owners := workload.Maps(r.object, "metadata", "managedFields")
	require.Len(t, owners, 2)
	for _, o := range owners {
		when := began
		if o["manager"] == "kubectl" {
			when = began.Add(time.Hour)
			require.NotNil(t, workload.Dig(o, "fieldsV1", "f:spec", "f:replicas"))
		}
		require.Equal(t, when.Format(time.RFC3339), o["time"], o["manager"])
	}
}

// The objects of a scenario have no owners. Who applies the first time gets the others' fields by force alone, as on a real server.
func TestApplyingWhatNobodyOwns(t *testing.T) {
	s := newSite(t)
	s.apply(deployment("web", 2))
	r := s.ask("PATCH", deployments+"/web", `{"spec":{"replicas":3}}`, mergeType)
	require.Nil(t, workload.Dig(r.object, "metadata", "managedFields"))
	r = s.ask("PATCH", deployments+"/web?fieldManager=me", deployment("web", 4), applyType)
	require.Equal(t, 409, r.code, r.body)
	require.Contains(t, r.text("message"), `conflict with "before-first-apply"`)
	r = s.ask("PATCH", deployments+"/web?fieldManager=me&force=true", deployment("web", 4), applyType)
	require.Equal(t, 200, r.code, r.body)
	require.Equal(t, int64(4), workload.Dig(r.object, "spec", "replicas"))
	require.Len(t, workload.Maps(r.object, "metadata", "managedFields"), 2)
}
