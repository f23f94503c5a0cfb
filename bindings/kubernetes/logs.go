package kubernetes

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

// logLimit is how much of a log is read unless a script asks for more or less: enough for an incident, not enough to fill the memory.
const logLimit = 16 << 20

func (b *binding) logsFunc() module.Func {
	return module.Func{
		Name: "logs",
		Doc: `Reads the last lines of a container's log.

Without a container it is the one that kubectl takes: the pod's annotation kubectl.kubernetes.io/default-container, else the first.
A pod that exists only as this run intends has no log yet: the list is empty.`,
		Params: []module.Param{
			refParam(`the pod: "pod/name", its name alone, or an object that came from the cluster`),
			{Name: "options", Kind: module.Object, Doc: "which part of it", Fields: []module.Param{
				namespaceParam,
				{Name: "container", Kind: module.String, Doc: "the container's name"},
				{Name: "tail", Kind: module.Integer, Default: int64(100), Min: module.Bound(-1), Doc: "how many lines from the end; -1 for all"},
				{Name: "since", Kind: module.Duration, Doc: "only lines that are younger than this"},
				{Name: "previous", Kind: module.Boolean, Doc: "of the container before its last restart"},
				{
					Name: "limit_bytes", Kind: module.Integer, Default: int64(logLimit), Min: module.Bound(1),
					Doc: "at most this many bytes; the last line may then be cut (16 MiB unless given)",
				},
			}},
		},
		Returns: module.Result{Type: "string[]", Doc: "the lines, oldest first, without their line ends"},
		Errors:  []action.Code{action.CodeNotFound, action.CodeForbidden, action.CodeRejected},
		Examples: []string{
			`for _, line in ipairs(kubernetes.logs("pod/web-0", { tail = 20 })) do print(line) end`,
			`local crash = kubernetes.logs(pod, { previous = true, container = "app" })`,
		},
		Read: func(args module.Args) (action.Read, error) {
			of, err := b.podAddress(args, "logs")
			return logsRead{b, of, args}, err
		},
	}
}

// A logsRead is one call of logs.
type logsRead struct {
	b    *binding
	of   address
	args module.Args
}

// podAddress is the address of the pod that a function needs.
func (b *binding) podAddress(args module.Args, function string) (address, error) {
	of, err := b.address(args, "pod")
	if err == nil && of.kind.canonical() != "pods" {
		err = action.Errorf(action.CodeInvalid, "kubernetes.%s needs a pod, not %s", function, of.kind.resource).On(of.target()).
			Try(`find its pods: kubernetes.list("pods", { selector = "…" })`)
	}
	return of, err
}

func (l logsRead) Describe() action.Description {
	return action.Description{
		Verb: "kubernetes.logs", Target: l.of.target(), Idempotent: true,
		Permissions: []action.Permission{l.of.permission("get", ""), l.of.permission("get", "log")},
		Identity:    given(l.args, "container", "tail", "previous"),
	}
}

func (l logsRead) Read(ctx context.Context, view action.View) (any, error) {
	pod, placeholder, err := l.b.pod(ctx, view, l.of, "read the log of")
	if err != nil || placeholder {
		return []string{}, err
	}
	r := l.of.request(http.MethodGet, "get log", "read the log of")
	r.path, r.query, r.accept = l.of.path("log"), l.query(pod), "*/*"
	body, err := l.b.send(ctx, r)
	if err != nil {
		return nil, l.explain(err, pod)
	}
	return lines(string(body)), nil
}

// pod looks at a pod through the intended state. placeholder says that it exists only as intended.
func (b *binding) pod(ctx context.Context, view action.View, of address, purpose string) (pod object, placeholder bool, err error) {
	s, err := b.existing(ctx, view, of, purpose)
	if err != nil {
		return nil, false, err
	}
	return s.object, s.raw == nil, nil
}

func (l logsRead) query(pod object) url.Values {
	query := url.Values{"container": {orElse(l.args.String("container"), defaultContainer(pod))}}
	if n, _ := l.args.Int("limit_bytes"); n > 0 {
		query.Set("limitBytes", strconv.FormatInt(n, 10))
	}
	if n, _ := l.args.Int("tail"); n >= 0 {
		query.Set("tailLines", strconv.FormatInt(n, 10))
	}
	if since, ok := l.args.Duration("since"); ok {
		query.Set("sinceSeconds", strconv.FormatInt(max(1, int64((since+time.Second-1)/time.Second)), 10))
	}
	if l.args.Bool("previous") {
		query.Set("previous", "true")
	}
	return query
}

// defaultContainer is the container that kubectl means when none is named.
func defaultContainer(pod object) string {
	names := containers(pod)
	if name := workload.Text(pod, "metadata", "annotations", "kubectl.kubernetes.io/default-container"); name != "" {
		return name
	}
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

func containers(pod object) []string {
	var names []string
	for _, field := range []string{"containers", "initContainers", "ephemeralContainers"} {
		for _, c := range workload.Maps(pod, "spec", field) {
			names = append(names, workload.Text(c, "name"))
		}
	}
	return names
}

// explain adds what a person needs when the server does not find the container or has no log of it.
func (l logsRead) explain(err error, pod object) error {
	e, ok := errors.AsType[*action.Error](err)
	if !ok || answerOf(err).code != http.StatusBadRequest {
		return err
	}
	return e.Try("its containers are %s; their states: kubectl describe %s", strings.Join(containers(pod), ", "), l.of.kubectl())
}

// lines splits text without copying it.
func lines(text string) []string {
	text = strings.TrimSuffix(text, "\n")
	if text == "" {
		return []string{}
	}
	return strings.Split(text, "\n")
}
