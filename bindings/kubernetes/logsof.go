package kubernetes

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

const (
	// logsAtOnce bounds how many logs are read at the same time.
	logsAtOnce = 8
	// logsLimit is how much of each of many logs is kept unless a script asks for more or less.
	logsLimit = 1 << 20
)

func (b *binding) logsOfFunc() module.Func {
	return module.Func{
		Name: "logs_of",
		Doc: `Reads the logs of many pods at once.

The pods are a list of them, as list or failing returns it, or a label selector. The result has them in two ways:

- lines: the last lines of all pods together, in the order of time, tail of them: { pod, namespace, container, time, text }
- sources: each container by itself, in the order of the pods: { pod, namespace, container, lines, error, truncated }. lines is a
  list of strings, tail of them at most. error says why a log could not be read, or not to its end; it is nil otherwise. truncated
  says that lines had to go because of limit_bytes.

One log that cannot be read does not take the others away: only where none can be, for another reason than that nothing has run yet,
the call fails. failed counts the sources with an error.

The logs are searched as they come, up to 8 at the same time, and of each no more is kept than tail and limit_bytes allow.
Which container of a pod is meant, grep, tail and since are as for logs.`,
		Params: []module.Param{
			{Name: "pods", Kind: module.Any, Required: true, Doc: `a list of pods, or a label selector: "app=web"`},
			{Name: "options", Kind: module.Object, Doc: "which lines of them", Fields: append([]module.Param{
				{Name: "namespace", Kind: module.String, Doc: "where the selector looks; without it the kubeconfig context's"},
			}, logFields(logsLimit)...)},
		},
		Returns: module.Result{Type: "table", Doc: "{ lines, sources, failed }, see above"},
		Errors:  []action.Code{action.CodeForbidden, action.CodeUnavailable, action.CodeRejected},
		Examples: []string{
			`local said = kubernetes.logs_of("app=web", { grep = "error|fatal", ignore_case = true, tail = 20, since = "1h" })
for _, line in ipairs(said.lines) do log({ line.time, line.pod, line.text }) end`,
			`for _, source in ipairs(kubernetes.logs_of(kubernetes.failing(kubernetes.list("pods")), { previous = true, tail = 5 }).sources) do
  log({ source.pod, source.error or table.concat(source.lines, "\n") })
end`,
		},
		Read: b.newLogsOf,
	}
}

// A logsOfRead is one call of logs_of.
type logsOfRead struct {
	b        *binding
	of       address // without a name
	pods     []json.RawMessage
	selector labels.Selector // nil where pods are given
	choice   logChoice
	identity []action.Arg
}

func (b *binding) newLogsOf(args module.Args) (action.Read, error) {
	const function = "kubernetes.logs_of"
	r := logsOfRead{b: b}
	var err error
	if r.choice, err = b.logChoice(function, args); err != nil {
		return nil, err
	}
	r.choice.stamps = true
	if r.of, err = b.place("pods", "", args.String("namespace")); err != nil {
		return nil, err
	}
	if err = r.choose(function, args["pods"], args.String("namespace") != ""); err != nil {
		return nil, err
	}
	r.identity = append(r.identity, given(args, logIdentity...)...)
	return r, nil
}

// choose reads which pods are meant.
func (r *logsOfRead) choose(function string, pods any, placed bool) error {
	switch pods := pods.(type) {
	case string:
		selector, err := labels.Parse(pods)
		if err != nil || selector.Empty() {
			return action.Errorf(action.CodeInvalid, "%s: %q is no label selector", function, pods).
				Try(`write one as for kubectl, "app=web", or pass a list of pods`)
		}
		r.selector, r.identity = selector, []action.Arg{{Name: "selector", Value: pods}}
		return nil
	case []any:
		if placed {
			return action.Errorf(action.CodeInvalid, "%s: a namespace goes with a selector; the pods of a list have their own", function)
		}
		return r.take(function, pods)
	case map[string]any:
		if len(pods) == 0 {
			return r.take(function, nil) // Lua cannot tell the empty list from the empty object
		}
	}
	return action.Errorf(action.CodeInvalid, "%s: pods must be a list of pods or a label selector; for one pod there is kubernetes.logs", function)
}

func (r *logsOfRead) take(function string, pods []any) error {
	names, namespaces := []string{}, map[string]bool{}
	for i, item := range pods {
		raw, err := rawObject(item)
		if err != nil {
			return err
		}
		pod, err := decode(raw)
		if err != nil || workload.Text(pod, "kind") != "Pod" {
			return action.Errorf(action.CodeInvalid, "%s: element %d of the list is no pod", function, i+1)
		}
		r.pods = append(r.pods, raw)
		names, namespaces[namespaceOf(pod)] = append(names, namespaceOf(pod)+"/"+nameOf(pod)), true
		r.of.namespace = namespaceOf(pod)
	}
	if len(namespaces) > 1 {
		r.of.namespace = ""
	}
	r.identity = []action.Arg{{Name: "pods", Value: names}}
	return nil
}

func (r logsOfRead) Describe() action.Description {
	wanted := []action.Permission{r.of.permission("get", "log")}
	if r.selector != nil {
		wanted = append(wanted, r.of.permission("list", ""))
	}
	return action.Description{Verb: "kubernetes.logs_of", Target: r.of.target(), Identity: r.identity, Idempotent: true, Permissions: wanted}
}

func (r logsOfRead) Read(ctx context.Context, view action.View) (any, error) {
	pods := r.pods
	if r.selector != nil {
		var err error
		if pods, err = r.b.listRaw(ctx, view, listing{kind: r.of.kind, namespace: r.of.namespace, labels: r.selector}); err != nil {
			return nil, err
		}
	}
	var sources []*source
	for _, raw := range pods {
		pod, err := decode(raw)
		if err != nil {
			return nil, err
		}
		sources = append(sources, r.sources(view, pod)...)
	}
	turns := make(chan struct{}, logsAtOnce)
	var all sync.WaitGroup
	for _, s := range sources {
		if s.silent || s.err != nil {
			continue
		}
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			s.kept, s.err = r.b.readLog(ctx, s.of, s.pod, s.container, r.choice)
		})
	}
	all.Wait()
	if err := hopeless(sources); err != nil {
		return nil, err
	}
	return said(sources, r.choice.tail), ctx.Err()
}

// A source is one container whose log is read.
type source struct {
	of        address
	pod       object
	container string
	silent    bool // it exists only as intended, so nothing was said
	kept      *tail
	err       error
}

// sources are the chosen containers of a pod, as the run intends it to be.
func (r logsOfRead) sources(view action.View, pod object) []*source {
	of := address{kind: r.of.kind, namespace: namespaceOf(pod), name: nameOf(pod)}
	var err error
	intended, _ := view.Lay(of.target(), pod)
	switch {
	case intended == nil:
		err = action.Errorf(action.CodeNotFound, "cannot read the log of %s: it does not exist", of.target()).On(of.target())
	case !workload.IsMadeUp(pod) && workload.Text(pod, "spec", "nodeName") == "":
		err = action.Errorf(action.CodeRejected, "cannot read the log of %s: it waits for a node", of.target()).On(of.target())
	}
	var out []*source
	for _, container := range r.choice.of(pod) {
		out = append(out, &source{of: of, pod: pod, container: container, silent: workload.IsMadeUp(pod), kept: &tail{}, err: err})
	}
	return out
}

// hopeless is the error of a call that got at no log at all, though there are some.
func hopeless(sources []*source) error {
	var first error
	for _, s := range sources {
		switch {
		case s.err == nil || len(s.kept.kept()) > 0:
			return nil
		case !hasNoLog(s.err) && answerOf(s.err).code != 0 || isCut(s.err):
			first = orError(first, s.err)
		}
	}
	return first
}

// isCut tells whether no answer came, or none in time.
func isCut(err error) bool {
	code := action.CodeOf(err)
	return code == action.CodeUnavailable || code == action.CodeTimeout
}

// said is the result for Lua. most is how many lines of all sources together are wanted.
func said(sources []*source, most int) any {
	type mark struct {
		*source
		spoken
	}
	var merged []mark
	each, failed := make([]any, len(sources)), int64(0)
	for i, s := range sources {
		texts := []string{}
		for _, line := range s.kept.kept() {
			merged = append(merged, mark{s, line})
			texts = append(texts, line.text)
		}
		entry := s.entry()
		entry["lines"], entry["truncated"] = texts, s.kept.dropped
		if s.err != nil {
			entry["error"] = s.err.Error()
			failed++
		}
		each[i] = entry
	}
	slices.SortStableFunc(merged, func(a, b mark) int { return cmp.Compare(a.at.UnixNano(), b.at.UnixNano()) })
	if most >= 0 && len(merged) > most {
		merged = merged[len(merged)-most:]
	}
	lines := make([]any, len(merged))
	for i, line := range merged {
		entry := line.entry()
		entry["time"], entry["text"] = line.at.UTC().Format(time.RFC3339Nano), line.text
		lines[i] = entry
	}
	return map[string]any{"lines": lines, "sources": each, "failed": failed}
}

func (s *source) entry() map[string]any {
	return map[string]any{"pod": s.of.name, "namespace": s.of.namespace, "container": s.container}
}
