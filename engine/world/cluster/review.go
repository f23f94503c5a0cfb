package cluster

import (
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"runbook/engine/workload"
)

// virtual answers for what is no stored object: reviews and measurements. ok tells whether the call is for such a thing.
func (c *Cluster) virtual(q *request) (a answer, ok bool, err error) {
	answers := map[string]func(*request) (answer, error){
		"selfsubjectaccessreviews.authorization.k8s.io":  c.reviewAccess,
		"selfsubjectrulesreviews.authorization.k8s.io":   c.reviewRules,
		"subjectaccessreviews.authorization.k8s.io":      c.reviewOther,
		"localsubjectaccessreviews.authorization.k8s.io": c.reviewOther,
		"selfsubjectreviews.authentication.k8s.io":       c.reviewSelf,
	}
	f := answers[q.call.Canonical()]
	if f == nil && q.call.Group == metricsGroup {
		return c.usage(q)
	}
	if f == nil || q.call.Version != "v1" || q.call.Name != "" {
		return answer{}, false, nil
	}
	if q.call.Verb != "create" {
		return answer{}, true, noMethod()
	}
	a, err = f(q)
	return a, true, err
}

func (q *request) review() (Object, error) {
	o, err := decodeAny(q.http.Header.Get("Content-Type"), q.body)
	if err != nil {
		return nil, err
	}
	o["apiVersion"] = q.call.Group + "/" + q.call.Version
	return o, nil
}

// answered is a review with its answer.
func answered(o, status Object) answer {
	if workload.Map(o, "metadata") == nil {
		o = workload.With(o, Object{}, "metadata")
	}
	return answer{code: http.StatusCreated, object: workload.With(o, status, "status")}
}

// reviewAccess tells whether the caller may do something.
func (c *Cluster) reviewAccess(q *request) (answer, error) {
	o, err := q.review()
	if err != nil {
		return answer{}, err
	}
	return c.reviewed(o, q.user)
}

// reviewOther tells whether somebody else may.
func (c *Cluster) reviewOther(q *request) (answer, error) {
	o, err := q.review()
	if err != nil {
		return answer{}, err
	}
	return c.reviewed(o, user{workload.Text(o, "spec", "user"), textsOf(o, "spec", "groups")})
}

func (c *Cluster) reviewed(o Object, u user) (answer, error) {
	resource, path := workload.Map(o, "spec", "resourceAttributes"), workload.Map(o, "spec", "nonResourceAttributes")
	if (resource == nil) == (path == nil) {
		return answer{}, apierrors.NewInvalid(schema.GroupKind{Group: "authorization.k8s.io"}, "", field.ErrorList{
			field.Invalid(field.NewPath("spec"), nil, "exactly one of nonResourceAttributes or resourceAttributes must be specified"),
		})
	}
	call := Call{Verb: workload.Text(path, "verb"), Path: workload.Text(path, "path")}
	if resource != nil {
		call = Call{
			Verb: workload.Text(resource, "verb"), Group: workload.Text(resource, "group"), Version: workload.Text(resource, "version"),
			Resource: workload.Text(resource, "resource"), Subresource: workload.Text(resource, "subresource"),
			Namespace: workload.Text(resource, "namespace"), Name: workload.Text(resource, "name"),
		}
	}
	return answered(o, Object{"allowed": c.allows(u, call)}), nil
}

// reviewRules lists what the caller may do in a namespace.
func (c *Cluster) reviewRules(q *request) (answer, error) {
	o, err := q.review()
	if err != nil {
		return answer{}, err
	}
	namespace := workload.Text(o, "spec", "namespace")
	if namespace == "" {
		return answer{}, apierrors.NewBadRequest("no namespace on request")
	}
	resources := []any{Object{
		"verbs": []any{"create"}, "apiGroups": []any{"authorization.k8s.io"},
		"resources": []any{"selfsubjectaccessreviews", "selfsubjectrulesreviews"},
	}, Object{"verbs": []any{"create"}, "apiGroups": []any{"authentication.k8s.io"}, "resources": []any{"selfsubjectreviews"}}}
	paths := []any{}
	for _, path := range open {
		paths = append(paths, Object{"verbs": []any{"get"}, "nonResourceURLs": []any{path}})
	}
	for _, r := range c.rules(q.user, namespace) {
		if r["nonResourceURLs"] != nil {
			paths = append(paths, Object{"verbs": r["verbs"], "nonResourceURLs": r["nonResourceURLs"]})
		} else {
			resources = append(resources, r)
		}
	}
	return answered(o, Object{"resourceRules": resources, "nonResourceRules": paths, "incomplete": false}), nil
}

// reviewSelf tells who the caller is.
func (c *Cluster) reviewSelf(q *request) (answer, error) {
	o, err := q.review()
	if err != nil {
		return answer{}, err
	}
	groups := make([]any, len(q.user.groups))
	for i, g := range q.user.groups {
		groups[i] = g
	}
	return answered(o, Object{"userInfo": Object{"username": q.user.name, "groups": groups}}), nil
}
