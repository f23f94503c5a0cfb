package cluster

import (
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// A user is who makes a request.
type user struct {
	name   string
	groups []string
}

// masters may do everything.
const masters = "system:masters"

var admin = user{"admin", []string{masters, authenticated}}

const authenticated = "system:authenticated"

// userOf is who the scenario says that the run is, or who it acts as.
func (c *Cluster) userOf(q *request) (user, error) {
	u := admin
	if s := c.cfg.Section; s.User != "" && s.User != admin.name {
		u = user{s.User, append(groupsOf(s.User), authenticated)}
	}
	header := q.http.Header
	as := header.Get("Impersonate-User")
	groups := header.Values("Impersonate-Group")
	if as == "" {
		if len(groups) > 0 {
			return u, apierrors.NewBadRequest("requested groups without impersonating a user")
		}
		return u, nil
	}
	for _, wanted := range impersonated(as, groups) {
		if err := c.authorize(u, wanted); err != nil {
			return u, err
		}
	}
	return user{as, append(append(groupsOf(as), groups...), authenticated)}, nil
}

// groupsOf are the groups that follow from a name: those of a service account.
func groupsOf(name string) []string {
	rest, ok := strings.CutPrefix(name, "system:serviceaccount:")
	namespace, _, complete := strings.Cut(rest, ":")
	if !ok || !complete {
		return nil
	}
	return []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace}
}

// impersonated are the rights that it takes to act as somebody.
func impersonated(as string, groups []string) []Call {
	calls := []Call{{Verb: "impersonate", Resource: "users", Name: as}}
	if rest, ok := strings.CutPrefix(as, "system:serviceaccount:"); ok {
		namespace, name, _ := strings.Cut(rest, ":")
		calls[0] = Call{Verb: "impersonate", Resource: "serviceaccounts", Namespace: namespace, Name: name}
	}
	for _, group := range groups {
		calls = append(calls, Call{Verb: "impersonate", Resource: "groups", Name: group})
	}
	return calls
}

// open are the paths that everybody who is known may read.
var open = []string{"/", "/healthz", "/livez", "/readyz", "/version", "/api", "/apis", "/openapi"}

// authorize refuses what a user may not do.
func (c *Cluster) authorize(u user, call Call) error {
	if c.allows(u, call) {
		return nil
	}
	return forbidden(u, call)
}

func forbidden(u user, call Call) error {
	what := fmt.Sprintf("cannot %s path %q", call.Verb, call.Path)
	if call.Resource != "" {
		resource := call.Resource
		if call.Subresource != "" {
			resource += "/" + call.Subresource
		}
		what = fmt.Sprintf("cannot %s resource %q in API group %q ", call.Verb, resource, call.Group)
		if call.Namespace == "" {
			what += "at the cluster scope"
		} else {
			what += fmt.Sprintf("in the namespace %q", call.Namespace)
		}
	}
	return apierrors.NewForbidden(schema.GroupResource{Group: call.Group, Resource: call.Resource}, call.Name, fmt.Errorf("User %q %s", u.name, what)) //nolint:staticcheck // the server's words
}

// allows evaluates roles and their bindings, as kube-apiserver does.
func (c *Cluster) allows(u user, call Call) bool {
	if slices.Contains(u.groups, masters) {
		return true
	}
	if call.Resource == "" {
		if call.Verb == "get" && slices.ContainsFunc(open, func(p string) bool { return call.Path == p || p != "/" && strings.HasPrefix(call.Path, p+"/") }) {
			return true
		}
	} else if isSelfReview(call) {
		return true
	}
	return slices.ContainsFunc(c.rules(u, call.Namespace), func(rule Object) bool { return covers(rule, call) })
}

// isSelfReview tells whether a call only asks who one is and what one may do.
func isSelfReview(call Call) bool {
	return call.Verb == "create" && slices.Contains([]string{
		"selfsubjectaccessreviews.authorization.k8s.io", "selfsubjectrulesreviews.authorization.k8s.io",
		"selfsubjectreviews.authentication.k8s.io",
	}, call.Canonical())
}

const rbac = ".rbac.authorization.k8s.io"

// rules are what a user's roles allow in a namespace: those that are bound there, and those that are bound everywhere.
func (c *Cluster) rules(u user, namespace string) []Object {
	var out []Object
	for _, binding := range c.store.List("clusterrolebindings"+rbac, "") {
		if u.bound(binding) {
			out = append(out, c.roleRules(binding)...)
		}
	}
	if namespace == "" {
		return out
	}
	for _, binding := range c.store.List("rolebindings"+rbac, namespace) {
		if u.bound(binding) {
			out = append(out, c.roleRules(binding)...)
		}
	}
	return out
}

func (c *Cluster) roleRules(binding Object) []Object {
	key := store.Key{Resource: "clusterroles" + rbac, Name: workload.Text(binding, "roleRef", "name")}
	if workload.Text(binding, "roleRef", "kind") == "Role" {
		key.Resource, key.Namespace = "roles"+rbac, namespaceOf(binding)
	}
	return workload.Maps(c.store.Get(key), "rules")
}

// bound tells whether a binding is for the user.
func (u user) bound(binding Object) bool {
	for _, s := range workload.Maps(binding, "subjects") {
		name := workload.Text(s, "name")
		switch workload.Text(s, "kind") {
		case "User":
			if name == u.name {
				return true
			}
		case "Group":
			if slices.Contains(u.groups, name) {
				return true
			}
		case "ServiceAccount":
			namespace := workload.Text(s, "namespace")
			if namespace == "" {
				namespace = namespaceOf(binding)
			}
			if u.name == "system:serviceaccount:"+namespace+":"+name {
				return true
			}
		}
	}
	return false
}

// covers tells whether a rule allows a call.
func covers(rule Object, call Call) bool {
	has := func(field, wanted string) bool {
		list := textsOf(rule, field)
		return slices.Contains(list, "*") || slices.Contains(list, wanted)
	}
	if !has("verbs", call.Verb) {
		return false
	}
	if call.Resource == "" {
		return slices.ContainsFunc(textsOf(rule, "nonResourceURLs"), func(url string) bool {
			prefix, open := strings.CutSuffix(url, "*")
			return url == call.Path || open && strings.HasPrefix(call.Path, prefix)
		})
	}
	names := textsOf(rule, "resourceNames")
	return has("apiGroups", call.Group) && coversResource(textsOf(rule, "resources"), call) && (len(names) == 0 || slices.Contains(names, call.Name))
}

func coversResource(resources []string, call Call) bool {
	wanted := call.Resource
	if call.Subresource != "" {
		wanted += "/" + call.Subresource
	}
	return slices.ContainsFunc(resources, func(r string) bool {
		return r == "*" || r == wanted || call.Subresource != "" && r == "*/"+call.Subresource
	})
}
