package kubernetes

import (
	"context"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

// A marking is one of the two maps of texts in an object's metadata.
type marking struct {
	function, field string
	name, value     func(string) []string // what is wrong with a name, and with a value
}

var (
	labelling  = marking{"label", "labels", validation.IsQualifiedName, validation.IsValidLabelValue}
	annotating = marking{
		"annotate", "annotations", func(name string) []string { return validation.IsQualifiedName(strings.ToLower(name)) },
		func(string) []string { return nil },
	}
)

func (b *binding) labelFunc() module.Func {
	return b.markFunc(labelling, `Sets labels of one object, and removes those that are given as false.

A label that is there is overwritten. A pod whose labels its controller does not select any more is let go and replaced: that is how to set
a pod aside and look at it later.`,
		`kubernetes.label("pod/web-6d4cf56db6-x2x7p", { app = false, ["example.com/quarantined"] = "yes" }, { namespace = "shop" })`,
		`kubernetes.label("node/n1", { maintenance = "planned" })`)
}

func (b *binding) annotateFunc() module.Func {
	return b.markFunc(annotating, `Sets annotations of one object, and removes those that are given as false.

An annotation that is there is overwritten.`,
		`kubernetes.annotate("deployment/web", { ["kubernetes.io/change-cause"] = "memory doubled" }, { namespace = "shop" })`,
		`kubernetes.annotate("node/n1", { ["example.com/ticket"] = false })`)
}

func (b *binding) markFunc(m marking, doc string, examples ...string) module.Func {
	return module.Func{
		Name: m.function,
		Doc:  doc,
		Params: []module.Param{
			refParam(`"kind/name", or an object that came from the cluster`),
			{Name: m.field, Kind: module.Object, Required: true, Doc: "a text for each name, or false to remove it"},
			{Name: "options", Kind: module.Object, Doc: "where it is", Fields: []module.Param{namespaceParam}},
		},
		Returns:  module.Result{Type: "kubernetes.Object", Doc: "the object as it is then"},
		Errors:   writeErrors,
		Examples: examples,
		Risk:     action.Routine,
		Act:      func(args module.Args) (action.Action, error) { return b.newMarking(m, args) },
		FullKind: fullKind,
		Permits:  func(kind string) []action.Permission { return permissions(kind, "", "get", "patch") },
	}
}

func (b *binding) newMarking(m marking, args module.Args) (action.Action, error) {
	of, err := b.address(args, "")
	if err != nil {
		return nil, err
	}
	marks, err := m.marks(args[m.field])
	if err != nil {
		return nil, err
	}
	body := object{"metadata": object{m.field: marks}}
	return objectWrite{
		b: b, of: of, function: m.function, purpose: m.function, risk: action.Routine, again: true,
		identity: []action.Arg{{Name: m.field, Value: workload.Map(b.concealIn(of.kind, body), "metadata", m.field)}},
		draft:    func(context.Context, action.View, object) (patch, error) { return mergePatch(body), nil },
	}, nil
}

// marks are the names with their texts, or nil for one to be removed.
func (m marking) marks(v any) (object, error) {
	raw, err := rawObject(v)
	if err != nil {
		return nil, err
	}
	given, err := decode(raw)
	if err != nil {
		return nil, err
	}
	if len(given) == 0 {
		return nil, action.Errorf(action.CodeInvalid, `kubernetes.%s: say which %s, as in { owner = "me", old = false }`, m.function, m.field)
	}
	out := make(object, len(given))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if out[name], err = m.mark(name, given[name]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (m marking) mark(name string, value any) (any, error) {
	if wrong := m.name(name); len(wrong) > 0 {
		return nil, action.Errorf(action.CodeInvalid, "kubernetes.%s: %q cannot be the name of one of the %s: %s", m.function, name, m.field, strings.Join(wrong, "; "))
	}
	switch v := value.(type) {
	case string:
		if wrong := m.value(v); len(wrong) > 0 {
			return nil, action.Errorf(action.CodeInvalid, "kubernetes.%s: %s cannot be %q: %s", m.function, name, v, strings.Join(wrong, "; "))
		}
		return v, nil
	case bool:
		if !v {
			return nil, nil
		}
	}
	return nil, action.Errorf(action.CodeInvalid, "kubernetes.%s: %s must be a string, or false to remove it, not %s", m.function, name, action.Text(value)).
		Try("write it in quotes")
}
