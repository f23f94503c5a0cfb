package cluster

import (
	"net/http"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

const metricsGroup = "metrics.k8s.io"

// measured are the resources of the metrics server.
var measured = map[string]*kind{
	"pods":  {group: metricsGroup, version: "v1beta1", resource: "pods", name: "PodMetrics", namespaced: true},
	"nodes": {group: metricsGroup, version: "v1beta1", resource: "nodes", name: "NodeMetrics"},
}

// usage answers for what pods and nodes use. ok tells whether the call is for that.
func (c *Cluster) usage(q *request) (a answer, ok bool, err error) {
	k := measured[q.call.Resource]
	if k == nil || q.call.Group != metricsGroup || q.call.Version != k.version || q.call.Subresource != "" {
		return answer{}, false, nil
	}
	q.kind = k
	of := c.podUsage
	if k.resource == "nodes" {
		of = c.nodeUsage
	}
	switch q.call.Verb {
	case "get":
		o := c.store.Get(store.Key{Resource: k.resource, Namespace: q.call.Namespace, Name: q.call.Name})
		if o != nil {
			if m := of(o); m != nil {
				return q.found(http.StatusOK, m), true, nil
			}
		}
		name := q.call.Name
		if k.namespaced {
			name = q.call.Namespace + "/" + name
		}
		return answer{}, true, apierrors.NewNotFound(schema.GroupResource{Group: k.group, Resource: k.resource}, name)
	case "list":
		a, err := c.listUsage(q, of)
		return a, true, err
	}
	return answer{}, true, apierrors.NewMethodNotSupported(k.groupResource(), q.call.Verb)
}

func (c *Cluster) listUsage(q *request, of func(Object) Object) (answer, error) {
	opts, err := q.listOptions()
	if err != nil {
		return answer{}, err
	}
	chosen, err := q.kind.selector(opts, q.call)
	if err != nil {
		return answer{}, err
	}
	items := []Object{}
	for _, o := range c.store.List(q.kind.resource, q.call.Namespace) {
		if !chosen.matches(o) {
			continue
		}
		if m := of(o); m != nil {
			items = append(items, m)
		}
	}
	meta := listMeta{ResourceVersion: strconv.FormatInt(c.store.Revision(), 10)}
	return answer{code: http.StatusOK, object: q.form.many(q.kind, items, meta)}, nil
}

// podUsage is what a pod uses, shared out among its containers; nil if that was not measured yet.
func (c *Cluster) podUsage(pod Object) Object {
	cpu, memory, ok := c.cfg.Life.Usage(pod)
	names := containerNames(pod, "containers")
	if !ok || len(names) == 0 {
		return nil
	}
	shares := []any{}
	for i, name := range names {
		shares = append(shares, Object{"name": name, "usage": amounts(share(cpu, i, len(names)), share(memory, i, len(names)))})
	}
	o := c.measurement("PodMetrics", pod)
	o["containers"] = shares
	return o
}

// share is one of n parts of a quantity; the first has what cannot be divided.
func share(q resource.Quantity, i, n int) *resource.Quantity {
	milli := q.MilliValue()
	part := milli / int64(n)
	if i == 0 {
		part += milli % int64(n)
	}
	if q.Format == resource.BinarySI {
		return resource.NewQuantity(part/1000, q.Format)
	}
	return resource.NewMilliQuantity(part, q.Format)
}

// nodeUsage is what the pods on a node use.
func (c *Cluster) nodeUsage(node Object) Object {
	var cpu, memory resource.Quantity
	memory.Format = resource.BinarySI
	for _, pod := range c.store.List("pods", "") {
		if workload.Text(pod, "spec", "nodeName") != nameOf(node) {
			continue
		}
		if used, held, ok := c.cfg.Life.Usage(pod); ok {
			cpu.Add(used)
			memory.Add(held)
		}
	}
	o := c.measurement("NodeMetrics", node)
	o["usage"] = amounts(&cpu, &memory)
	return o
}

func amounts(cpu, memory *resource.Quantity) Object {
	return Object{"cpu": cpu.String(), "memory": memory.String()}
}

func (c *Cluster) measurement(kind string, of Object) Object {
	now := c.store.Now().UTC().Format(time.RFC3339)
	metadata := Object{"name": nameOf(of), "creationTimestamp": now}
	for _, field := range []string{"namespace", "labels"} {
		if v := workload.Dig(of, "metadata", field); v != nil {
			metadata[field] = v
		}
	}
	return Object{"kind": kind, "apiVersion": metricsGroup + "/v1beta1", "metadata": metadata, "timestamp": now, "window": "15s"}
}
