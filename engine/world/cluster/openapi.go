package cluster

import (
	"net/http"
	"strings"
)

// The server has no schemas to show. What it says of itself as OpenAPI is what kubectl asks before it writes: that every kind can be
// patched, and that the server checks fields and makes dry runs.

// openAPI answers below /openapi/v3.
func (c *Cluster) openAPI(parts []string) answer {
	groups := map[string][]*kind{}
	for _, k := range c.kinds() {
		groups[k.root()] = append(groups[k.root()], k)
	}
	if len(parts) == 0 {
		paths := Object{}
		for root := range groups {
			paths[root] = Object{"serverRelativeURL": "/openapi/v3/" + root}
		}
		return answer{code: http.StatusOK, object: Object{"paths": paths}}
	}
	kinds := groups[strings.Join(parts, "/")]
	if kinds == nil {
		return notFound()
	}
	paths := Object{}
	for _, k := range kinds {
		path := "/" + k.root()
		if k.namespaced {
			path += "/namespaces/{namespace}"
		}
		paths[path+"/"+k.resource+"/{name}"] = Object{"patch": k.patchOperation()}
	}
	return answer{code: http.StatusOK, object: Object{
		"openapi": "3.0.0", "info": Object{"title": "Kubernetes", "version": c.version().GitVersion}, "paths": paths,
	}}
}

// root is where the resources of the kind's group are.
func (k *kind) root() string {
	if k.group == "" {
		return "api/" + k.version
	}
	return "apis/" + k.group + "/" + k.version
}

func (k *kind) patchOperation() Object {
	var parameters []any
	for _, name := range []string{"dryRun", "fieldManager", "fieldValidation", "force"} {
		schema := Object{"type": "string"}
		if name == "force" {
			schema["type"] = "boolean"
		}
		parameters = append(parameters, Object{"name": name, "in": "query", "schema": schema})
	}
	return Object{
		"parameters": parameters, "x-kubernetes-action": "patch",
		"x-kubernetes-group-version-kind": Object{"group": k.group, "version": k.version, "kind": k.name},
		"responses":                       Object{"200": Object{"description": "OK"}},
	}
}
