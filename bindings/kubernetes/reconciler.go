package kubernetes

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"runbook/engine/workload"
)

// A reconciler is a tool that keeps objects as they stand in a repository or a chart, and puts back what differs.
type reconciler struct {
	name     string
	managers []string // as which it owns fields
	// source is from what the tool makes the object, as its marks on it tell; empty if it has none.
	source func(o object) string
	// instead is what to do, given the source.
	instead func(source string, o object) string
}

func (c contest) reconcilers() (warnings []string) {
	for _, r := range reconcilers {
		if w := r.warning(c); w != "" {
			warnings = append(warnings, w)
		}
	}
	return warnings
}

// warning is what the tool does about the change. Where the server knows which fields the tool owns, those alone count: what it does not
// say, it does not restore. Marks without fields of its own may have been copied, or the record of owners is not kept: then it may.
func (r reconciler) warning(c contest) string {
	source := r.source(c.before)
	fields := fieldsOwnedBy(c.before, r.managers)
	var disputed []fieldPath
	for _, path := range c.paths {
		if slices.ContainsFunc(fields, func(owned object) bool { return owns(owned, path) }) {
			disputed = append(disputed, path)
		}
	}
	who := r.name
	if source != "" {
		who += " (" + source + ")"
	}
	instead := ": " + r.instead(source, c.before)
	switch {
	case source == "" && len(fields) == 0:
		return ""
	case c.after == nil:
		return who + " will create it again" + instead
	case len(disputed) > 0:
		return who + " keeps " + spelt(disputed) + " and will put it back" + instead
	case len(fields) == 0 && len(c.specified()) > 0:
		return who + " keeps this object and may put " + spelt(c.specified()) + " back" + instead
	}
	return ""
}

var reconcilers = []reconciler{
	{
		name: "Argo CD", managers: []string{"argocd-controller", "argocd-application-controller"}, source: argoApplication,
		instead: func(source string, _ object) string {
			app := cmp.Or(strings.TrimPrefix(source, "application "), "APP")
			return "change it in Git, or suspend its sync first: argocd app set " + app + " --sync-policy none"
		},
	},
	{
		name: "Flux", managers: []string{"kustomize-controller"}, source: fluxSource("Kustomization", "kustomize.toolkit.fluxcd.io"),
		instead: fluxSuspend("kustomization", "kustomize.toolkit.fluxcd.io"),
	},
	{
		name: "Flux", managers: []string{"helm-controller"}, source: fluxSource("HelmRelease", "helm.toolkit.fluxcd.io"),
		instead: fluxSuspend("helmrelease", "helm.toolkit.fluxcd.io"),
	},
	{
		name: "Config Sync", managers: []string{"configsync"}, source: func(o object) string {
			if annotation(o, "configmanagement.gke.io/managed") != "enabled" {
				return ""
			}
			return cmp.Or(annotation(o, "configmanagement.gke.io/source-path"), "its repository")
		},
		instead: func(string, object) string { return "change it in Git" },
	},
	{
		name: "Fleet", managers: []string{"fleetagent", "fleet-agent"}, source: func(o object) string {
			if id := annotation(o, "objectset.rio.cattle.io/id"); id != "" {
				return "object set " + id
			}
			return ""
		},
		instead: func(string, object) string { return "change it in Git, or pause its bundle first" },
	},
}

// argoApplication is the application that an object belongs to. Its annotation names the object as well, because annotations get copied
// from one object to another.
func argoApplication(o object) string {
	app, rest, _ := strings.Cut(annotation(o, "argocd.argoproj.io/tracking-id"), ":")
	what, where, _ := strings.Cut(rest, ":")
	group, err := groupOf(workload.Text(o, "apiVersion"))
	if app != "" && err == nil && what == group+"/"+workload.Text(o, "kind") && strings.HasSuffix(where, "/"+nameOf(o)) {
		return "application " + app
	}
	instance := workload.Text(o, "metadata", "labels", "app.kubernetes.io/instance")
	if instance != "" && len(fieldsOwnedBy(o, []string{"argocd-controller", "argocd-application-controller"})) > 0 {
		return "application " + instance // many charts set this label, also without Argo CD
	}
	return ""
}

func fluxSource(kind, group string) func(object) string {
	return func(o object) string {
		name := workload.Text(o, "metadata", "labels", group+"/name")
		if name == "" || annotation(o, group+"/reconcile") == "disabled" {
			return ""
		}
		return kind + " " + name
	}
}

func fluxSuspend(word, group string) func(string, object) string {
	return func(_ string, o object) string {
		name := cmp.Or(workload.Text(o, "metadata", "labels", group+"/name"), "NAME")
		line := "change it in Git, or suspend it first: flux suspend " + word + " " + name
		if namespace := workload.Text(o, "metadata", "labels", group+"/namespace"); namespace != "" {
			line += " -n " + namespace
		}
		return line
	}
}

func annotation(o object, name string) string {
	return workload.Text(o, "metadata", "annotations", name)
}

// fieldsOwnedBy are the fields that managers own, as the server keeps record of them: "f:spec", below it "f:replicas".
func fieldsOwnedBy(o object, managers []string) (out []object) {
	for _, entry := range workload.Maps(o, "metadata", "managedFields") {
		fields := workload.Map(entry, "fieldsV1")
		if fields != nil && entry["subresource"] == nil && slices.Contains(managers, workload.Text(entry, "manager")) {
			out = append(out, fields)
		}
	}
	return out
}

// owns tells whether a field, or something in it, is among those that are owned. Where a list or a map is owned as a whole, so is all
// that is in it.
func owns(fields object, path fieldPath) bool {
	for _, step := range path {
		if len(fields) == 0 {
			return true
		}
		inner := workload.Map(fields, "f:"+step.name)
		if step.element {
			inner = ownedElement(fields, step.name)
		}
		if inner == nil {
			return false
		}
		fields = inner
	}
	return true
}

func ownedElement(fields object, name string) object {
	for key := range fields {
		var element object
		text, isElement := strings.CutPrefix(key, "k:")
		if isElement && json.Unmarshal([]byte(text), &element) == nil && element["name"] == name {
			return workload.Map(fields, key)
		}
	}
	return nil
}
