package cluster

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"runbook/engine/workload"
)

func TestCreateGetUpdateDeleteWithTheTypedClient(t *testing.T) {
	s := newSite(t)
	maps := s.typed().CoreV1().ConfigMaps("shop")
	made, err := maps.Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "c"}, Data: map[string]string{"a": "1"},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	require.NotEmpty(t, made.UID)
	require.True(t, began.Equal(made.CreationTimestamp.Time))
	_, err = maps.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "c"}}, metav1.CreateOptions{})
	require.True(t, apierrors.IsAlreadyExists(err))
	require.EqualError(t, err, `configmaps "c" already exists`)

	stale := made.DeepCopy()
	made.Data["a"] = "2"
	made, err = maps.Update(t.Context(), made, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.Equal(t, "2", made.Data["a"])
	_, err = maps.Update(t.Context(), stale, metav1.UpdateOptions{})
	require.EqualError(t, err, `Operation cannot be fulfilled on configmaps "c": the object has been modified; please apply your changes to `+
		`the latest version and try again`)

	other := "11111111-2222-4333-8444-555555555555"
	err = maps.Delete(t.Context(), "c", metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(other)})
	require.True(t, apierrors.IsConflict(err), "%v", err)
	require.ErrorContains(t, err, "the UID in the precondition ("+other+") does not match the UID in record")
	require.NoError(t, maps.Delete(t.Context(), "c", metav1.DeleteOptions{DryRun: []string{"All"}}))
	require.NoError(t, maps.Delete(t.Context(), "c", metav1.DeleteOptions{}))
	_, err = maps.Get(t.Context(), "c", metav1.GetOptions{})
	require.EqualError(t, err, `configmaps "c" not found`)
	require.True(t, apierrors.IsNotFound(err))
}

func TestDryRunsStoreNothing(t *testing.T) {
	s := newSite(t)
	s.apply(deployment("web", 2), pod("p", `"nodeName":"n1",`))
	before := s.store.Revision()
	reacted := s.life.reacted
	for _, c := range []struct{ method, path, body, header string }{
		{"POST", deployments + "?dryRun=All", deployment("new", 1), jsonType},
		{"PUT", deployments + "/web?dryRun=All", deployment("web", 5), jsonType},
		{"PATCH", deployments + "/web?dryRun=All", `{"spec":{"replicas":5}}`, mergeType},
		{"PATCH", deployments + "/web/scale?dryRun=All", `{"spec":{"replicas":5}}`, mergeType},
		{"PATCH", deployments + "/web?dryRun=All&fieldManager=me&force=true", deployment("web", 5), "Content-Type: application/apply-patch+yaml"},
		{"PATCH", deployments + "/fresh?dryRun=All&fieldManager=me", deployment("fresh", 5), "Content-Type: application/apply-patch+yaml"},
		{"DELETE", deployments + "/web?dryRun=All", "", jsonType},
		{"DELETE", deployments + "/web", `{"kind":"DeleteOptions","apiVersion":"v1","dryRun":["All"]}`, jsonType},
		{"DELETE", pods + "/p", `{"dryRun":["All"]}`, jsonType},
		{"DELETE", pods + "?dryRun=All", "", jsonType},
	} {
		r := s.ask(c.method, c.path, c.body, c.header)
		require.Less(t, r.code, 300, "%s %s: %s", c.method, c.path, r.body)
		if c.method != "DELETE" {
			n, _ := workload.Int(r.object, "spec", "replicas")
			require.NotEqual(t, int64(2), n, "%s %s: %s", c.method, c.path, r.body)
		}
	}
	require.Equal(t, before, s.store.Revision())
	require.Equal(t, reacted, s.life.reacted)
	r := s.ask("DELETE", deployments+"/web?dryRun=All", `{}`, jsonType)
	require.Equal(t, 200, r.code)
	require.Equal(t, 404, s.ask("GET", deployments+"/web", "").code, "where there is a body, the query does not count")
	r = s.ask("POST", deployments+"?dryRun=Some", deployment("x", 1))
	require.Equal(t, 422, r.code)
	require.Equal(t, `CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"`, r.text("message"))
}

func TestScale(t *testing.T) {
	s := newSite(t)
	require.Equal(t, 201, s.ask("POST", deployments, deployment("web", 2), jsonType).code)
	r := s.ask("GET", deployments+"/web/scale", "")
	require.Equal(t, 200, r.code)
	require.Equal(t, "Scale", r.text("kind"))
	require.Equal(t, "app=web", r.text("status.selector"))
	uid := r.text("metadata.uid")
	require.NotEmpty(t, uid)

	r = s.ask("PATCH", deployments+"/web/scale?fieldManager=me", `{"metadata":{"uid":"`+uid+`"},"spec":{"replicas":4}}`, mergeType)
	require.Equal(t, 200, r.code, r.body)
	live := s.ask("GET", deployments+"/web", "").object
	require.Equal(t, int64(4), workload.Dig(live, "spec", "replicas"))
	require.Equal(t, int64(2), workload.Dig(live, "metadata", "generation"))
	owners := workload.Maps(live, "metadata", "managedFields")
	require.Equal(t, "scale", owners[len(owners)-1]["subresource"])

	r = s.ask("PATCH", deployments+"/web/scale", `{"metadata":{"uid":"other"},"spec":{"replicas":1}}`, mergeType)
	require.Equal(t, 409, r.code)
	require.Equal(t, `Operation cannot be fulfilled on deployments/scale.apps "web": Precondition failed: UID in precondition: other, `+
		`UID in object meta: `+uid, r.text("message"))
	r = s.ask("PATCH", deployments+"/web/scale", `{"metadata":{"resourceVersion":"1"},"spec":{"replicas":1}}`, mergeType)
	require.Equal(t, 409, r.code)
	require.Equal(t, "Conflict", r.text("reason"))
	r = s.ask("PATCH", deployments+"/web/scale", `{"spec":{"replicas":-1}}`, mergeType)
	require.Equal(t, 422, r.code)
	require.Equal(t, `Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0`, r.text("message"))
	require.Equal(t, 404, s.ask("GET", deployments+"/none/scale", "").code)
	r = s.ask("GET", "/api/v1/namespaces/shop/configmaps/x/scale", "")
	require.Equal(t, 404, r.code)

	scale, err := s.typed().AppsV1().Deployments("shop").GetScale(t.Context(), "web", metav1.GetOptions{})
	require.NoError(t, err)
	scale.Spec.Replicas = 0
	_, err = s.typed().AppsV1().Deployments("shop").UpdateScale(t.Context(), "web", scale, metav1.UpdateOptions{})
	require.NoError(t, err)
}

func TestDiscoveryAndTheDynamicClient(t *testing.T) {
	s := newSite(t)
	lists, err := s.typed().Discovery().ServerPreferredResources()
	require.NoError(t, err)
	found := map[string]bool{}
	for _, l := range lists {
		for _, r := range l.APIResources {
			found[l.GroupVersion+" "+r.Name] = true
		}
	}
	for _, name := range []string{"v1 pods", "apps/v1 deployments", "apiextensions.k8s.io/v1 customresourcedefinitions"} {
		require.True(t, found[name], name)
	}
	info, err := s.typed().Discovery().ServerVersion()
	require.NoError(t, err)
	require.Equal(t, "37", info.Minor)

	gvr := schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	o := &unstructured.Unstructured{Object: parse(t, deployment("web", 3))}
	made, err := s.dynamic().Resource(gvr).Namespace("shop").Create(t.Context(), o, metav1.CreateOptions{FieldManager: "me"})
	require.NoError(t, err)
	require.Equal(t, "RollingUpdate", workload.Text(made.Object, "spec", "strategy", "type"))
	require.Equal(t, "IfNotPresent", workload.Text(workload.Maps(made.Object, "spec", "template", "spec", "containers")[0], "imagePullPolicy"))
	all, err := s.dynamic().Resource(gvr).List(t.Context(), metav1.ListOptions{LabelSelector: "app in (web, x)"})
	require.NoError(t, err)
	require.Len(t, all.Items, 1)
}
