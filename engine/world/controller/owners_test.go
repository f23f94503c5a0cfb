package controller

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/workload"
	"runbook/engine/world/scenario"
	"runbook/engine/world/store"
)

var sprintf = fmt.Sprintf

func TestDeletingADeployment(t *testing.T) {
	for _, c := range []struct {
		name                  string
		policy                []any
		deployments, sets     int
		states                string
		deploymentsAfter, pod int
	}{
		{"background", nil, 0, 0, "2× 1/1 Terminating 0", 0, 0},
		{"foreground", []any{foreground}, 1, 1, "2× 1/1 Terminating 0", 0, 0},
		{"orphan", []any{orphan}, 0, 1, "2× 1/1 Running 0", 0, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.deployment("web", 2, "")
			w.after(10 * time.Second)
			w.drop("deployments.apps", "web", c.policy...)
			require.Len(t, w.s.List("deployments.apps", "shop"), c.deployments)
			require.Len(t, w.s.List("replicasets.apps", "shop"), c.sets)
			require.Equal(t, c.states, w.states())
			w.after(time.Minute)
			require.Len(t, w.s.List("deployments.apps", "shop"), c.deploymentsAfter)
			require.Len(t, w.s.List("pods", "shop"), c.pod)
			if c.name != "orphan" {
				require.Empty(t, w.s.List("replicasets.apps", "shop"))
				return
			}
			set := w.s.List("replicasets.apps", "shop")[0]
			require.Nil(t, workload.Controller(set))
			w.deployment("web", 2, "")
			require.Equal(t, "2/2 2 2 NewReplicaSetAvailable", w.rollout("web"), "another deployment adopts what is left")
			require.Len(t, w.s.List("replicasets.apps", "shop"), 1)
		})
	}
}

func TestANamespace(t *testing.T) {
	w := newWorld(t)
	require.NotNil(t, w.get("serviceaccounts", "default"))
	require.NotNil(t, w.get("configmaps", "kube-root-ca.crt"))
	w.deployment("web", 2, "")
	w.after(10 * time.Second)
	ns := w.get("namespaces", "shop")
	w.s.Update("namespaces", workload.With(workload.With(ns, w.stamp(), "metadata", "deletionTimestamp"), "Terminating", "status", "phase"))
	w.React()
	require.Equal(t, "2× 1/1 Terminating 0", w.states())
	require.Equal(t, "Some resources are remaining: pods. has 2 resource instances",
		workload.Condition(w.get("namespaces", "shop"), "NamespaceContentRemaining")["message"])
	w.after(time.Second)
	require.Nil(t, w.s.Get(store.Key{Resource: "namespaces", Name: "shop"}))
	for _, resource := range w.s.Resources() {
		require.Empty(t, w.s.List(resource, "shop"), resource)
	}
}

const stateful = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 3
  serviceName: db
  selector: {matchLabels: {app: db}}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce]}}]
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: app, image: "db:1"}]}}`

func TestAStatefulSetKeepsItsOrder(t *testing.T) {
	w := newWorld(t)
	w.apply(stateful)
	for i, want := range []string{"1× 0/1 ContainerCreating 0", "1× 0/1 ContainerCreating 0, 1× 1/1 Running 0", "1× 0/1 ContainerCreating 0, 2× 1/1 Running 0", "3× 1/1 Running 0"} {
		w.Advance(began.Add(time.Duration(3*i) * time.Second))
		require.Equal(t, want, w.states())
	}
	require.Equal(t, []string{"db-0", "db-1", "db-2"}, w.podNames())
	require.Len(t, w.s.List("persistentvolumeclaims", "shop"), 3)
	require.Contains(t, w.events("db"), "SuccessfulCreate: Create Pod db-0 in StatefulSet db successful")
	old := workload.Text(w.get("statefulsets.apps", "db"), "status", "currentRevision")

	w.edit("statefulsets.apps", "db", "now", "spec", "template", "metadata", "annotations", "restartedAt")
	require.Equal(t, []string{"db-0 1/1 Running 0", "db-1 1/1 Running 0", "db-2 1/1 Terminating 0"}, w.pods())
	w.after(4 * time.Second)
	require.Equal(t, []string{"db-0 1/1 Running 0", "db-1 1/1 Terminating 0", "db-2 1/1 Running 0"}, w.pods())
	w.after(time.Minute)
	set := w.get("statefulsets.apps", "db")
	require.Equal(t, int64(3), amount(set, "updatedReplicas"))
	require.NotEqual(t, old, workload.Text(set, "status", "currentRevision"))
	require.Len(t, w.s.List("controllerrevisions.apps", "shop"), 2)

	w.drop("pods", "db-1")
	require.Equal(t, []string{"db-0 1/1 Running 0", "db-1 1/1 Terminating 0", "db-2 1/1 Running 0"}, w.pods())
	w.after(10 * time.Second)
	w.edit("statefulsets.apps", "db", int64(1), "spec", "replicas")
	require.Equal(t, []string{"db-0 1/1 Running 0", "db-1 1/1 Running 0", "db-2 1/1 Terminating 0"}, w.pods())
	w.after(time.Second)
	require.Equal(t, []string{"db-0 1/1 Running 0", "db-1 1/1 Terminating 0"}, w.pods())
	w.after(time.Second)
	require.Equal(t, []string{"db-0"}, w.podNames())
	require.Len(t, w.s.List("persistentvolumeclaims", "shop"), 3, "claims stay")
}

func TestADaemonSetIsOnEveryNode(t *testing.T) {
	w := newWorld(t)
	w.apply(`{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent}, spec: {selector: {matchLabels: {app: agent}},
		template: {metadata: {labels: {app: agent}}, spec: {containers: [{name: app, image: "agent:1"}]}}}}`)
	w.after(10 * time.Second)
	require.Equal(t, "3× 1/1 Running 0", w.states())
	w.apply("{apiVersion: v1, kind: Node, metadata: {name: node-4}}")
	w.after(10 * time.Second)
	require.Equal(t, "4× 1/1 Running 0", w.states())
	w.edit("daemonsets.apps", "agent", []any{Object{"name": "app", "image": "agent:2"}}, "spec", "template", "spec", "containers")
	require.Equal(t, "1× 1/1 Terminating 0, 3× 1/1 Running 0", w.states(), "one at a time")
	w.after(time.Minute)
	set := w.get("daemonsets.apps", "agent")
	require.Equal(t, int64(4), amount(set, "updatedNumberScheduled"))
	require.Equal(t, int64(4), amount(set, "numberAvailable"))
	w.s.Delete(store.Key{Resource: "nodes", Name: "node-4"})
	w.React()
	require.Equal(t, int64(3), amount(w.get("daemonsets.apps", "agent"), "desiredNumberScheduled"))
}

const batch = `
apiVersion: batch/v1
kind: Job
metadata: {name: import}
spec:
  completions: 2
  backoffLimit: 2
  template: {metadata: {labels: {app: import}}, spec: {restartPolicy: Never, containers: [{name: app, image: "import:1"}]}}`

func TestAJobCompletes(t *testing.T) {
	w := newWorld(t)
	w.apply(batch)
	w.after(time.Minute)
	require.Equal(t, "2× 0/1 Completed 0", w.states())
	job := w.get("jobs.batch", "import")
	require.Equal(t, int64(2), amount(job, "succeeded"))
	require.Equal(t, "True", workload.Condition(job, "Complete")["status"])
	require.Equal(t, "2026-11-24T03:00:14Z", workload.Text(job, "status", "completionTime"))
	require.Contains(t, w.events("import"), "Completed: Job completed")
}

func TestAJobGivesUp(t *testing.T) {
	w := newWorld(t, scenario.Behaviour{Be: scenario.Fails})
	w.apply(batch)
	w.after(10 * time.Minute)
	job := w.get("jobs.batch", "import")
	require.Equal(t, int64(3), amount(job, "failed"))
	require.Equal(t, "BackoffLimitExceeded", workload.Condition(job, "Failed")["reason"])
	require.Equal(t, "3× 0/1 Error 0", w.states())
	require.Contains(t, w.events("import"), "BackoffLimitExceeded: Job has reached the specified backoff limit")
}

func TestAServiceKnowsItsReadyPods(t *testing.T) {
	w := newWorld(t)
	w.apply(`{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}}`)
	w.deployment("web", 2, "")
	ready := func() (n int) {
		for _, e := range workload.Maps(w.s.List("endpointslices.discovery.k8s.io", "shop")[0], "endpoints") {
			if workload.Dig(e, "conditions", "ready") == true {
				n++
			}
		}
		return n
	}
	require.Equal(t, 0, ready())
	w.after(10 * time.Second)
	require.Equal(t, 2, ready())
	require.Len(t, workload.Maps(workload.Maps(w.get("endpoints", "web"), "subsets")[0], "addresses"), 2)
	require.NoError(t, w.Become(scenario.Event{Become: scenario.NeverReady, Pods: "app=web", Count: 1}))
	require.Equal(t, 1, ready())
	w.drop("services", "web")
	require.Empty(t, w.s.List("endpointslices.discovery.k8s.io", "shop"))
	require.Empty(t, w.s.List("endpoints", "shop"))
}

func TestADisruptionBudget(t *testing.T) {
	w := newWorld(t)
	for name, limit := range map[string]string{"min": "minAvailable: 2", "max": "maxUnavailable: 25%", "all": "minAvailable: 100%"} {
		w.apply(sprintf("{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: %s}, spec: {selector: {matchLabels: {app: web}}, %s}}", name, limit))
	}
	allowed := func() (out []int64) {
		for _, name := range []string{"all", "max", "min"} {
			out = append(out, amount(w.get(budgets, name), "disruptionsAllowed"))
		}
		return out
	}
	require.Equal(t, []int64{0, 0, 0}, allowed())
	w.deployment("web", 4, "")
	w.after(10 * time.Second)
	require.Equal(t, []int64{0, 1, 2}, allowed())
	require.Equal(t, "SufficientPods", workload.Condition(w.get(budgets, "min"), "DisruptionAllowed")["reason"])
	require.NoError(t, w.Become(scenario.Event{Become: scenario.NeverReady, Pods: "app=web", Count: 2}))
	require.Equal(t, []int64{0, 0, 0}, allowed())
}

func TestTimetables(t *testing.T) {
	for schedule, want := range map[string]string{ // from 2026-11-24 03:00:00, a Tuesday
		"* * * * *": "2026-11-24T03:01:00Z", "0 * * * *": "2026-11-24T04:00:00Z", "*/15 2-4 * * *": "2026-11-24T03:15:00Z",
		"30 2 * * *": "2026-11-25T02:30:00Z", "0 0 1 jan *": "2027-01-01T00:00:00Z", "0 9 * * mon-fri": "2026-11-24T09:00:00Z",
		"0 9 * * 7": "2026-11-29T09:00:00Z", "0 0 13 * fri": "2026-11-27T00:00:00Z", "@daily": "2026-11-25T00:00:00Z", "5,10 3 29 2 *": "2028-02-29T03:05:00Z",
	} {
		table, err := parseTimetable(schedule, "")
		require.NoError(t, err, schedule)
		require.Equal(t, want, stampOf(table.next(began)), schedule)
	}
	table, err := parseTimetable("0 9 * * *", "Europe/Berlin")
	require.NoError(t, err)
	require.Equal(t, "2026-11-24T08:00:00Z", stampOf(table.next(began)))
	for _, wrong := range []string{"", "* * * *", "60 * * * *", "5-1 * * * *", "a * * * *", "*/0 * * * *", "* * 0 * *"} {
		_, err := parseTimetable(wrong, "")
		require.Error(t, err, wrong)
	}
}

const nightly = `
apiVersion: batch/v1
kind: CronJob
metadata: {name: clean}
spec:
  schedule: "*/10 * * * *"
  concurrencyPolicy: %s
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: app, image: "clean:1"}]}}}}`

func TestACronJobRunsItsJobs(t *testing.T) {
	w := newWorld(t)
	w.apply(sprintf(nightly, "Allow"))
	w.after(9 * time.Minute)
	require.Empty(t, w.s.List("jobs.batch", "shop"))
	w.after(time.Minute)
	jobs := w.s.List("jobs.batch", "shop")
	require.Len(t, jobs, 1)
	require.Equal(t, sprintf("clean-%d", began.Add(10*time.Minute).Unix()/60), nameOf(jobs[0]))
	require.Len(t, workload.Maps(w.get("cronjobs.batch", "clean"), "status", "active"), 1)
	pod := only(w)
	require.Equal(t, nameOf(jobs[0]), workload.Text(pod, "metadata", "labels", "batch.kubernetes.io/job-name"))
	w.after(50 * time.Minute)
	cron := w.get("cronjobs.batch", "clean")
	require.Equal(t, "2026-11-24T04:00:00Z", workload.Text(cron, "status", "lastScheduleTime"))
	require.Equal(t, "2026-11-24T03:50:07Z", workload.Text(cron, "status", "lastSuccessfulTime"))
	require.Len(t, w.s.List("jobs.batch", "shop"), 4, "three that are over, and the one that runs")
	require.Contains(t, w.events("clean"), "SawCompletedJob: Saw completed job: "+nameOf(jobs[0])+", condition: Complete")
	w.edit("cronjobs.batch", "clean", true, "spec", "suspend")
	w.after(time.Hour)
	require.Len(t, w.s.List("jobs.batch", "shop"), 3)
	w.drop("cronjobs.batch", "clean")
	w.after(time.Minute)
	require.Empty(t, w.s.List("jobs.batch", "shop"))
	require.Empty(t, w.pods())
}

func TestACronJobWaitsForItsJobIfItSaysSo(t *testing.T) {
	w := newWorld(t, scenario.Behaviour{Be: scenario.Healthy}) // its pods never end
	w.apply(sprintf(nightly, "Forbid"))
	w.after(time.Hour)
	require.Len(t, w.s.List("jobs.batch", "shop"), 1)
	require.Contains(t, w.events("clean"),
		"JobAlreadyActive: Not starting job because prior execution is running and concurrency policy is Forbid ×5")
}
