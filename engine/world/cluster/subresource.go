package cluster

import (
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
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
	if said := refusals[q.kind.canonical()+"/"+q.call.Subresource]; said != "" {
		return answer{}, apierrors.NewGenericServerResponse(http.StatusNotImplemented, q.call.Verb, q.kind.groupResource(), q.call.Name, said, 0, true)
	}
	return answer{}, noResource()
}

// refusals are what this server does not do and a real one does.
var refusals = map[string]string{
	"namespaces/finalize":   "the controllers of the simulated cluster end namespaces by themselves",
	"serviceaccounts/token": "the simulated cluster issues no tokens",
	"pods/attach":           "the simulated cluster attaches to nothing",
	"pods/portforward":      "the simulated cluster forwards no ports",
	"pods/proxy":            "the simulated cluster forwards no requests",
	"services/proxy":        "the simulated cluster forwards no requests",
	"nodes/proxy":           "the simulated cluster forwards no requests",
	"pods/binding":          "the scheduler of the simulated cluster binds pods by itself",
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
	return workload.WithoutNulls(o).(Object), nil
}

// metaText is a text in an object's metadata.
func metaText(o Object, field string) string { return workload.Text(o, "metadata", field) }
