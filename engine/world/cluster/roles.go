package cluster

// clusterRoles are the roles that every cluster has for people: what they allow is what matters of it to a runbook. The real ones list
// more kinds, in rules that other roles are aggregated into.
func clusterRoles() []Object {
	view := []any{
		rule("", read, "pods", "pods/log", "pods/status", "services", "services/status", "endpoints", "configmaps", "events", "serviceaccounts",
			"persistentvolumeclaims", "persistentvolumeclaims/status", "replicationcontrollers", "replicationcontrollers/scale",
			"replicationcontrollers/status", "limitranges", "resourcequotas", "resourcequotas/status", "namespaces", "namespaces/status",
			"bindings"),
		rule("apps", read, workloads...),
		rule("batch", read, "jobs", "jobs/status", "cronjobs", "cronjobs/status"),
		rule("autoscaling", read, "horizontalpodautoscalers", "horizontalpodautoscalers/status"),
		rule("policy", read, "poddisruptionbudgets", "poddisruptionbudgets/status"),
		rule("networking.k8s.io", read, "ingresses", "ingresses/status", "networkpolicies"),
		rule("discovery.k8s.io", read, "endpointslices"),
		rule("metrics.k8s.io", read, "pods", "nodes"),
	}
	edit := append(view[:len(view):len(view)],
		rule("", write, "pods", "services", "configmaps", "secrets", "serviceaccounts", "persistentvolumeclaims", "replicationcontrollers",
			"replicationcontrollers/scale", "events"),
		rule("", read, "secrets", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "services/proxy"),
		rule("", write, "pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "services/proxy"),
		rule("", []any{"create"}, "pods/eviction", "serviceaccounts/token"),
		rule("", []any{"impersonate"}, "serviceaccounts"),
		rule("apps", write, workloads...),
		rule("batch", write, "jobs", "cronjobs"),
		rule("autoscaling", write, "horizontalpodautoscalers"),
		rule("policy", write, "poddisruptionbudgets"),
		rule("networking.k8s.io", write, "ingresses", "networkpolicies"),
		rule("coordination.k8s.io", everyVerb, "leases"),
	)
	administer := append(edit[:len(edit):len(edit)],
		rule("rbac.authorization.k8s.io", everyVerb, "roles", "rolebindings"),
		rule("authorization.k8s.io", []any{"create"}, "localsubjectaccessreviews"),
	)
	return []Object{
		clusterRole("cluster-admin", []any{
			Object{"apiGroups": []any{"*"}, "resources": []any{"*"}, "verbs": []any{"*"}},
			Object{"nonResourceURLs": []any{"*"}, "verbs": []any{"*"}},
		}),
		clusterRole("admin", administer), clusterRole("edit", edit), clusterRole("view", view),
	}
}

var (
	read      = []any{"get", "list", "watch"}
	write     = []any{"create", "delete", "deletecollection", "patch", "update"}
	everyVerb = []any{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}
	workloads = []string{
		"controllerrevisions", "daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status", "replicasets",
		"replicasets/scale", "replicasets/status", "statefulsets", "statefulsets/scale", "statefulsets/status",
	}
)

func rule(group string, verbs []any, resources ...string) any {
	list := make([]any, len(resources))
	for i, r := range resources {
		list[i] = r
	}
	return Object{"apiGroups": []any{group}, "resources": list, "verbs": verbs}
}

func clusterRole(name string, rules []any) Object {
	return Object{
		"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": Object{"name": name, "labels": bootstrapping()},
		"rules": rules,
	}
}
