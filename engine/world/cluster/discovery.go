package cluster

import (
	"net/http"
	"slices"
	"strings"

	apidiscovery "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
)

// outside answers for paths that are no resource.
func (c *Cluster) outside(q *request) (answer, error) {
	parts := splitPath(q.call.Path)
	if q.call.Verb != "get" && q.call.Verb != "head" {
		return notFound(), nil
	}
	switch {
	case len(parts) == 1 && slices.Contains([]string{"healthz", "livez", "readyz"}, parts[0]):
		return answer{code: http.StatusOK, text: "ok"}, nil
	case len(parts) == 1 && parts[0] == "version":
		return answer{code: http.StatusOK, object: c.version()}, nil
	case len(parts) == 1 && (parts[0] == "api" || parts[0] == "apis"):
		return c.groupsAnswer(q, parts[0]), nil
	case len(parts) == 2 && parts[0] == "api":
		return c.resourcesAnswer("", parts[1]), nil
	case len(parts) == 2 && parts[0] == "apis":
		return c.groupAnswer(parts[1]), nil
	case len(parts) == 3 && parts[0] == "apis":
		return c.resourcesAnswer(parts[1], parts[2]), nil
	case len(parts) >= 2 && parts[0] == "openapi" && parts[1] == "v3":
		return c.openAPI(parts[2:]), nil
	}
	return notFound(), nil
}

func (c *Cluster) version() version.Info {
	text := "v1.37.0"
	if s := c.cfg.Section; s.Version != "" {
		text = s.Version
	}
	parts := strings.SplitN(strings.TrimPrefix(text, "v"), ".", 3)
	info := version.Info{Major: parts[0], GitVersion: text, GitTreeState: "clean", GoVersion: "go1.26", Compiler: "gc", Platform: "linux/amd64"}
	if len(parts) > 1 {
		info.Minor = parts[1]
	}
	return info
}

// A served is one group in one version, with its resources as discovery lists them.
type served struct {
	group, version string
	resources      []metav1.APIResource
}

// served are all groups and versions, in the order in which kubectl prefers them.
func (c *Cluster) served() []served {
	var out []served
	add := func(group, version string, resources ...metav1.APIResource) {
		i := slices.IndexFunc(out, func(s served) bool { return s.group == group && s.version == version })
		if i < 0 {
			out = append(out, served{group: group, version: version})
			i = len(out) - 1
		}
		out[i].resources = append(out[i].resources, resources...)
	}
	for _, k := range c.kinds() {
		add(k.group, k.version, k.discovered()...)
	}
	add("authentication.k8s.io", "v1", reviewResource("SelfSubjectReview", false))
	add("authorization.k8s.io", "v1", reviewResource("LocalSubjectAccessReview", true), reviewResource("SelfSubjectAccessReview", false),
		reviewResource("SelfSubjectRulesReview", false), reviewResource("SubjectAccessReview", false))
	for _, name := range []string{"nodes", "pods"} {
		k := measured[name]
		add(k.group, k.version, metav1.APIResource{Name: name, Kind: k.name, Namespaced: k.namespaced, Verbs: []string{"get", "list"}})
	}
	return out
}

func reviewResource(kind string, namespaced bool) metav1.APIResource {
	return metav1.APIResource{
		Name: strings.ToLower(kind) + "s", SingularName: strings.ToLower(kind), Kind: kind, Namespaced: namespaced, Verbs: []string{"create"},
	}
}

var allVerbs = []string{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}

// discovered is a kind as discovery lists it, with its subresources.
func (k *kind) discovered() []metav1.APIResource {
	of := metav1.APIResource{
		Name: k.resource, SingularName: k.singular(), Kind: k.name, Namespaced: k.namespaced, ShortNames: k.short, Verbs: allVerbs,
		Categories: k.categories(),
	}
	if !k.collectively() {
		of.Verbs = slices.DeleteFunc(slices.Clone(allVerbs), func(v string) bool { return v == "deletecollection" })
	}
	out := []metav1.APIResource{of}
	part := func(name, kind, group, version string, verbs ...string) {
		out = append(out, metav1.APIResource{
			Name: k.resource + "/" + name, Kind: kind, Group: group, Version: version, Namespaced: k.namespaced, Verbs: verbs,
		})
	}
	if k.is(statusTrait) {
		part("status", k.name, "", "", "get", "patch", "update")
	}
	if k.scale != nil {
		part("scale", "Scale", "autoscaling", "v1", "get", "patch", "update")
	}
	if k.canonical() == "pods" {
		part("eviction", "Eviction", "policy", "v1", "create")
		part("exec", "PodExecOptions", "", "", "create", "get")
		part("log", "Pod", "", "", "get")
	}
	return out
}

// collectively tells whether objects of the kind can be deleted all at once.
func (k *kind) collectively() bool { return k.canonical() != "namespaces" }

func (k *kind) categories() []string {
	switch {
	case k.custom != nil:
		return k.custom.categories
	case k.is(inAllTrait):
		return []string{"all"}
	}
	return nil
}

// resourcesAnswer lists the resources of a group in a version.
func (c *Cluster) resourcesAnswer(group, version string) answer {
	for _, s := range c.served() {
		if s.group == group && s.version == version {
			gv := schema.GroupVersion{Group: group, Version: version}
			return answer{code: http.StatusOK, object: metav1.APIResourceList{
				TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: gv.String(), APIResources: s.resources,
			}}
		}
	}
	return notFound()
}

// groupsAnswer lists the versions of the oldest group, which has no name, or all other groups.
func (c *Cluster) groupsAnswer(q *request, root string) answer {
	if q.form.as == "APIGroupDiscoveryList" {
		return answer{code: http.StatusOK, object: c.aggregated(root)}
	}
	if root == "api" {
		return answer{code: http.StatusOK, object: metav1.APIVersions{
			TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"},
			ServerAddressByClientCIDRs: []metav1.ServerAddressByClientCIDR{{ClientCIDR: "0.0.0.0/0", ServerAddress: q.http.Host}},
		}}
	}
	return answer{code: http.StatusOK, object: metav1.APIGroupList{
		TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}, Groups: c.groups(),
	}}
}

func (c *Cluster) groups() []metav1.APIGroup {
	var out []metav1.APIGroup
	for _, s := range c.served() {
		if s.group == "" {
			continue
		}
		version := metav1.GroupVersionForDiscovery{GroupVersion: s.group + "/" + s.version, Version: s.version}
		i := slices.IndexFunc(out, func(g metav1.APIGroup) bool { return g.Name == s.group })
		if i < 0 {
			out = append(out, metav1.APIGroup{Name: s.group, PreferredVersion: version})
			i = len(out) - 1
		}
		out[i].Versions = append(out[i].Versions, version)
	}
	return out
}

func (c *Cluster) groupAnswer(name string) answer {
	for _, g := range c.groups() {
		if g.Name == name {
			g.TypeMeta = metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"}
			return answer{code: http.StatusOK, object: g}
		}
	}
	return notFound()
}

// aggregated is all of discovery in one document, as newer clients ask for it.
func (c *Cluster) aggregated(root string) apidiscovery.APIGroupDiscoveryList {
	out := apidiscovery.APIGroupDiscoveryList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupDiscoveryList", APIVersion: "apidiscovery.k8s.io/v2"}}
	for _, s := range c.served() {
		if (s.group == "") != (root == "api") {
			continue
		}
		i := slices.IndexFunc(out.Items, func(g apidiscovery.APIGroupDiscovery) bool { return g.Name == s.group })
		if i < 0 {
			out.Items = append(out.Items, apidiscovery.APIGroupDiscovery{ObjectMeta: metav1.ObjectMeta{Name: s.group}})
			i = len(out.Items) - 1
		}
		out.Items[i].Versions = append(out.Items[i].Versions, s.aggregated())
	}
	return out
}

func (s served) aggregated() apidiscovery.APIVersionDiscovery {
	out := apidiscovery.APIVersionDiscovery{Version: s.version, Freshness: apidiscovery.DiscoveryFreshnessCurrent}
	for _, r := range s.resources {
		gvk := metav1.GroupVersionKind{Group: s.group, Version: s.version, Kind: r.Kind}
		if r.Version != "" {
			gvk.Group, gvk.Version = r.Group, r.Version
		}
		scope := apidiscovery.ScopeCluster
		if r.Namespaced {
			scope = apidiscovery.ScopeNamespace
		}
		if _, sub, ok := strings.Cut(r.Name, "/"); ok {
			of := &out.Resources[len(out.Resources)-1]
			of.Subresources = append(of.Subresources, apidiscovery.APISubresourceDiscovery{Subresource: sub, ResponseKind: &gvk, Verbs: r.Verbs})
			continue
		}
		out.Resources = append(out.Resources, apidiscovery.APIResourceDiscovery{
			Resource: r.Name, ResponseKind: &gvk, Scope: scope, SingularResource: r.SingularName, Verbs: r.Verbs, ShortNames: r.ShortNames,
			Categories: r.Categories,
		})
	}
	return out
}
