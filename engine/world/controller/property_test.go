package controller

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"runbook/engine/workload"
	"runbook/engine/world/scenario"
	"runbook/engine/world/store"
)

// drawDeployment makes a deployment of some size with some strategy.
func drawDeployment(t *rapid.T, w *world, minReady int64) {
	limit := func(label string) any {
		if rapid.Bool().Draw(t, label+" in percent") {
			return rapid.SampledFrom([]string{"0%", "10%", "25%", "50%", "100%"}).Draw(t, label)
		}
		return rapid.Int64Range(0, 4).Draw(t, label)
	}
	labels := Object{"app": "web"}
	w.create(Object{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": Object{"name": "web"},
		"spec": Object{
			"replicas": rapid.Int64Range(0, 12).Draw(t, "replicas"), "selector": Object{"matchLabels": labels},
			"minReadySeconds": rapid.Int64Range(0, minReady).Draw(t, "min ready"),
			"strategy":        Object{"type": "RollingUpdate", "rollingUpdate": Object{"maxSurge": limit("surge"), "maxUnavailable": limit("unavailable")}},
			"template":        Object{"metadata": Object{"labels": labels}, "spec": Object{"containers": []any{Object{"name": "app", "image": "web:0"}}}},
		},
	})
}

// While a rollout of healthy pods goes on there are never more pods than wanted and surplus, nor fewer available ones than wanted less
// those that may be lacking. Rolled over in the middle, it still keeps to that, unless pods have to be ready for a while: then a replica set
// may give up an available pod on a crowded node before one that is not available yet, as a real one does.
func TestARolloutKeepsItsLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		rollouts := rapid.IntRange(1, 3).Draw(t, "rollouts")
		drawDeployment(t, w, map[bool]int64{true: 5}[rollouts == 1])
		w.after(time.Minute)
		d := w.get("deployments.apps", "web")
		most, least := workload.Replicas(d)+workload.MaxSurge(d), workload.Replicas(d)-workload.MaxUnavailable(d)
		for i := range rollouts {
			w.image("web", "web:"+string(rune('a'+i)))
			for range rapid.IntRange(0, 30).Draw(t, "seconds") {
				active, available := 0, 0
				for _, pod := range w.s.List("pods", "shop") {
					if workload.IsActive(pod) {
						active++
						if workload.IsAvailable(pod, workload.MinReady(d), w.s.Now()) {
							available++
						}
					}
				}
				require.LessOrEqual(t, active, int(most))
				require.GreaterOrEqual(t, available, int(least))
				w.after(time.Second)
			}
		}
		w.after(time.Hour)
		d = w.get("deployments.apps", "web")
		require.True(t, workload.Complete(d))
		require.Equal(t, workload.ReasonAvailable, workload.Condition(d, "Progressing")["reason"])
	})
}

// What a dry run shows as the end of a change is what a world comes to, but for names, uids and times.
func TestADryRunShowsWhereAWorldEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		drawDeployment(t, w, 5)
		w.after(time.Minute)
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			before := w.workload("web")
			switch rapid.SampledFrom([]string{"scale", "image", "delete"}).Draw(t, "change") {
			case "scale":
				n := rapid.Int64Range(0, 12).Draw(t, "to")
				before.Owner = workload.Scale(before.Owner, n)
				w.s.Update("deployments.apps", before.Owner)
				w.React()
			case "image":
				w.image("web", rapid.SampledFrom([]string{"web:1", "web:2", "web:3"}).Draw(t, "image"))
				before.Owner = w.specOf("web", before.Owner)
			case "delete":
				if names := w.podNames(); len(names) > 0 {
					name := rapid.SampledFrom(names).Draw(t, "pod")
					before = before.Without(w.get("pods", name))
					w.drop("pods", name)
				}
			}
			w.after(10 * time.Minute)
			require.Equal(t, likeness(before.Ready(w.s.Now())), likeness(w.workload("web")))
		}
	})
}

// The same of a stateful set, whose pods have their names before they are there.
func TestADryRunShowsWhereAStatefulSetEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.apply(stateful)
		w.after(time.Minute)
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			before := workload.Workload{Owner: w.get("statefulsets.apps", "db"), Pods: w.s.List("pods", "shop")}
			if names := w.podNames(); rapid.Bool().Draw(t, "delete") && len(names) > 0 {
				name := rapid.SampledFrom(names).Draw(t, "pod")
				before = before.Without(w.get("pods", name))
				w.drop("pods", name)
			} else {
				before.Owner = workload.Scale(before.Owner, rapid.Int64Range(0, 5).Draw(t, "to"))
				w.s.Update("statefulsets.apps", before.Owner)
				w.React()
			}
			w.after(10 * time.Minute)
			var shown []string
			after := before.Ready(w.s.Now())
			for _, pod := range after.Pods {
				shown = append(shown, nameOf(pod))
				require.Equal(t, "Running ready", workload.Text(pod, "status", "phase")+" "+truth(workload.IsReady(pod)))
			}
			require.Equal(t, shown, w.podNames())
			require.Equal(t, plain(after.Owner["status"]), plain(w.get("statefulsets.apps", "db")["status"]))
		}
	})
}

// It makes no difference in how many steps time goes on.
func TestStepsOfTimeMakeNoDifference(t *testing.T) {
	run := func(steps int) string {
		w := newWorld(t, scenario.Behaviour{Pods: "app=web", Be: scenario.CrashLoop})
		w.deployment("web", 2, "  progressDeadlineSeconds: 100")
		w.deployment("good", 4, "  minReadySeconds: 7")
		w.apply(stateful)
		for range steps {
			w.after(10 * time.Minute / time.Duration(steps))
		}
		return w.everything()
	}
	once := run(1)
	for _, steps := range []int{7, 600} {
		require.Equal(t, once, run(steps))
	}
}

// everything is all that is stored.
func (w *world) everything() string {
	all := map[string][]Object{}
	for _, resource := range w.s.Resources() {
		all[resource] = w.s.List(resource, "")
	}
	return plain(all)
}

// workload is what a dry run would gather of a deployment.
func (w *world) workload(name string) workload.Workload {
	out := workload.Workload{Owner: w.get("deployments.apps", name)}
	out.Sets = w.owned(out.Owner, "replicasets.apps")
	for _, set := range out.Sets {
		out.Pods = append(out.Pods, w.owned(set, "pods")...)
	}
	return out
}

// specOf is the owner as it was with the spec that it has now.
func (w *world) specOf(name string, was Object) Object {
	now := w.get("deployments.apps", name)
	was = workload.With(was, now["spec"], "spec")
	return workload.With(was, workload.Dig(now, "metadata", "generation"), "metadata", "generation")
}

// likeness is a workload without what a dry run makes up and what nobody can know before: names, uids, times, addresses, and how many steps
// it took. Each set's pods are counted by what they are made of and whether they are ready.
func likeness(w workload.Workload) map[string]any {
	sets := map[string]any{}
	for _, set := range w.Sets {
		var images []string
		for _, pod := range w.Pods {
			if workload.ControllerUID(pod) == uidOf(set) && workload.IsActive(pod) {
				image := workload.Text(workload.Maps(pod, "spec", "containers")[0], "image")
				images = append(images, image+" "+workload.Text(pod, "status", "phase")+" "+truth(workload.IsReady(pod)))
			}
		}
		slices.Sort(images)
		annotations := workload.Map(set, "metadata", "annotations")
		revision := workload.Text(annotations, "deployment.kubernetes.io/revision")
		sets[revision] = Object{
			"annotations": annotations, "status": without(workload.Map(set, "status"), "observedGeneration"), "pods": images,
			"replicas": workload.Replicas(set), "image": workload.Text(workload.Maps(set, "spec", "template", "spec", "containers")[0], "image"),
		}
	}
	status := without(workload.Map(w.Owner, "status"), "conditions")
	var conditions []string
	for _, c := range workload.Maps(w.Owner, "status", "conditions") {
		message, _, _ := strings.Cut(workload.Text(c, "message"), `"`)
		conditions = append(conditions, workload.Text(c, "type")+" "+workload.Text(c, "status")+" "+workload.Text(c, "reason")+" "+message)
	}
	slices.Sort(conditions)
	return Object{
		"sets": plain(sets), "status": plain(status), "conditions": conditions, "spec": plain(w.Owner["spec"]),
		"annotations": plain(workload.Map(w.Owner, "metadata", "annotations")),
	}
}

func truth(b bool) string {
	if b {
		return "ready"
	}
	return "unready"
}

func without(o Object, key string) Object { return workload.With(o, nil, key) }

// plain makes numbers of different Go types comparable.
func plain(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// The same things done at the same times give the same objects, to the last uid.
func TestAWorldGoesTheSameWayEachTime(t *testing.T) {
	run := func() string {
		w := newWorld(t)
		w.deployment("web", 5, "")
		w.apply(stateful)
		w.apply(batch)
		w.after(10 * time.Second)
		restart(w)
		w.after(5 * time.Second)
		w.drop("pods", w.podNames()[3])
		w.after(time.Minute)
		return w.everything()
	}
	first, second := run(), run()
	require.Equal(t, first, second)
}

// Nothing that comes out of the store is ever modified.
func TestWhatIsStoredIsNeverModified(t *testing.T) {
	w := newWorld(t)
	seen := map[string]string{}
	kept := map[string]Object{}
	w.s.OnChange(func(e store.Event) {
		id := e.Key.Resource + "/" + nameOf(e.Object) + "/" + workload.Text(e.Object, "metadata", "resourceVersion")
		seen[id], kept[id] = plain(e.Object), e.Object
	})
	w.deployment("web", 4, "")
	w.apply(stateful)
	w.after(10 * time.Second)
	restart(w)
	w.after(time.Minute)
	for _, id := range slices.Sorted(maps.Keys(seen)) {
		require.Equal(t, seen[id], plain(kept[id]), id)
	}
}

// Ten thousand pods start, become ready and go without each of them being compared with each other.
func BenchmarkTenThousandPods(b *testing.B) {
	for b.Loop() {
		w := newWorld(b)
		for i := range 100 {
			w.apply(sprintf("{apiVersion: v1, kind: Node, metadata: {name: big-%d}, status: {capacity: {cpu: 1000, memory: 4Ti, pods: 1000}}}", i))
		}
		for i := range 100 {
			w.deployment(sprintf("web-%d", i), 100, "")
		}
		w.after(10 * time.Second)
		w.deployment("big", 1, "")
		w.after(10 * time.Second)
	}
}
