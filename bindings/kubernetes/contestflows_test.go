package kubernetes

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/workload"
)

// Who will undo what is written, on a site and in every way in which an object can tell.

func autoscalerNamed(name, namespace, target string, low, high float64) map[string]any {
	return map[string]any{
		"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": map[string]any{"name": name, "namespace": namespace},
		"spec": map[string]any{
			"minReplicas": low, "maxReplicas": high,
			"scaleTargetRef": map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "name": target},
		},
	}
}

// make creates an object past the module, so that a dry run's own requests are read-only.
func (s *site) make(resource string, manifest map[string]any) {
	s.Helper()
	got := s.ask(s.Context(), "admin", call{method: "POST", path: mustBuiltin(resource).path(s.namespace, ""), body: toRaw(s.T, manifest)})
	require.Equal(s, http.StatusCreated, got.code, string(got.body))
}

// Autoscalers and GitOps are seen where they are, and where the run only intends them to be.
func flowDryContested(s *site) {
	in := opts("namespace", s.namespace)
	s.make("deployments", deploymentNamed("web", s.namespace, 2))
	s.make("horizontalpodautoscalers", autoscalerNamed("web-load", s.namespace, "web", 2, 4))
	s.make("horizontalpodautoscalers", autoscalerNamed("other", s.namespace, "other", 1, 9))
	git := deploymentNamed("kept", s.namespace, 1)
	git["metadata"].(map[string]any)["labels"] = map[string]any{
		"kustomize.toolkit.fluxcd.io/name": "shop", "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
	}
	delete(git["spec"].(map[string]any), "replicas")
	got := s.ask(s.Context(), "admin", call{
		method: "PATCH", path: s.in("deployments/kept") + "?fieldManager=kustomize-controller", contentType: patchTypes["apply"], body: toRaw(s.T, git),
	})
	require.Equal(s, http.StatusCreated, got.code, string(got.body))

	d := s.driver("admin", true)
	require.Equal(s, []string{"the autoscaler web-load (2 to 4 replicas) will bring it back to 4: raise the maximum instead"},
		d.predict("scale", "deployment/web", float64(6), in).Warnings)
	require.Equal(s, []string{"the autoscaler web-load (2 to 4 replicas) will change it again as its metrics ask: to keep 3, set the minimum to it"},
		d.predict("scale", "deployment/web", float64(3), in).Warnings, "also what is only intended")
	d.predict("patch", "hpa/web-load", object{"spec": object{"minReplicas": 5.0, "maxReplicas": 9.0}}, in)
	require.Equal(s, []string{"the autoscaler web-load (5 to 9 replicas) will bring it back to 5: lower the minimum instead"},
		d.predict("patch", "deployment/web", object{"spec": object{"replicas": 1.0}}, in).Warnings)
	require.Equal(s, []string{"the autoscaler web-load (5 to 9 replicas) does nothing while 0 are wanted, and scales again once somebody wants more"},
		d.predict("scale", "deployment/web", float64(0), in).Warnings)
	require.Empty(s, d.predict("patch", "deployment/web", withImage("registry.example/web:2"), in).Warnings)
	d.predict("delete", "hpa/web-load", in)
	require.Empty(s, d.predict("scale", "deployment/web", float64(3), in).Warnings)

	flux := ": change it in Git, or suspend it first: flux suspend kustomization shop -n flux-system"
	require.Equal(s, []string{"Flux (Kustomization shop) keeps " + webImage + " and will put it back" + flux},
		d.predict("patch", "deployment/kept", withImage("registry.example/web:2"), in).Warnings)
	require.Empty(s, d.predict("scale", "deployment/kept", float64(3), in).Warnings, "what the tool does not say, it does not restore")
	require.Empty(s, d.predict("label", "deployment/kept", object{"mine": "1"}, in).Warnings)
	require.Equal(s, []string{"Flux (Kustomization shop) will create it again" + flux}, d.predict("delete", "deployment/kept", in).Warnings)

	d = s.driver("admin", true)
	var set object
	s.eventually(func() bool {
		sets := d.list("rs", opts("namespace", s.namespace, "selector", "app=web"))
		if len(sets) == 1 {
			set, _ = decode(sets[0])
		}
		return set != nil
	})
	require.Equal(s, []string{"it is made from the Deployment web, whose controller may put spec.replicas back: change that instead"},
		d.predict("scale", "rs/"+nameOf(set), float64(5), in).Warnings)
}

// An autoscaler of a kind that most clusters do not have decides what containers request.
func flowVerticalAutoscalers(s *site) {
	in := opts("namespace", s.namespace)
	s.make("deployments", deploymentNamed("web", s.namespace, 1))
	limits := func(of string) object {
		return object{"spec": object{"template": object{"spec": object{"containers": []any{object{"name": "web", "resources": object{of: object{"memory": "96Mi"}}}}}}}}
	}
	d := s.driver("admin", false)
	d.apply("delete", "crd/verticalpodautoscalers.autoscaling.k8s.io")
	s.until(d, "crd/verticalpodautoscalers.autoscaling.k8s.io", opts("condition", "deleted"))
	require.Empty(s, s.driver("admin", true).predict("patch", "deployment/web", limits("limits"), in).Warnings, "where there is no such kind")
	d.apply("create", definition("autoscaling.k8s.io", "VerticalPodAutoscaler", "verticalpodautoscaler", "vpa"))
	scaler := func(name, target string, spec object) object {
		spec["targetRef"] = object{"apiVersion": "apps/v1", "kind": "Deployment", "name": target}
		return object{"apiVersion": "autoscaling.k8s.io/v1", "kind": "VerticalPodAutoscaler", "metadata": object{"name": name, "namespace": s.namespace}, "spec": spec}
	}
	s.eventually(func() bool {
		_, err := d.act("create", scaler("other", "other", object{})).Apply(s.Context(), action.Prediction{})
		return err == nil
	})
	for _, c := range []struct {
		name             string
		spec             object
		limits, requests bool
	}{
		{"whole", object{}, true, true},
		{"off", object{"updatePolicy": object{"updateMode": "Off"}}, false, false},
		{"requests", object{"resourcePolicy": object{"containerPolicies": []any{object{"containerName": "*", "controlledValues": "RequestsOnly"}}}}, false, true},
		{"others", object{"resourcePolicy": object{"containerPolicies": []any{object{"containerName": "web", "mode": "Off"}, object{"containerName": "*"}}}}, false, false},
	} {
		d.apply("create", scaler("of-web", "web", c.spec))
		for of, warned := range map[string]bool{"limits": c.limits, "requests": c.requests} {
			want := []string{`the vertical autoscaler of-web gives the pods other values than spec.template.spec.containers[name="web"].resources.` + of +
				`.memory: change its resourcePolicy instead`}
			if !warned {
				want = nil
			}
			require.ElementsMatch(s, want, s.driver("admin", true).predict("patch", "deployment/web", limits(of), in).Warnings, "%s: %s", c.name, of)
		}
		d.apply("delete", "vpa/of-web", in)
	}
	require.Empty(s, s.driver("admin", true).predict("patch", "deployment/web", withImage("registry.example/web:2"), in).Warnings)
	d.apply("delete", "crd/verticalpodautoscalers.autoscaling.k8s.io")
}

// marked is a config map with one mark on it, and one field of it owned by a manager if one is named.
func marked(kind, name, value, manager string) object {
	o := object{
		"apiVersion": "v1", "kind": "ConfigMap", "data": object{"a": "1", "b": "1"}, "spec": object{},
		"metadata": object{"name": "web", "namespace": "shop", "uid": "u", kind: object{name: value}},
	}
	if manager != "" {
		o["metadata"].(object)["managedFields"] = []any{object{
			"manager": manager, "operation": "Update", "fieldsV1": object{"f:data": object{"f:a": object{}}},
		}}
	}
	return o
}

func TestWhoReconciles(t *testing.T) {
	argo := "argocd.argoproj.io/tracking-id"
	for _, c := range []struct {
		o          object
		a, b, gone string // what is said of a change of a, of b, and of a deletion
	}{
		{
			marked("annotations", argo, "shop:/ConfigMap:shop/web", "argocd-controller"),
			"Argo CD (application shop) keeps data.a and will put it back: change it in Git, or suspend its sync first: argocd app set shop --sync-policy none", "",
			"Argo CD (application shop) will create it again: change it in Git, or suspend its sync first: argocd app set shop --sync-policy none",
		},
		{
			marked("annotations", argo, "shop:/ConfigMap:shop/web", ""),
			"Argo CD (application shop) keeps this object and may put data.a back: change it in Git, or suspend its sync first: argocd app set shop --sync-policy none",
			"Argo CD (application shop) keeps this object and may put data.b back: change it in Git, or suspend its sync first: argocd app set shop --sync-policy none",
			"Argo CD (application shop) will create it again: change it in Git, or suspend its sync first: argocd app set shop --sync-policy none",
		},
		{marked("annotations", argo, "shop:apps/Deployment:shop/web", ""), "", "", ""}, // copied from another object
		{marked("labels", "app.kubernetes.io/instance", "shop", ""), "", "", ""},
		{
			marked("labels", "app.kubernetes.io/instance", "shop", "argocd-controller"),
			"Argo CD (application shop) keeps data.a and will put it back: change it in Git, or suspend its sync first: argocd app set shop --sync-policy none", "",
			"Argo CD (application shop) will create it again: change it in Git, or suspend its sync first: argocd app set shop --sync-policy none",
		},
		{
			marked("labels", "helm.toolkit.fluxcd.io/name", "shop", "helm-controller"),
			"Flux (HelmRelease shop) keeps data.a and will put it back: change it in Git, or suspend it first: flux suspend helmrelease shop", "",
			"Flux (HelmRelease shop) will create it again: change it in Git, or suspend it first: flux suspend helmrelease shop",
		},
		{
			marked("annotations", "configmanagement.gke.io/managed", "enabled", "configsync"),
			"Config Sync (its repository) keeps data.a and will put it back: change it in Git", "",
			"Config Sync (its repository) will create it again: change it in Git",
		},
		{
			marked("annotations", "objectset.rio.cattle.io/id", "default-shop", "fleetagent"),
			"Fleet (object set default-shop) keeps data.a and will put it back: change it in Git, or pause its bundle first", "",
			"Fleet (object set default-shop) will create it again: change it in Git, or pause its bundle first",
		},
		{
			marked("annotations", "none", "x", "kustomize-controller"),
			"Flux keeps data.a and will put it back: change it in Git, or suspend it first: flux suspend kustomization NAME", "",
			"Flux will create it again: change it in Git, or suspend it first: flux suspend kustomization NAME",
		},
		{marked("annotations", "none", "x", "kubectl"), "", "", ""},
	} {
		one := func(s string) []string {
			if s == "" {
				return nil
			}
			return []string{s}
		}
		for field, want := range map[string]string{"a": c.a, "b": c.b} {
			after := workload.With(c.o, "2", "data", field)
			require.Equal(t, one(want), contest{before: c.o, after: after, paths: written(c.o, after, "")}.reconcilers())
		}
		require.Equal(t, one(c.gone), contest{before: c.o}.reconcilers())
	}
}

func TestWhoOwns(t *testing.T) {
	fields := object{"f:spec": object{
		"f:atomic": object{}, "f:list": object{`k:{"name":"x"}`: object{".": object{}, "f:image": object{}}},
	}}
	for text, want := range map[string]bool{
		"spec.atomic.inner": true, "spec.atomic": true, `spec.list[name="x"].image`: true, `spec.list[name="x"]`: true, "spec": true,
		`spec.list[name="x"].args`: false, `spec.list[name="y"].image`: false, "spec.other": false, "data": false,
	} {
		path, err := parseFieldPath(text)
		require.NoError(t, err)
		require.Equal(t, want, owns(fields, path), text)
	}
}

// An operator restores what it made; of Kubernetes' own controllers that is a Deployment. KEDA makes autoscalers of its own.
func TestWhoMadeIt(t *testing.T) {
	owned := func(kind, apiVersion, owner string) object {
		return object{
			"apiVersion": "apps/v1", "kind": kind, "spec": object{"replicas": int64(1)},
			"metadata": object{"name": "x", "ownerReferences": []any{object{"apiVersion": apiVersion, "kind": owner, "name": "db", "controller": true}}},
		}
	}
	for _, c := range []struct {
		o    object
		path []string
		want int
	}{
		{owned("StatefulSet", "example.com/v1", "Database"), []string{"spec", "replicas"}, 1},
		{owned("StatefulSet", "example.com/v1", "Database"), []string{"metadata", "labels", "x"}, 0},
		{owned("Pod", "apps/v1", "ReplicaSet"), []string{"spec", "replicas"}, 0},
		{owned("Job", "batch/v1", "CronJob"), []string{"spec", "suspend"}, 0},
		{owned("ReplicaSet", "apps/v1", "Deployment"), []string{"spec", "replicas"}, 1},
	} {
		after := workload.With(c.o, int64(2), c.path...)
		require.Len(t, contest{before: c.o, after: after, paths: written(c.o, after, "")}.owner(), c.want, c.path)
	}
	require.Equal(t, []string{"it is made from the Database db, whose controller will make it again: change that instead"},
		contest{before: owned("StatefulSet", "example.com/v1", "Database")}.owner())
	require.Empty(t, contest{before: owned("Pod", "example.com/v1", "Database")}.owner(), "that is how it is restarted")
	keda := object{"metadata": object{"name": "h", "labels": object{"scaledobject.keda.sh/name": "web"}}, "spec": object{"maxReplicas": int64(4)}}
	require.Equal(t, "the autoscaler h (1 to 4 replicas) will bring it back to 4: raise the maximum of the ScaledObject web, from which it is made, instead", autoscales(keda, 7))
}

// A look that fails is a note; one that may succeed later is told for the gate to look again.
func TestALookForAutoscalersThatFails(t *testing.T) {
	for _, c := range []struct {
		answer http.HandlerFunc
		note   string
		again  bool
	}{
		{failure(403, "Forbidden", "no"), "you may not list horizontalpodautoscalers", false},
		{failure(429, "TooManyRequests", "slow down"), "slow down", true},
		{hangUp, "the connection was lost", true},
	} {
		s := &scaleServer{uid: "u1", replicas: 3}
		d, _ := stubbed(t, map[string]http.HandlerFunc{
			"GET " + webPath:              answerJSON(200, `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","uid":"u1"},"spec":{"replicas":3}}`),
			"GET " + webPath + "/scale":   s.read,
			"PATCH " + webPath + "/scale": (&scaleServer{uid: "u1", replicas: 3}).patch,
			"GET /apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers": c.answer,
		})
		p, err := d.act("scale", "deploy/web", float64(5)).Predict(t.Context(), d.view)
		require.NoError(t, err)
		require.Contains(t, p.Note, "whether an autoscaler changes it again is not known: ")
		require.Contains(t, p.Note, c.note)
		require.Equal(t, c.again, asError(t, p.Missed).Retryable)
		require.NotEmpty(t, p.Changes)
	}
}
