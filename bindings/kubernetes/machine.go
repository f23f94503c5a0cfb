package kubernetes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"
	"k8s.io/klog/v2"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/command/shell"
	"runbook/engine/workload"
)

// A PodHost says which pod is a host of the site.
type PodHost struct {
	Name string // of the host, as runbooks know it
	// Pod is "pod/NAME", or what a ready pod is taken of: "deployment/NAME", "statefulset/NAME", "daemonset/NAME".
	Pod       string
	Namespace string // that of the kubeconfig's context if ""
	Container string // the one that kubectl takes if ""
}

// NewMachine is the machine that a pod is: it runs commands by the same way as exec does, with the same rights, and behind the same wall.
func NewMachine(cfg Config, h PodHost) command.Runner {
	b := newBinding(cfg)
	way := &podWay{b: b, host: h}
	return podMachine{&shell.Machine{Host: h.Name, Transport: way, Clean: b.Secrets.String}, way}
}

// MachinePermissions are the rights that are needed to run a command on such a host.
func MachinePermissions(h PodHost) []action.Permission {
	out := append(permissions("pods", "", "get"), permissions("pods", "exec", "create")...)
	if kind, _, _ := strings.Cut(h.Pod, "/"); kind != "pod" {
		out = append(append(out, permissions(kind, "", "get")...), permissions("pods", "", "list")...)
	}
	for i := range out {
		out[i].Scope = h.Namespace
	}
	return out
}

// A podMachine is a pod as a machine. It answers by its shell, but for the name.
type podMachine struct {
	byShell *shell.Machine
	way     *podWay
}

func (m podMachine) Find(ctx context.Context, program string) (string, error) {
	return m.byShell.Find(ctx, program)
}

func (m podMachine) Run(ctx context.Context, argv []string, streams command.Streams) (int, error) {
	return m.byShell.Run(ctx, argv, streams)
}

// Machine is the pod, as it is known to the cluster: what it calls itself says less.
func (m podMachine) Machine(ctx context.Context) (string, error) {
	of, pod, err := m.way.pod(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, uid %s", of.target(), uidOf(pod)), nil
}

// A podWay is the way to a pod. Which one it is stays the same as long as that pod runs.
type podWay struct {
	b    *binding
	host PodHost

	mu     sync.Mutex
	chosen address // without a name as long as there is none
	uid    string
}

// Way is no longer than a command: what is behind a name is asked of the cluster each time.
func (w *podWay) Way() int { return 0 }

// pod is the one that is meant now.
func (w *podWay) pod(ctx context.Context) (address, object, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.chosen.name != "" {
		_, pod, err := w.b.fetch(ctx, w.chosen, "run a command in")
		if err != nil || pod != nil && uidOf(pod) == w.uid && canRun(pod) {
			return w.chosen, pod, err
		}
	}
	of, pod, err := w.choose(ctx)
	if err != nil {
		return of, nil, err
	}
	w.chosen, w.uid = of, uidOf(pod)
	return of, pod, nil
}

// canRun tells whether something can be run in a pod.
func canRun(pod object) bool {
	return workload.Text(pod, "status", "phase") == "Running" && !workload.IsLeaving(pod)
}

func (w *podWay) choose(ctx context.Context) (address, object, error) {
	word, name, _ := strings.Cut(w.host.Pod, "/")
	of, err := w.b.place(word, name, w.host.Namespace)
	if err != nil {
		return of, nil, err
	}
	_, o, err := w.b.fetch(ctx, of, "find the host "+w.host.Name+" by")
	switch {
	case err != nil:
		return of, nil, err
	case o == nil:
		return of, nil, action.Errorf(action.CodeNotFound, "the host %s is of %s, which does not exist", w.host.Name, of.target()).On(of.target()).
			Try("look what there is: kubectl get %s", of.kubectl())
	case word != "pod":
		return w.among(ctx, of, o)
	case !canRun(o):
		return of, nil, action.Errorf(action.CodeUnavailable, "the host %s is %s, which does not run: %s", w.host.Name, of.target(), checkPod(o).Detail).
			On(of.target()).Again()
	}
	return of, o, nil
}

// among is the first ready pod of a workload, by its name.
func (w *podWay) among(ctx context.Context, of address, owner object) (address, object, error) {
	selector, ok := podSelector(owner)
	if !ok {
		return of, nil, action.Errorf(action.CodeInvalid, "the host %s is a pod of %s, which selects none", w.host.Name, of.target()).On(of.target())
	}
	pods, err := w.b.place("pods", "", of.namespace)
	if err != nil {
		return of, nil, err
	}
	items, err := w.b.listLive(ctx, listing{kind: pods.kind, namespace: of.namespace, labels: selector})
	if err != nil {
		return of, nil, err
	}
	slices.SortFunc(items, compareIdentity)
	for _, raw := range items {
		pod, err := decode(raw)
		if err != nil {
			return of, nil, err
		}
		if canRun(pod) && workload.IsReady(pod) {
			pods.name = workload.Text(pod, "metadata", "name")
			return pods, pod, nil
		}
	}
	return of, nil, action.Errorf(action.CodeUnavailable, "the host %s is a pod of %s, of whose %d none is ready", w.host.Name, of.target(), len(items)).
		On(of.target()).Again().Try("look at them: kubectl get pods -n %s -l %s", of.namespace, selector)
}

// Exec is that of a shell.Transport.
func (w *podWay) Exec(ctx context.Context, words []string, streams command.Streams) (int, error) {
	of, pod, err := w.pod(ctx)
	if err != nil {
		return 0, err
	}
	link, err := w.b.link()
	if err != nil {
		return 0, err
	}
	r := of.request(http.MethodGet, "create exec", "run a command in")
	r.path, r.mutates = of.path("exec"), true
	r.query = url.Values{
		"command": words, "container": {cmp.Or(w.host.Container, defaultContainer(pod))},
		"stdin": {strconv.FormatBool(streams.Stdin != nil)}, "stdout": {"true"}, "stderr": {"true"},
	}
	connection, err := link.duplex(r)
	if err != nil {
		return 0, action.Errorf(action.CodeInternal, "cannot %s: %w", r.purpose, err).On(r.target)
	}
	ctx, stop := shell.Patient(ctx)
	defer stop()
	ctx = klog.NewContext(ctx, klog.Logger{}) // what went wrong is returned; the library would also print it
	err = connection.stream(ctx, remotecommand.StreamOptions{Stdin: streams.Stdin, Stdout: streams.Stdout, Stderr: streams.Stderr})
	return w.outcome(ctx, r, link, err)
}

// outcome says how a program ended, or why it is not known, or that nothing was started.
func (w *podWay) outcome(ctx context.Context, r request, link *link, err error) (int, error) {
	var exit exec.CodeExitError
	var own *action.Error
	var refusal apierrors.APIStatus
	var half halfway
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit):
		return exit.Code, nil
	case errors.As(err, &own):
		return 0, own
	case errors.As(err, &refusal):
		return 0, refusedUpgrade(r, refusal, w.b.Secrets)
	case neverSent(err):
		return 0, broken(ctx, r, link, err)
	case ctx.Err() != nil:
		return 0, &command.Lost{Cause: context.Cause(ctx)}
	case isCutOff(err), errors.As(err, &half):
		return 0, &command.Lost{Cause: plain(err)}
	}
	return 0, action.Errorf(action.CodeCommand, "cannot %s: %w", r.purpose, err).On(r.target).
		Try("a host needs a container with /bin/sh in it: name another one with container")
}
