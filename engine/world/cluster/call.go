package cluster

import (
	"net/http"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/fields"
)

// A Call says what a request asks for, as rights and faults name it.
type Call struct {
	Verb        string // get, list, watch, create, update, patch, delete, deletecollection; of no resource: the method in small letters
	Group       string
	Version     string
	Resource    string // empty if the request is for no resource, such as /version
	Subresource string
	Namespace   string
	Name        string
	Path        string
}

// Canonical is the resource as rights and scenario files spell it: "pods", "deployments.apps".
func (c Call) Canonical() string {
	if c.Group == "" {
		return c.Resource
	}
	return c.Resource + "." + c.Group
}

// Mutates tells whether such a call may change something, unless it is a dry run.
func (c Call) Mutates() bool {
	return !slices.Contains([]string{"get", "list", "watch", "head", "options"}, c.Verb)
}

// Describe finds out what a request asks for. It follows kube-apiserver's RequestInfoFactory.
func Describe(r *http.Request) Call {
	c := Call{Verb: strings.ToLower(r.Method), Path: r.URL.Path}
	parts := splitPath(r.URL.Path)
	switch {
	case len(parts) >= 3 && parts[0] == "api":
		parts = parts[1:]
	case len(parts) >= 4 && parts[0] == "apis":
		c.Group, parts = parts[1], parts[2:]
	default:
		return c
	}
	c.Version, parts = parts[0], parts[1:]
	c.Verb = verbs[r.Method]
	byPath := parts[0] == "watch" && len(parts) > 1 // the obsolete /api/v1/watch/…
	if byPath {
		c.Verb, parts = "watch", parts[1:]
	}
	if parts[0] == "namespaces" && len(parts) > 1 {
		c.Namespace = parts[1]
		if len(parts) > 2 && parts[2] != "status" && parts[2] != "finalize" {
			parts = parts[2:]
		}
	}
	c.Resource = parts[0]
	if len(parts) > 1 {
		c.Name = parts[1]
	}
	if len(parts) > 2 && !byPath {
		c.Subresource = strings.Join(parts[2:3], "")
	}
	c.collection(r)
	return c
}

// verbs by method; any other method has none.
var verbs = map[string]string{
	http.MethodPost: "create", http.MethodGet: "get", http.MethodHead: "get", http.MethodPut: "update", http.MethodPatch: "patch",
	http.MethodDelete: "delete",
}

// collection corrects the verb of a call that names no object.
func (c *Call) collection(r *http.Request) {
	if c.Name != "" {
		return
	}
	switch c.Verb {
	case "get":
		c.Verb = "list"
		if isTrue(r.URL.Query()["watch"]) {
			c.Verb = "watch"
		}
		if selector, err := fields.ParseSelector(r.URL.Query().Get("fieldSelector")); err == nil {
			if name, ok := selector.RequiresExactMatch("metadata.name"); ok && len(content.IsPathSegmentName(name)) == 0 {
				c.Name = name
			}
		}
	case "delete":
		c.Verb = "deletecollection"
	}
}

// isTrue reads a flag of a query as the API server does: it is set unless it says no.
func isTrue(values []string) bool {
	return len(values) > 0 && values[0] != "false" && values[0] != "0"
}

func splitPath(path string) []string {
	path = strings.Trim(path, "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}
