package cluster

import (
	"k8s.io/apimachinery/pkg/runtime"

	"runbook/engine/workload"
)

// subresource answers for a part of an object, or for something that is done with it.
func (c *Cluster) subresource(q *request) (answer, error) {
	switch name := q.call.Subresource; {
	case name == "status" && q.kind.is(statusTrait):
		return c.byVerb(q, routes{"get": c.get, "update": c.putStatus, "patch": c.patchStatus})
	case name == "scale" && q.kind.scale != nil:
		return c.byVerb(q, routes{"get": c.getScale, "update": c.putScale, "patch": c.patchScale})
	}
	if q.kind.canonical() == "pods" {
		switch q.call.Subresource {
		case "log":
			return c.byVerb(q, routes{"get": c.log})
		case "exec":
			return c.byVerb(q, routes{"get": c.exec, "create": c.exec})
		case "eviction":
			return c.byVerb(q, routes{"create": c.evict})
		}
	}
	return answer{}, noResource()
}

// routes are what the verbs of one path do.
type routes map[string]func(*request) (answer, error)

func (c *Cluster) byVerb(q *request, routes routes) (answer, error) {
	f := routes[q.call.Verb]
	if f == nil {
		return answer{}, noMethod()
	}
	return f(q)
}

func (c *Cluster) putStatus(q *request) (answer, error)   { return c.put(q, "status") }
func (c *Cluster) patchStatus(q *request) (answer, error) { return c.patch(q, "status") }

// fromMap reads decoded JSON into its Go type.
func fromMap(o Object, into any) error {
	if o == nil {
		o = Object{}
	}
	return runtime.DefaultUnstructuredConverter.FromUnstructured(o, into)
}

func toMap(from any) (Object, error) {
	o, err := runtime.DefaultUnstructuredConverter.ToUnstructured(from)
	if err != nil {
		return nil, err
	}
	return withoutNulls(o).(Object), nil
}

// metaText is a text in an object's metadata.
func metaText(o Object, field string) string { return workload.Text(o, "metadata", field) }
