package controller

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"runbook/engine/workload"
)

const daemons = `{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: db}, spec: {selector: {matchLabels: {app: db}},
	template: {metadata: {labels: {app: db}}, spec: {containers: [{name: app, image: "db:1"}]}}}}`

// What a dry run shows as the end of a stateful or a daemon set's rollout is what a world comes to: of pods, counts and recorded revisions.
func TestADryRunShowsWhereARolloutOfASetEnds(t *testing.T) {
	manifests := map[string]string{"statefulsets.apps": stateful, "daemonsets.apps": daemons}
	rapid.Check(t, func(t *rapid.T) {
		resource := rapid.SampledFrom([]string{"statefulsets.apps", "daemonsets.apps"}).Draw(t, "kind")
		w := newWorld(t)
		w.apply(manifests[resource])
		w.after(time.Minute)
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			set := w.get(resource, "db")
			before := workload.Workload{Owner: set, Pods: w.owned(set, "pods"), Revisions: w.owned(set, revisions)}
			image := rapid.SampledFrom([]string{"db:1", "db:2", "db:3"}).Draw(t, "image")
			w.edit(resource, "db", []any{Object{"name": "app", "image": image}}, "spec", "template", "spec", "containers")
			now := w.get(resource, "db")
			before.Owner = workload.With(workload.With(set, now["spec"], "spec"), workload.Dig(now, "metadata", "generation"), "metadata", "generation")
			w.after(2 * time.Minute)
			now = w.get(resource, "db")
			require.Equal(t, rolled(before.Ready(w.s.Now())),
				rolled(workload.Workload{Owner: now, Pods: w.owned(now, "pods"), Revisions: w.owned(now, revisions)}))
		}
	})
}

// rolled is what is left of a set's workload without what a dry run makes up.
func rolled(w workload.Workload) map[string]any {
	image := func(template Object) string {
		return workload.Text(workload.Maps(template, "spec", "containers")[0], "image")
	}
	var pods, kept []string
	for _, pod := range w.Pods {
		current := workload.IsOf(pod, workload.RevisionMark(w.Owner, w.Revisions[workload.CurrentRevision(w.Owner, w.Revisions)]))
		pods = append(pods, sprintf("%s %s %v", image(pod), workload.Text(pod, "status", "phase"), current))
	}
	for _, r := range w.Revisions {
		kept = append(kept, sprintf("%d %s", workload.RevisionNumber(r), image(workload.RecordedTemplate(r))))
	}
	slices.Sort(kept)
	status := without(without(workload.Map(w.Owner, "status"), "currentRevision"), "updateRevision")
	return Object{"pods": pods, "revisions": kept, "status": plain(status)}
}

// A revision that nobody uses is forgotten when there are more than the set keeps.
func TestRevisionsBeyondTheLimitAreForgotten(t *testing.T) {
	for resource, manifest := range map[string]string{"statefulsets.apps": stateful, "daemonsets.apps": daemons} {
		w := newWorld(t)
		w.apply(manifest)
		w.edit(resource, "db", int64(1), "spec", "revisionHistoryLimit")
		for _, image := range []string{"db:2", "db:3", "db:4", "db:3"} {
			w.edit(resource, "db", image, "spec", "template", "metadata", "annotations", "version")
			w.after(time.Minute)
		}
		var numbers []int64
		for _, r := range w.s.List(revisions, "shop") {
			numbers = append(numbers, workload.RevisionNumber(r))
		}
		slices.Sort(numbers)
		require.Equal(t, []int64{4, 5}, numbers, resource)
	}
}
