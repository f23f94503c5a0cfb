package cluster

import (
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"runbook/engine/workload"
)

// A form is how a client wants its answer.
type form struct {
	yaml  bool
	as    string // Table, PartialObjectMetadata, PartialObjectMetadataList, or the discovery document; empty for the object itself
	group string
	ver   string
	now   time.Time // for ages in a table
}

// negotiate finds the first form of an Accept header that this server has. Nothing, and anything, is JSON.
func negotiate(accept string) (form, error) {
	if strings.TrimSpace(accept) == "" {
		return form{}, nil
	}
	for clause := range strings.SplitSeq(accept, ",") {
		media, params, err := mime.ParseMediaType(clause)
		if err != nil {
			continue
		}
		f := form{as: params["as"], group: params["g"], ver: params["v"]}
		switch media {
		case "application/json", "application/*", "*/*":
		case "application/yaml":
			f.yaml = true
		default:
			continue
		}
		if f.known() {
			return f, nil
		}
	}
	return form{}, unrouted(http.StatusNotAcceptable, "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, "+
		"application/json;stream=watch")
}

func (f form) known() bool {
	switch f.as {
	case "":
		return true
	case "PartialObjectMetadata", "PartialObjectMetadataList", "Table":
		return f.group == "meta.k8s.io" && f.ver == "v1"
	case "APIGroupDiscoveryList":
		return f.group == "apidiscovery.k8s.io" && f.ver == "v2"
	}
	return false
}

func (f form) contentType() string {
	media := "application/json"
	if f.yaml {
		media = "application/yaml"
	}
	if f.as == "APIGroupDiscoveryList" {
		media += ";g=" + f.group + ";v=" + f.ver + ";as=" + f.as
	}
	return media
}

func (f form) partial() bool { return strings.HasPrefix(f.as, "PartialObjectMetadata") }

// one is an object in that form.
func (f form) one(k *kind, o Object) any {
	o = k.serving(o)
	switch {
	case f.partial():
		return partial(o)
	case f.as == "Table":
		return table(k, []Object{o}, listMeta{ResourceVersion: workload.Text(o, "metadata", "resourceVersion")}, f.now)
	}
	return o
}

// many is a list of objects in that form.
func (f form) many(k *kind, items []Object, meta listMeta) any {
	if k.custom != nil {
		items = mapped(items, k.serving)
	}
	switch {
	case f.partial():
		return list{metav1.TypeMeta{Kind: "PartialObjectMetadataList", APIVersion: "meta.k8s.io/v1"}, meta, mapped(items, partial)}
	case f.as == "Table":
		return table(k, items, meta, f.now)
	}
	if k.custom == nil {
		items = mapped(items, untyped)
	}
	return list{metav1.TypeMeta{Kind: k.listName(), APIVersion: k.groupVersion().String()}, meta, items}
}

// listName is the kind of a list of such objects.
func (k *kind) listName() string {
	if k.custom != nil && k.custom.listKind != "" {
		return k.custom.listKind
	}
	return k.name + "List"
}

// A list is the answer to a list request.
type list struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        listMeta `json:"metadata"`
	Items           []Object `json:"items"`
}

type listMeta struct {
	ResourceVersion string `json:"resourceVersion"`
	Continue        string `json:"continue,omitempty"`
	Remaining       *int64 `json:"remainingItemCount,omitempty"`
}

func partial(o Object) Object {
	return Object{"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": o["metadata"]}
}

// untyped leaves out what the items of a list have in common.
func untyped(o Object) Object { return workload.With(workload.With(o, nil, "kind"), nil, "apiVersion") }

func mapped(items []Object, f func(Object) Object) []Object {
	out := slices.Clone(items)
	for i, o := range out {
		out[i] = f(o)
	}
	if out == nil {
		out = []Object{}
	}
	return out
}
