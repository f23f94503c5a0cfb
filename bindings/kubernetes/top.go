package kubernetes

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/labels"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

const metricsGroup = "metrics.k8s.io"

// measured are the kinds of the metrics server, by what they measure.
var measured = map[string]kind{
	"pods":  {metricsGroup, "v1beta1", "pods", "PodMetrics", true, nil},
	"nodes": {metricsGroup, "v1beta1", "nodes", "NodeMetrics", false, nil},
}

func (b *binding) topFunc() module.Func {
	return module.Func{
		Name: "top",
		Doc: `Tells what pods or nodes use, and how much that is of what they may use.

CPU is in cores and memory in bytes, as numbers; cpu_text and memory_text are the same as kubectl top prints them: "250m", "512Mi".
Percentages are numbers such as 81.3. What is not known or not set is nil.

- pods: name, namespace, node, labels, measured, cpu, memory, cpu_text, memory_text, cpu_request, memory_request, cpu_limit, memory_limit,
  cpu_percent, memory_percent (of the limit), cpu_request_percent, memory_request_percent. A pod has a limit where every container
  of it has one. With containers there is an entry for each container, with container as well.
- nodes: name, labels, measured, cpu, memory, cpu_text, memory_text, cpu_allocatable, memory_allocatable, cpu_percent, memory_percent (of
  what pods may have)

A pod or node without a measurement is listed with measured = false: it is new, or does not run. Pods that have ended are left out.
Measurements are up to a minute old. They come from the cluster's metrics server; where there is none, this fails with unavailable.

In a dry run what the run intends to be gone is gone, and what it would start is not measured.`,
		Params: []module.Param{
			{Name: "what", Kind: module.String, Required: true, Enum: []string{"pods", "nodes"}, Doc: `"pods" or "nodes"`},
			{Name: "options", Kind: module.Object, Doc: "which of them", Fields: []module.Param{
				{Name: "namespace", Kind: module.String, Doc: "of the pods; without it the kubeconfig context's"},
				{Name: "all_namespaces", Kind: module.Boolean, Doc: "the pods of every namespace"},
				{Name: "selector", Kind: module.String, Doc: `label selector: "app=web"`},
				{Name: "containers", Kind: module.Boolean, Doc: "each container of the pods by itself"},
				{
					Name: "sort_by", Kind: module.String, Default: "name", Enum: []string{"name", "cpu", "memory", "cpu_percent", "memory_percent"},
					Doc: "the order: by name, or what uses most first",
				},
			}},
		},
		Returns: module.Result{Type: "table[]", Doc: "one entry each, see above"},
		Errors:  []action.Code{action.CodeForbidden, action.CodeUnavailable, action.CodeRejected},
		Examples: []string{
			`for _, pod in ipairs(kubernetes.top("pods", { selector = "app=web", sort_by = "memory_percent" })) do
  if pod.memory_percent and pod.memory_percent > 80 then log({ pod.name, pod.memory_text }) end
end`,
			`local nodes = kubernetes.top("nodes", { sort_by = "cpu" })`,
		},
		Read: b.newTop,
	}
}

// A topRead is one call of top.
type topRead struct {
	b          *binding
	what       string
	of         address // without a name
	selector   labels.Selector
	containers bool
	order      string
	args       []action.Arg
}

func (b *binding) newTop(args module.Args) (action.Read, error) {
	r := topRead{b: b, what: args.String("what"), containers: args.Bool("containers"), order: args.String("sort_by")}
	every, namespace := args.Bool("all_namespaces"), args.String("namespace")
	switch {
	case every && namespace != "":
		return nil, action.Errorf(action.CodeInvalid, "kubernetes.top: give a namespace or all_namespaces, not both")
	case r.what == "nodes" && (every || namespace != "" || r.containers):
		return nil, action.Errorf(action.CodeInvalid, "kubernetes.top: nodes are in no namespace and have no containers")
	}
	var err error
	if r.of, err = b.place(r.what, "", namespace); err != nil {
		return nil, err
	}
	if every {
		r.of.namespace = ""
	}
	if r.selector, err = labels.Parse(args.String("selector")); err != nil {
		return nil, action.Errorf(action.CodeInvalid, "kubernetes.top: selector %q: %w", args.String("selector"), err)
	}
	r.args = given(args, "selector", "containers", "sort_by")
	return r, nil
}

// measurements is the address of what the metrics server has.
func (r topRead) measurements() address {
	return address{kind: measured[r.what], namespace: r.of.namespace}
}

func (r topRead) Describe() action.Description {
	return action.Description{
		Verb: "kubernetes.top", Target: r.measurements().target(), Identity: r.args, Idempotent: true,
		Permissions: []action.Permission{r.of.permission("list", ""), r.measurements().permission("list", "")},
	}
}

func (r topRead) Read(ctx context.Context, view action.View) (any, error) {
	var objects []object
	var usage map[string]object
	var looking, measuring error
	var both sync.WaitGroup
	both.Go(func() {
		objects, looking = r.b.objects(ctx, view, listing{kind: r.of.kind, namespace: r.of.namespace, labels: r.selector})
	})
	both.Go(func() { usage, measuring = r.usage(ctx, view) })
	both.Wait()
	if err := cmp.Or(measuring, looking); err != nil {
		return nil, err
	}
	entries := []map[string]any{}
	for _, o := range objects {
		m := usage[namespaceOf(o)+"/"+nameOf(o)]
		switch {
		case r.what == "nodes":
			entries = append(entries, nodeUse(o, m))
		case isOver(o):
		case r.containers:
			entries = append(entries, containerUses(o, m)...)
		default:
			entries = append(entries, podUse(o, m))
		}
	}
	r.sort(entries)
	out := make([]any, len(entries))
	for i, entry := range entries {
		out[i] = entry
	}
	return out, nil
}

// isOver tells whether a pod has ended, so that nobody measures it.
func isOver(pod object) bool {
	phase := workload.Text(pod, "status", "phase")
	return phase == "Succeeded" || phase == "Failed"
}

// usage asks the metrics server, and returns what it has by namespace and name. It knows nothing of labels that are only intended: where
// there are intentions it is asked for all.
func (r topRead) usage(ctx context.Context, view action.View) (map[string]object, error) {
	of := r.measurements()
	q := request{
		method: http.MethodGet, verb: "list", target: of.target(), path: of.path(), query: url.Values{},
		purpose: fmt.Sprintf("read what %s use", r.of.target()),
	}
	if !r.selector.Empty() && len(view.Intended(system, r.of.kind.canonical(), r.of.namespace)) == 0 {
		q.query.Set("labelSelector", r.selector.String())
	}
	if where, err := r.b.territory(ctx, view, r.of.namespace); err != nil || where != actual {
		return nil, err
	}
	body, err := r.b.send(ctx, q)
	if err != nil {
		return nil, unmeasured(err)
	}
	items, _, err := splitPage(of.kind, body)
	if err != nil {
		return nil, garbled(q, err)
	}
	out := make(map[string]object, len(items))
	for _, item := range items {
		m, err := decode(item)
		if err != nil {
			return nil, garbled(q, err)
		}
		out[namespaceOf(m)+"/"+nameOf(m)] = m
	}
	return out, nil
}

// unmeasured says that it is the metrics server that is missing.
func unmeasured(err error) error {
	e, ok := err.(*action.Error) //nolint:errorlint // it is the answer to one request, made here
	code := answerOf(err).code
	if !ok || code != http.StatusNotFound && code != http.StatusServiceUnavailable {
		return err
	}
	e.Code = action.CodeUnavailable
	if code == http.StatusNotFound {
		e.Message += ": the cluster has no metrics server"
		e.Retryable = false
	} else {
		e.Message += ": the cluster's metrics server does not answer"
	}
	return e.Try("look at it: kubectl get apiservice v1beta1.metrics.k8s.io; kubectl get pods -A -l k8s-app=metrics-server")
}

func (r topRead) sort(entries []map[string]any) {
	slices.SortStableFunc(entries, func(a, b map[string]any) int {
		if r.order != "name" {
			// What is not measured comes last.
			x, y := numberOr(a[r.order], -1), numberOr(b[r.order], -1)
			if x != y {
				return cmp.Compare(y, x)
			}
		}
		return cmp.Or(compareText(a, b, "namespace"), compareText(a, b, "name"))
	})
}

func compareText(a, b map[string]any, field string) int {
	x, _ := a[field].(string)
	y, _ := b[field].(string)
	return cmp.Compare(x, y)
}

func numberOr(v any, fallback float64) float64 {
	if n, ok := v.(float64); ok {
		return n
	}
	return fallback
}

// rawLabels are an object's labels as a value for Lua.
func rawLabels(o object) any {
	raw, err := json.Marshal(orEmpty(workload.Map(o, "metadata", "labels")))
	if err != nil {
		return nil
	}
	return json.RawMessage(raw)
}

func orEmpty(o object) object {
	if o == nil {
		return object{}
	}
	return o
}
