package kubernetes

import (
	"context"
	"strconv"
	"strings"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

// logLimit is how much of a log is kept unless a script asks for more or less: enough for an incident, not enough to fill the memory.
const logLimit = 16 << 20

// logFields are the options that say which lines of a container's log are meant.
func logFields(limit int64) []module.Param {
	return []module.Param{
		{Name: "container", Kind: module.String, Doc: "the container's name"},
		{Name: "all_containers", Kind: module.Boolean, Doc: "of every container that has a log: init containers, containers, ephemeral ones"},
		{Name: "tail", Kind: module.Integer, Default: int64(100), Min: module.Bound(-1), Doc: "how many lines from the end; -1 for all. With grep: how many matching ones"},
		{Name: "grep", Kind: module.String, Doc: `only lines that match this RE2 expression: "error|fatal", "timeout after [0-9]+s"`},
		{Name: "ignore_case", Kind: module.Boolean, Doc: "take upper and lower case for the same in grep"},
		{Name: "since", Kind: module.Duration, Doc: "only lines that are younger than this"},
		{Name: "previous", Kind: module.Boolean, Doc: "of the container before its last restart"},
		{
			Name: "limit_bytes", Kind: module.Integer, Default: limit, Min: module.Bound(1),
			Doc: "how much is kept of each container's log at most, in bytes, from its end: " + strconv.FormatInt(limit>>20, 10) +
				" MiB unless given. A line counts for " + strconv.Itoa(leastLine) + " at least",
		},
	}
}

func (b *binding) logsFunc() module.Func {
	return module.Func{
		Name: "logs",
		Doc: `Reads the last lines of a container's log.

Without a container it is the one that kubectl takes: the pod's annotation kubectl.kubernetes.io/default-container, else the first.
With all_containers the lines of one container follow those of the one before it, as in kubectl, tail and limit_bytes hold for each,
and a container without a log is left out; logs_of tells them apart.

The log is searched as it comes and only what is asked for is kept, so that a log of any size may be searched. With grep, tail counts
matching lines: they are looked for from the end of the log, in pieces that grow until there are enough; with tail = -1 all of it is
read. Of a line longer than 1 MiB the rest is dropped.

A pod that exists only as this run intends has no log yet: the list is empty.`,
		Params: []module.Param{
			refParam(`the pod: "pod/name", its name alone, or an object that came from the cluster`),
			{Name: "options", Kind: module.Object, Doc: "which part of it", Fields: append([]module.Param{namespaceParam}, logFields(logLimit)...)},
		},
		Returns: module.Result{Type: "string[]", Doc: "the lines, oldest first, without their line ends"},
		Errors:  []action.Code{action.CodeNotFound, action.CodeForbidden, action.CodeRejected},
		Examples: []string{
			`for _, line in ipairs(kubernetes.logs("pod/web-0", { tail = 20 })) do log(line) end`,
			`local crash = kubernetes.logs(pod, { previous = true, container = "app" })`,
			`local errors = kubernetes.logs("web-0", { grep = "error|fatal", ignore_case = true, tail = 20, since = "1h" })`,
		},
		Read: func(args module.Args) (action.Read, error) {
			of, err := b.podAddress(args, "logs")
			if err != nil {
				return nil, err
			}
			choice, err := b.logChoice("kubernetes.logs", args)
			return logsRead{b, of, args, choice}, err
		},
	}
}

// A logsRead is one call of logs.
type logsRead struct {
	b      *binding
	of     address
	args   module.Args
	choice logChoice
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
		Identity:    given(l.args, logIdentity...),
	}
}

// logIdentity are the options that make a reading of logs another one.
var logIdentity = []string{"container", "all_containers", "tail", "grep", "ignore_case", "previous"}

func (l logsRead) Read(ctx context.Context, view action.View) (any, error) {
	pod, placeholder, err := l.b.pod(ctx, view, l.of, "read the log of")
	if err != nil || placeholder {
		return []string{}, err
	}
	out := []string{}
	var first error
	read := 0
	for _, container := range l.choice.of(pod) {
		kept, err := l.b.readLog(ctx, l.of, pod, container, l.choice)
		if err != nil && (!l.choice.all || !hasNoLog(err)) {
			return nil, err
		}
		if err != nil {
			first = orError(first, err)
			continue
		}
		read++
		for _, line := range kept.kept() {
			out = append(out, line.text)
		}
	}
	if read == 0 && first != nil {
		return nil, first
	}
	return out, nil
}

func orError(err, fallback error) error {
	if err == nil {
		return fallback
	}
	return err
}

// pod looks at a pod through the intended state. placeholder says that it exists only as intended.
func (b *binding) pod(ctx context.Context, view action.View, of address, purpose string) (pod object, placeholder bool, err error) {
	s, err := b.existing(ctx, view, of, purpose)
	if err != nil {
		return nil, false, err
	}
	return s.object, s.raw == nil, nil
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

// lines splits text without copying it.
func lines(text string) []string {
	text = strings.TrimSuffix(text, "\n")
	if text == "" {
		return []string{}
	}
	return strings.Split(text, "\n")
}
