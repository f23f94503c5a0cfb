//go:build lab

package kubernetes

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"runbook/bindings/kubernetes/printers"
)

// What row shows is what the server prints: its own tables, which kubectl shows, have the same cells.
func TestLabRowsAreTheServersTables(t *testing.T) {
	s := labSite(t, labFolder(t))
	s.begin()
	template := object{
		"metadata": object{"labels": object{"app": "web"}},
		"spec":     object{"restartPolicy": "Never", "containers": []any{object{"name": "a", "image": "a:1"}, object{"name": "b", "image": "b:2"}}},
	}
	always := object{"metadata": template["metadata"], "spec": object{"containers": []any{object{"name": "a", "image": "a:1"}}}}
	selector := object{"matchLabels": object{"app": "web"}}
	for _, made := range []struct {
		kind string
		o    object
	}{
		{"jobs", object{"spec": object{"parallelism": 2, "template": template}}},
		{"cronjobs", object{"spec": object{"schedule": "0 3 * * *", "timeZone": "Etc/UTC", "suspend": true, "jobTemplate": object{"spec": object{"template": template}}}}},
		{"deployments", object{"spec": object{"replicas": 1, "selector": selector, "template": always}}},
		{"statefulsets", object{"spec": object{"replicas": 1, "serviceName": "web", "selector": selector, "template": always}}},
		{"daemonsets", object{"spec": object{"selector": selector, "template": object{
			"metadata": always["metadata"], "spec": object{"nodeSelector": object{"nowhere": "yes"}, "containers": []any{object{"name": "a", "image": "a:1"}}},
		}}}},
		{"services", object{"spec": object{"type": "NodePort", "selector": object{"app": "web"}, "ports": []any{object{"port": 80}}}}},
		{"persistentvolumeclaims", object{"spec": object{"accessModes": []any{"ReadWriteOnce"}, "resources": object{"requests": object{"storage": "1Gi"}}}}},
		{"ingresses", object{"spec": object{
			"tls":   []any{object{"hosts": []any{"a.example"}}},
			"rules": []any{object{"host": "a.example", "http": object{"paths": []any{object{"path": "/", "pathType": "Prefix", "backend": object{"service": object{"name": "web", "port": object{"number": 80}}}}}}}},
		}}},
		{"horizontalpodautoscalers", object{"spec": object{
			"scaleTargetRef": object{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "maxReplicas": 3,
			"metrics": []any{object{"type": "Resource", "resource": object{"name": "cpu", "target": object{"type": "Utilization", "averageUtilization": 70}}}},
		}}},
		{"poddisruptionbudgets", object{"spec": object{"minAvailable": "50%", "selector": selector}}},
		{"configmaps", object{"data": object{"a": "1"}, "binaryData": object{"b": "AA=="}}},
		{"secrets", object{"stringData": object{"a": "long enough to be a secret"}}},
		{"leases", object{"spec": object{"holderIdentity": "me"}}},
		{"resourcequotas", object{"spec": object{"hard": object{"pods": "100", "limits.memory": "1Ti", "requests.cpu": "90"}}}},
		{"limitranges", object{"spec": object{"limits": []any{object{"type": "Container", "max": object{"memory": "1Gi"}}}}}},
		{"networkpolicies", object{"spec": object{"podSelector": selector}}},
		{"roles", object{"rules": []any{object{"verbs": []any{"get"}, "apiGroups": []any{""}, "resources": []any{"pods"}}}}},
		{"rolebindings", object{
			"roleRef": object{"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "of-roles"},
			"subjects": []any{
				object{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "me"}, object{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "you"},
				object{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "all"}, object{"kind": "ServiceAccount", "name": "default", "namespace": s.namespace},
			},
		}},
		{"endpointslices", object{
			"addressType": "IPv4", "ports": []any{object{"name": "a", "port": 80}, object{"name": "b"}},
			"endpoints": []any{object{"addresses": []any{"10.0.0.1"}}, object{"addresses": []any{"10.0.0.2"}}, object{"addresses": []any{"10.0.0.3"}}, object{"addresses": []any{"10.0.0.4"}}},
		}},
		{"endpoints", object{"subsets": []any{object{
			"addresses": []any{object{"ip": "10.0.0.1"}, object{"ip": "10.0.0.2"}}, "ports": []any{object{"name": "a", "port": 80}, object{"name": "b", "port": 81}},
		}}}},
	} {
		k := mustBuiltin(made.kind)
		made.o["apiVersion"], made.o["kind"], made.o["metadata"] = k.apiVersion(), k.name, object{"name": "of-" + made.kind, "namespace": s.namespace}
		got := s.ask(t.Context(), "admin", call{method: "POST", path: k.path(s.namespace, ""), body: toRaw(t, made.o)})
		require.Equal(t, http.StatusCreated, got.code, string(got.body))
	}
	d := s.driver("admin", true)
	s.eventually(func() bool { return len(d.list("pods", opts("namespace", s.namespace))) > 2 })
	for _, kind := range []string{
		"pods", "jobs", "cronjobs", "deployments", "replicasets", "statefulsets", "daemonsets", "services", "ingresses", "persistentvolumeclaims",
		"horizontalpodautoscalers", "poddisruptionbudgets", "configmaps", "secrets", "leases", "events", "nodes", "namespaces",
		"resourcequotas", "limitranges", "networkpolicies", "roles", "rolebindings", "clusterroles", "clusterrolebindings", "priorityclasses",
		"endpoints", "endpointslices",
	} {
		t.Run(kind, func(t *testing.T) { sameCells(t, s, d, mustBuiltin(kind)) })
	}
}

// sameCells compares all objects of a kind, until no other one came between the two looks.
func sameCells(t *testing.T, s *site, d driver, k kind) {
	var differ string
	compared := 0
	for range 20 {
		table := gjson.ParseBytes(s.ask(t.Context(), "admin", call{
			method: "GET", path: k.path(s.namespace, ""), header: http.Header{"Accept": {"application/json;as=Table;g=meta.k8s.io;v=v1"}},
		}).body)
		cells := map[string]map[string]string{}
		for _, row := range table.Get("rows").Array() {
			cells[row.Get("object.metadata.name").String()] = cellsOf(table, row)
		}
		differ, compared = "", 0
		for _, raw := range d.list(k.canonical(), opts("namespace", s.namespace)) {
			o, err := glance(raw)
			require.NoError(t, err)
			got := printers.Row(o, time.Now())
			for column, want := range cells[nameOf(o)] {
				compared++
				if got[column] != want {
					differ += fmt.Sprintf("%s of %s: %v, and the server says %s\n", column, nameOf(o), got[column], want)
				}
			}
		}
		if differ == "" {
			break
		}
		time.Sleep(300 * time.Millisecond)
	}
	require.Empty(t, differ)
	require.Positive(t, compared)
}

// passing are columns that may change between two looks.
var passing = []string{"age", "duration", "last_seen", "first_seen", "last_schedule"}

func cellsOf(table, row gjson.Result) map[string]string {
	out := map[string]string{}
	for i, column := range table.Get("columnDefinitions").Array() {
		name := strings.NewReplacer("-", "_", " ", "_", "port(s)", "ports").Replace(strings.ToLower(column.Get("name").String()))
		out[name] = row.Get(fmt.Sprintf("cells.%d", i)).String()
	}
	for _, name := range passing {
		delete(out, name)
	}
	return out
}
