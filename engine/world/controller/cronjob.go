package controller

import (
	"fmt"
	"slices"
	"time"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// syncCronJob keeps count of a cron job's jobs, removes those of which it keeps enough, and looks forward to the next.
func (c *Controllers) syncCronJob(key store.Key, cron Object) {
	if workload.IsLeaving(cron) || c.isTerminating(key.Namespace) {
		return
	}
	cron = c.countJobs(cron)
	c.store.Update(key.Resource, cron)
	if workload.Dig(cron, "spec", "suspend") == true {
		c.agenda.drop(uidOf(cron), "schedule")
		return
	}
	schedule := workload.Text(cron, "spec", "schedule")
	table, err := parseTimetable(schedule, workload.Text(cron, "spec", "timeZone"))
	if err != nil {
		c.tellOnce(cron, "UnparseableSchedule", fmt.Sprintf("unparseable schedule: %q : %s", schedule, err))
		return
	}
	if at := table.next(c.now()); !at.IsZero() {
		c.agenda.put(uidOf(cron), "schedule", at, func() { c.runJob(key, at) })
	}
}

// tellOnce warns of a cron job for which nothing changes by itself.
func (c *Controllers) tellOnce(cron Object, reason, message string) {
	generation, _ := workload.Int(cron, "metadata", "generation")
	id := uidOf(cron) + "/" + reason
	if c.made[id] != int(generation) {
		c.made[id] = int(generation)
		c.tell(cron, note{from: "cronjob-controller", reason: reason, warning: true}, "%s", message)
	}
}

// countJobs writes down which jobs of a cron job run, when one succeeded last, and removes the oldest that are over.
func (c *Controllers) countJobs(cron Object) Object {
	var active []any
	var succeeded, failed []Object
	for _, job := range c.owned(cron, "jobs.batch") {
		switch {
		case workload.Condition(job, "Complete")["status"] == "True":
			succeeded = append(succeeded, job)
			if at := workload.Text(job, "status", "completionTime"); at > workload.Text(cron, "status", "lastSuccessfulTime") {
				cron = workload.With(cron, at, "status", "lastSuccessfulTime")
			}
		case isOver(job):
			failed = append(failed, job)
		default:
			active = append(active, Object{
				"apiVersion": "batch/v1", "kind": "Job", "namespace": namespaceOf(job), "name": nameOf(job), "uid": uidOf(job),
				"resourceVersion": workload.Text(job, "metadata", "resourceVersion"),
			})
		}
	}
	c.prune(cron, succeeded, "successfulJobsHistoryLimit", 3)
	c.prune(cron, failed, "failedJobsHistoryLimit", 1)
	cron = c.sayOver(cron, active)
	if len(active) == 0 {
		return workload.With(cron, nil, "status", "active")
	}
	return workload.With(cron, active, "status", "active")
}

// sayOver tells of jobs that ran when it was last looked and run no more.
func (c *Controllers) sayOver(cron Object, active []any) Object {
	for _, was := range workload.Maps(cron, "status", "active") {
		running := slices.ContainsFunc(active, func(a any) bool { return a.(Object)["uid"] == was["uid"] })
		key, known := c.index.byUID[workload.Text(was, "uid")]
		if running || !known {
			continue
		}
		condition := "Complete"
		if workload.Condition(c.store.Get(key), "Failed")["status"] == "True" {
			condition = "Failed"
		}
		c.tell(cron, note{from: "cronjob-controller", reason: "SawCompletedJob"}, "Saw completed job: %s, condition: %s", key.Name, condition)
	}
	return cron
}

func (c *Controllers) prune(cron Object, jobs []Object, limit string, usual int64) {
	keep, given := workload.Int(cron, "spec", limit)
	if !given {
		keep = usual
	}
	slices.SortFunc(jobs, workload.CompareCreated)
	for _, job := range jobs[:max(0, len(jobs)-int(keep))] {
		c.remove(store.KeyOf("jobs.batch", job), job)
		c.tell(cron, note{from: "cronjob-controller", reason: "SuccessfulDelete"}, "Deleted job %s", nameOf(job))
	}
}

// runJob starts the job of one time of the timetable, unless an older one is in its way.
func (c *Controllers) runJob(key store.Key, at time.Time) {
	cron := c.store.Get(key)
	if cron == nil {
		return
	}
	c.work.add(key)
	from := note{from: "cronjob-controller", reason: "SuccessfulCreate"}
	for _, running := range workload.Maps(cron, "status", "active") {
		switch workload.Text(cron, "spec", "concurrencyPolicy") {
		case "Forbid":
			from.reason = "JobAlreadyActive"
			c.tell(cron, from, "Not starting job because prior execution is running and concurrency policy is Forbid")
			return
		case "Replace":
			old := store.Key{Resource: "jobs.batch", Namespace: key.Namespace, Name: workload.Text(running, "name")}
			if job := c.store.Get(old); job != nil {
				c.remove(old, job)
				c.tell(cron, note{from: from.from, reason: "SuccessfulDelete"}, "Deleted job %s", old.Name)
			}
		}
	}
	job := c.store.Create("jobs.batch", workload.JobSelected(c.store.Stamped(workload.Defaulted(jobOf(cron, at)), true)))
	c.tell(cron, from, "Created job %s", nameOf(job))
	c.store.Update(key.Resource, workload.With(cron, stampOf(at), "status", "lastScheduleTime"))
}

// jobOf is the job of a cron job for one time.
func jobOf(cron Object, at time.Time) Object {
	template := workload.Clone(workload.Map(cron, "spec", "jobTemplate"))
	job := Object{"apiVersion": "batch/v1", "kind": "Job", "spec": template["spec"], "metadata": template["metadata"]}
	for _, set := range []struct {
		value any
		path  []string
	}{
		{fmt.Sprintf("%s-%d", nameOf(cron), at.Unix()/60), []string{"name"}}, {namespaceOf(cron), []string{"namespace"}},
		{stampOf(at), []string{"annotations", "batch.kubernetes.io/cronjob-scheduled-timestamp"}},
		{[]any{workload.OwnerReference(cron)}, []string{"ownerReferences"}},
	} {
		job = workload.With(job, set.value, append([]string{"metadata"}, set.path...)...)
	}
	return job
}
