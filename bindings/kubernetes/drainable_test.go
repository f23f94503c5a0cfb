package kubernetes

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	drainer "k8s.io/kubectl/pkg/drain"

	"runbook/engine/workload"
)

// nodePods are pods of every sort that the rules of a drain tell apart: by owner, phase, volumes, and what is about to happen to them.
func nodePods() []object {
	var out []object
	for _, owner := range []string{"", "ReplicaSet", "DaemonSet", "lost DaemonSet", "mirror"} {
		for _, phase := range []string{"Running", "Pending", "Succeeded", "Failed"} {
			for _, more := range []string{"", "emptydir", "leaving"} {
				name := strings.ToLower(strings.ReplaceAll(strings.Trim(owner+" "+phase+" "+more, " "), " ", "-"))
				pod := object{
					"apiVersion": "v1", "kind": "Pod", "metadata": object{"name": name, "namespace": "shop", "uid": "u-" + name},
					"spec": object{"nodeName": "n1"}, "status": object{"phase": phase},
				}
				out = append(out, sortOfPod(pod, owner, more))
			}
		}
	}
	return out
}

func sortOfPod(pod object, owner, more string) object {
	set := "agent"
	switch {
	case owner == "mirror":
		pod = workload.With(pod, "x", "metadata", "annotations", "kubernetes.io/config.mirror")
	case owner != "":
		if strings.HasPrefix(owner, "lost") {
			set = "lost"
		}
		pod = workload.With(pod, []any{object{
			"apiVersion": "apps/v1", "kind": strings.TrimPrefix(owner, "lost "), "name": set, "uid": "u", "controller": true,
		}}, "metadata", "ownerReferences")
	}
	switch more {
	case "emptydir":
		pod = workload.With(pod, []any{object{"name": "v", "emptyDir": object{}}}, "spec", "volumes")
	case "leaving":
		pod = workload.With(pod, "2026-11-24T02:59:00Z", "metadata", "deletionTimestamp")
	}
	return pod
}

// Which pods go, stay and refuse is what kubectl drain says, for every sort of pod and all options.
func TestDrainableIsWhatKubectlDrains(t *testing.T) {
	pods := nodePods()
	agent := object{"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": object{"name": "agent", "namespace": "shop", "uid": "u"}}
	address := serve(t, &stub{answers: map[string]http.HandlerFunc{
		"GET /api/v1/nodes/n1":      answerJSON(200, `{"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"}}`),
		"GET /api/v1/pods":          answerJSON(200, string(toRaw(t, object{"kind": "PodList", "apiVersion": "v1", "items": pods}))),
		"GET " + budgetsPath:        answerJSON(200, `{"kind":"PodDisruptionBudgetList","apiVersion":"policy/v1","items":[]}`),
		"GET " + daemons + "/agent": answerJSON(200, string(toRaw(t, agent))),
	}})
	d := driver{t, New(configFor(t, address)), &fakeView{}}
	client, err := kubernetes.NewForConfig(&rest.Config{Host: address, QPS: -1})
	require.NoError(t, err)
	for i := range 8 {
		ignore, empty, force := i&1 != 0, i&2 != 0, i&4 != 0
		helper := &drainer.Helper{
			Ctx: t.Context(), Client: client, IgnoreAllDaemonSets: ignore, DeleteEmptyDirData: empty, Force: force,
		}
		list, errs := helper.GetPodsForDeletion("n1")
		var goes []string
		for _, pod := range list.Pods() {
			goes = append(goes, pod.Name)
		}
		refused := map[string]bool{}
		for _, err := range errs {
			_, names, _ := strings.Cut(err.Error()[strings.LastIndex(err.Error(), ": "):], ": ")
			for name := range strings.SplitSeq(names, ", ") {
				refused[strings.TrimPrefix(name, "shop/")] = true
			}
		}
		what := d.read("drainable", "n1", opts("ignore_daemonsets", ignore, "delete_emptydir", empty, "force", force)).(object)
		require.ElementsMatch(t, goes, namesIn(what["evict"]), "%v %v %v", ignore, empty, force)
		for _, name := range namesIn(what["refuse"]) {
			require.True(t, refused[name], name)
		}
		require.Len(t, what["refuse"], len(refused))
		require.Len(t, pods, len(goes)+len(refused)+len(namesIn(what["skip"])))
	}
}

const (
	budgetsPath = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets"
	daemons     = "/apis/apps/v1/namespaces/shop/daemonsets"
)

func namesIn(list any) (out []string) {
	for _, item := range list.([]any) {
		raw, ok := item.(json.RawMessage)
		if !ok {
			raw = item.(object)["pod"].(json.RawMessage)
		}
		_, name := identity(raw)
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
