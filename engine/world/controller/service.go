package controller

import (
	"slices"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// syncService keeps the addresses of the pods that a service selects, in both forms in which Kubernetes publishes them.
func (c *Controllers) syncService(key store.Key, service Object) {
	if workload.Map(service, "spec", "selector") == nil || c.isTerminating(key.Namespace) {
		return
	}
	var pods []Object
	for _, pod := range c.podsIn(key.Namespace) {
		if selects(service, pod) && workload.Text(pod, "status", "podIP") != "" && !workload.IsFinished(pod) {
			pods = append(pods, pod)
		}
	}
	c.publish("endpointslices.discovery.k8s.io", c.slice(service, pods))
	c.publish("endpoints", endpoints(service, pods))
}

// publish stores an object that says where a service is, in the place of an older one.
func (c *Controllers) publish(resource string, o Object) {
	old := c.store.Get(store.KeyOf(resource, o))
	if old == nil {
		c.create(resource, o)
		return
	}
	c.store.Update(resource, workload.With(o, old["metadata"], "metadata"))
}

func (c *Controllers) slice(service Object, pods []Object) Object {
	list := []any{}
	for _, pod := range pods {
		serving, leaving := workload.IsReady(pod), workload.IsLeaving(pod)
		list = append(list, Object{
			"addresses":  []any{workload.Text(pod, "status", "podIP")},
			"conditions": Object{"ready": serving && !leaving, "serving": serving, "terminating": leaving},
			"nodeName":   workload.Text(pod, "spec", "nodeName"), "targetRef": target(pod),
		})
	}
	name := nameOf(service) + "-" + hashOf(uidOf(service), 0)[:5]
	return Object{
		"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "endpoints": list,
		"ports": ports(service, pods),
		"metadata": Object{
			"name": name, "generateName": nameOf(service) + "-", "namespace": namespaceOf(service),
			"ownerReferences": []any{workload.OwnerReference(service)},
			"labels": Object{
				"kubernetes.io/service-name": nameOf(service), "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
			},
		},
	}
}

func endpoints(service Object, pods []Object) Object {
	o := Object{
		"apiVersion": "v1", "kind": "Endpoints",
		"metadata": Object{"name": nameOf(service), "namespace": namespaceOf(service), "labels": Object{
			"endpoints.kubernetes.io/managed-by": "endpoint-controller",
		}},
	}
	var ready, others []any
	for _, pod := range pods {
		address := Object{
			"ip": workload.Text(pod, "status", "podIP"), "nodeName": workload.Text(pod, "spec", "nodeName"), "targetRef": target(pod),
		}
		switch {
		case workload.IsLeaving(pod):
		case workload.IsReady(pod):
			ready = append(ready, address)
		default:
			others = append(others, address)
		}
	}
	subset := Object{"ports": ports(service, pods)}
	if len(ready) > 0 {
		subset["addresses"] = ready
	}
	if len(others) > 0 {
		subset["notReadyAddresses"] = others
	}
	if len(subset) > 1 {
		o["subsets"] = []any{subset}
	}
	return o
}

func target(pod Object) Object {
	return Object{"kind": "Pod", "name": nameOf(pod), "namespace": namespaceOf(pod), "uid": uidOf(pod)}
}

// ports are a service's, as the pods have them.
func ports(service Object, pods []Object) []any {
	out := []any{}
	for _, port := range workload.Maps(service, "spec", "ports") {
		protocol := workload.Text(port, "protocol")
		if protocol == "" {
			protocol = "TCP"
		}
		number, known := portOf(port, pods)
		if !known {
			continue
		}
		out = append(out, Object{"name": workload.Text(port, "name"), "port": number, "protocol": protocol})
	}
	return out
}

// portOf resolves the name of a container's port.
func portOf(port Object, pods []Object) (int64, bool) {
	name := workload.Text(port, "targetPort")
	if name == "" {
		if n, ok := workload.Int(port, "targetPort"); ok {
			return n, true
		}
		return workload.Int(port, "port")
	}
	for _, pod := range pods {
		for _, k := range workload.Maps(pod, "spec", "containers") {
			all := workload.Maps(k, "ports")
			if i := slices.IndexFunc(all, func(p Object) bool { return p["name"] == name }); i >= 0 {
				return workload.Int(all[i], "containerPort")
			}
		}
	}
	return 0, false
}
