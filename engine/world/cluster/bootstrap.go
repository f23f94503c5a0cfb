package cluster

import (
	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// bootstrap makes what every cluster has from its beginning.
func (c *Cluster) bootstrap() {
	for _, name := range []string{"default", "kube-node-lease", "kube-public", "kube-system"} {
		c.provide("namespaces", Object{"apiVersion": "v1", "kind": "Namespace", "metadata": Object{"name": name}, "spec": activeSpec()})
	}
	for _, role := range clusterRoles() {
		c.provide("clusterroles.rbac.authorization.k8s.io", role)
	}
	c.provide("clusterrolebindings.rbac.authorization.k8s.io", Object{
		"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
		"metadata": Object{"name": "cluster-admin", "labels": bootstrapping()},
		"roleRef":  Object{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
		"subjects": []any{Object{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:masters"}},
	})
	c.provide("services", Object{
		"apiVersion": "v1", "kind": "Service",
		"metadata": Object{
			"name": "kubernetes", "namespace": "default", "labels": Object{"component": "apiserver", "provider": "kubernetes"},
		},
		"spec": Object{
			"clusterIP": "10.0.0.1", "clusterIPs": []any{"10.0.0.1"}, "ipFamilies": []any{"IPv4"}, "ipFamilyPolicy": "SingleStack",
			"ports": []any{Object{"name": "https", "port": int64(443), "protocol": "TCP", "targetPort": int64(6443)}},
		},
	})
}

// provide stores an object, unless it is there.
func (c *Cluster) provide(resource string, o Object) {
	if c.store.Get(store.KeyOf(resource, o)) == nil {
		c.store.Create(resource, c.store.Stamped(workload.Defaulted(o), false))
	}
}

func activeSpec() Object { return Object{"finalizers": []any{"kubernetes"}} }

func bootstrapping() Object { return Object{"kubernetes.io/bootstrapping": "rbac-defaults"} }
