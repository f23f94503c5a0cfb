package kubernetes

import (
	"cmp"
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/fields"

	"runbook/bindings/kubernetes/printers"
	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

var eventFields = []module.Param{
	{Name: "namespace", Kind: module.String, Doc: "the namespace; without it the object's own, else the kubeconfig context's"},
	{Name: "all_namespaces", Kind: module.Boolean, Doc: "the events of every namespace"},
	{
		Name: "related", Kind: module.Boolean,
		Doc: "also those about what a workload's controllers made: a Deployment's replica sets and pods, those that are gone included",
	},
	{Name: "type", Kind: module.String, Enum: []string{"Normal", "Warning"}, Doc: `only these: "Normal" or "Warning"`},
	{Name: "reason", Kind: module.String, Doc: `only those with this reason: "BackOff", "FailedScheduling"`},
	{Name: "since", Kind: module.Duration, Doc: "only those seen within this time"},
}

func (b *binding) eventsFunc() module.Func {
	return module.Func{
		Name: "events",
		Doc: `Lists events, the latest last.

With an object, those about it; else those of a namespace. Events that say the same about the same object are put together: count is how
often it was said, firstTimestamp and lastTimestamp are when first and last, whichever way the cluster counts. row gives the columns that
kubectl prints.

A cluster forgets events, most after an hour. An object that exists only as this run intends has none.`,
		Params: []module.Param{
			{Name: "ref", Kind: module.Ref, Doc: `what they are about: "kind/name", or an object that came from the cluster. Without it write the options first`},
			{Name: "options", Kind: module.Object, Doc: "which events", Fields: eventFields},
		},
		Returns: module.Result{Type: "kubernetes.Object[]", Doc: "the events, in the order of when they were last seen"},
		Errors:  []action.Code{action.CodeForbidden, action.CodeUnavailable},
		Examples: []string{
			`for _, event in ipairs(kubernetes.events("deployment/web", { related = true, type = "Warning", since = "1h" })) do
  log({ event.lastTimestamp, event.reason, event.message })
end`,
			`local warnings = kubernetes.events({ all_namespaces = true, type = "Warning" })`,
		},
		Read: b.newEvents,
	}
}

// An eventsRead is one call of events.
type eventsRead struct {
	b       *binding
	of      address // what they are about; without a name nothing in particular
	events  address
	related bool
	kind    string // Warning
	reason  string
	since   time.Duration
	args    []action.Arg
}

func (b *binding) newEvents(args module.Args) (action.Read, error) {
	const function = "kubernetes.events"
	args, err := optionsFirst(function, args)
	if err != nil {
		return nil, err
	}
	r := eventsRead{b: b, related: args.Bool("related"), kind: args.String("type"), reason: args.String("reason")}
	r.since, _ = args.Duration("since")
	r.args = given(args, "related", "type", "reason")
	if args["ref"] != nil {
		if args.Bool("all_namespaces") {
			return nil, action.Errorf(action.CodeInvalid, "%s: events about one object are in one namespace: leave all_namespaces out", function)
		}
		if r.of, err = b.address(args, ""); err != nil {
			return nil, err
		}
	} else if r.related {
		return nil, action.Errorf(action.CodeInvalid, "%s: related says nothing without an object", function)
	}
	if args.Bool("all_namespaces") && args.String("namespace") != "" {
		return nil, action.Errorf(action.CodeInvalid, "%s: give a namespace or all_namespaces, not both", function)
	}
	// The server keeps events about what is in no namespace in "default".
	namespace := cmp.Or(args.String("namespace"), r.of.namespace)
	if r.of.name != "" && r.of.namespace == "" {
		namespace = "default"
	}
	if r.events, err = b.place("events", "", namespace); args.Bool("all_namespaces") {
		r.events.namespace = ""
	}
	return r, err
}

// optionsFirst reads a call without an object, whose first argument is the options.
func optionsFirst(function string, args module.Args) (module.Args, error) {
	first, ok := args["ref"].(map[string]any)
	if !ok || first["kind"] != nil || first["metadata"] != nil {
		return args, nil
	}
	return module.BindOptions(function, eventFields, first)
}

func (r eventsRead) Describe() action.Description {
	target, wanted := r.events.target(), []action.Permission{r.events.permission("list", "")}
	if r.of.name != "" {
		target = r.of.target()
	}
	return action.Description{Verb: "kubernetes.events", Target: target, Identity: r.args, Idempotent: true, Permissions: wanted}
}

func (r eventsRead) Read(ctx context.Context, view action.View) (any, error) {
	var about subjects
	if r.of.name != "" {
		var err error
		if r.of, err = r.b.resolved(ctx, r.of); err != nil {
			return nil, err
		}
		if r.of.namespace == "" {
			r.events.namespace = "default"
		}
		if about, err = r.subjects(ctx, view); err != nil || about == nil {
			return []json.RawMessage{}, err
		}
	}
	events, err := r.b.objects(ctx, view, listing{kind: r.events.kind, namespace: r.events.namespace, fields: r.selector()})
	if err != nil {
		return nil, err
	}
	events = slices.DeleteFunc(events, func(e object) bool { return !r.wants(ctx, e, about) })
	return encodeAll(together(events))
}

// selector lets the server choose as far as it can. Its terms are in the same order each time, and so is the request.
func (r eventsRead) selector() fields.Selector {
	var terms []fields.Selector
	add := func(field, value string) {
		if value != "" {
			terms = append(terms, fields.OneTermEqualSelector(field, value))
		}
	}
	if r.of.name != "" && !r.related {
		add("involvedObject.kind", r.of.kind.name)
		add("involvedObject.name", r.of.name)
	}
	add("reason", r.reason)
	add("type", r.kind)
	return fields.AndSelectors(terms...)
}

func (r eventsRead) wants(ctx context.Context, event object, about subjects) bool {
	if r.since > 0 && printers.LastSeen(event).Before(r.b.now(ctx).Add(-r.since)) {
		return false
	}
	return about == nil || about.include(workload.Map(event, "involvedObject"))
}

// subjects are what events may be about: expressions for names, by kind.
type subjects map[string][]*regexp.Regexp

func (s subjects) add(kind, expression string) {
	s[kind] = append(s[kind], regexp.MustCompile("^"+expression+"$"))
}

func (s subjects) include(involved object) bool {
	name := workload.Text(involved, "name")
	return slices.ContainsFunc(s[workload.Text(involved, "kind")], func(e *regexp.Regexp) bool { return e.MatchString(name) })
}

// subjects are the object and, if asked for, what its controllers made of it; nil if there is no such object as far as events go. What is
// gone is known by how controllers name what they make.
func (r eventsRead) subjects(ctx context.Context, view action.View) (subjects, error) {
	about := subjects{}
	about.add(r.of.kind.name, regexp.QuoteMeta(r.of.name))
	_, intended := view.Lay(r.of.target(), nil)
	if !intended && !r.related {
		return about, nil
	}
	s, err := r.b.look(ctx, view, r.of, "read the events about")
	if err != nil || s.raw == nil && s.object != nil {
		return nil, err
	}
	if s.object == nil || !r.related {
		return about, nil
	}
	owners, err := r.owners(ctx, view, s.object)
	for _, owner := range owners {
		about.add("Pod", regexp.QuoteMeta(owner)+"-[a-z0-9]+")
	}
	if r.of.kind.name == "Deployment" {
		about.add("ReplicaSet", regexp.QuoteMeta(r.of.name)+"-[a-z0-9]+")
	}
	if r.of.kind.name == "CronJob" {
		about.add("Job", regexp.QuoteMeta(r.of.name)+"-[0-9]+")
		about.add("Pod", regexp.QuoteMeta(r.of.name)+"-[0-9]+-[a-z0-9]+")
	}
	return about, err
}

// owners are the names that those of a workload's pods begin with.
func (r eventsRead) owners(ctx context.Context, view action.View, o object) ([]string, error) {
	switch r.of.kind.name {
	case "Deployment":
		w, err := r.b.gather(ctx, view, o)
		var names []string
		for _, set := range w.Sets {
			names = append(names, nameOf(set))
		}
		return names, err
	case "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController":
		return []string{nameOf(o)}, nil
	}
	return nil, nil
}

// together puts the events that say the same of the same object into one, and sorts them by when they were last seen.
func together(events []object) []object {
	slices.SortStableFunc(events, func(a, b object) int { return printers.LastSeen(a).Compare(printers.LastSeen(b)) })
	place := map[string]int{}
	var out []object
	for _, e := range events {
		e = printers.Counted(e)
		key := strings.Join([]string{
			workload.Text(e, "involvedObject", "kind"), workload.Text(e, "involvedObject", "namespace"), workload.Text(e, "involvedObject", "name"),
			workload.Text(e, "type"), workload.Text(e, "reason"), workload.Text(e, "message"),
		}, "\x00")
		at, known := place[key]
		if !known {
			place[key] = len(out)
			out = append(out, e)
			continue
		}
		out[at] = joined(out[at], e)
	}
	slices.SortStableFunc(out, func(a, b object) int {
		return cmp.Or(printers.LastSeen(a).Compare(printers.LastSeen(b)), cmp.Compare(nameOf(a), nameOf(b)))
	})
	return out
}

// joined is a later event that includes an earlier one.
func joined(earlier, later object) object {
	a, _ := workload.Int(earlier, "count")
	b, _ := workload.Int(later, "count")
	first := earlier
	if printers.FirstSeen(later).Before(printers.FirstSeen(earlier)) {
		first = later
	}
	later = workload.With(later, first["firstTimestamp"], "firstTimestamp")
	return workload.With(later, a+b, "count")
}

func encodeAll(objects []object) ([]json.RawMessage, error) {
	out := make([]json.RawMessage, len(objects))
	for i, o := range objects {
		var err error
		if out[i], err = encode(o); err != nil {
			return nil, err
		}
	}
	return out, nil
}
