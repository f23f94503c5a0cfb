package controller

import (
	"time"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// syncJob keeps a job's pods until enough of them have succeeded or too many have failed.
func (c *Controllers) syncJob(key store.Key, job Object) {
	if workload.IsLeaving(job) || c.isTerminating(key.Namespace) || isOver(job) {
		return
	}
	j := c.tally(job)
	if workload.Text(job, "status", "startTime") == "" && !j.suspended {
		job = workload.With(job, c.stamp(), "status", "startTime")
	}
	limit, given := workload.Int(job, "spec", "backoffLimit")
	if !given {
		limit = 6
	}
	switch {
	case c.overdue(key, job):
		job = c.fail(job, j, "DeadlineExceeded", "Job was active longer than specified deadline")
	case j.failed+j.retries > limit:
		job = c.fail(job, j, "BackoffLimitExceeded", "Job has reached the specified backoff limit")
	case j.enough() && len(j.active) == 0:
		job = c.complete(job)
	case !j.suspended && !j.enough():
		c.runMore(key, job, j)
	}
	c.store.Update(key.Resource, c.jobStatus(job))
}

// isOver tells whether a job has completed or failed.
func isOver(job Object) bool {
	return workload.Condition(job, "Complete")["status"] == "True" || workload.Condition(job, "Failed")["status"] == "True"
}

// A tally is how a job's pods stand.
type tally struct {
	active, leaving                      []Object
	succeeded, failed, ready, retries    int64
	lastFailure                          time.Time
	parallelism, completions             int64
	counted /* completions */, suspended bool
}

func (t tally) enough() bool {
	if t.counted {
		return t.succeeded >= t.completions
	}
	return t.succeeded > 0 // whichever succeeds first speaks for all
}

func (c *Controllers) tally(job Object) tally {
	t := tally{parallelism: 1, suspended: workload.Dig(job, "spec", "suspend") == true}
	if n, ok := workload.Int(job, "spec", "parallelism"); ok {
		t.parallelism = n
	}
	t.completions, t.counted = workload.Int(job, "spec", "completions")
	for _, pod := range c.owned(job, "pods") {
		switch phase := workload.Text(pod, "status", "phase"); {
		case phase == "Succeeded":
			t.succeeded++
		case phase == "Failed":
			t.failed++
			if at := finishedAt(pod); at.After(t.lastFailure) {
				t.lastFailure = at
			}
		case workload.IsLeaving(pod):
			t.leaving = append(t.leaving, pod)
		default:
			t.active = append(t.active, pod)
			if workload.IsReady(pod) {
				t.ready++
			}
			t.retries += restartsOf(pod)
		}
	}
	return t
}

// restartsOf counts for a job's limit only where containers are started again in their pod.
func restartsOf(pod Object) (n int64) {
	if workload.Text(pod, "spec", "restartPolicy") != "OnFailure" {
		return 0
	}
	for _, s := range workload.Maps(pod, "status", "containerStatuses") {
		restarts, _ := workload.Int(s, "restartCount")
		n += restarts
	}
	return n
}

func finishedAt(pod Object) (last time.Time) {
	for _, s := range workload.Maps(pod, "status", "containerStatuses") {
		if at, err := time.Parse(time.RFC3339, workload.Text(s, "state", "terminated", "finishedAt")); err == nil && at.After(last) {
			last = at
		}
	}
	return last
}

// runMore starts the pods that a job lacks. After a failure it waits, longer each time.
func (c *Controllers) runMore(key store.Key, job Object, t tally) {
	want := t.parallelism
	if t.counted {
		want = min(want, t.completions-t.succeeded)
	}
	missing := want - int64(len(t.active)) - int64(len(t.leaving))
	if missing <= 0 {
		return
	}
	if t.failed > 0 {
		due := t.lastFailure.Add(min(firstDelay<<min(t.failed-1, 10), 10*time.Minute))
		if due.After(c.now()) {
			c.agenda.put(uidOf(job), "retry", due, func() { c.work.add(key) })
			return
		}
	}
	for range missing {
		pod := c.newPod(job, "", nil)
		c.tell(job, note{from: "job-controller", reason: "SuccessfulCreate"}, "Created pod: %s", nameOf(pod))
	}
}

// overdue tells whether a job has been active for too long, and looks at it again when it would be.
func (c *Controllers) overdue(key store.Key, job Object) bool {
	seconds, limited := workload.Int(job, "spec", "activeDeadlineSeconds")
	since, err := time.Parse(time.RFC3339, workload.Text(job, "status", "startTime"))
	if !limited || err != nil {
		return false
	}
	due := since.Add(time.Duration(seconds) * time.Second)
	if !due.After(c.now()) {
		return true
	}
	c.agenda.put(uidOf(job), "deadline", due, func() { c.work.add(key) })
	return false
}

func (c *Controllers) fail(job Object, t tally, reason, message string) Object {
	for _, pod := range t.active {
		c.remove(store.KeyOf("pods", pod), pod)
		c.tell(job, note{from: "job-controller", reason: "SuccessfulDelete"}, "Deleted pod: %s", nameOf(pod))
	}
	c.tell(job, note{from: "job-controller", reason: reason, warning: true}, "%s", message)
	job = workload.SetCondition(job, "FailureTarget", "True", reason, message, c.now())
	return c.over(workload.SetCondition(job, "Failed", "True", reason, message, c.now()))
}

func (c *Controllers) complete(job Object) Object {
	const reason, message = "CompletionsReached", "Reached expected number of succeeded pods"
	c.tell(job, note{from: "job-controller", reason: "Completed"}, "Job completed")
	job = workload.SetCondition(job, "SuccessCriteriaMet", "True", reason, message, c.now())
	job = workload.SetCondition(job, "Complete", "True", reason, message, c.now())
	return c.over(workload.With(job, c.stamp(), "status", "completionTime"))
}

// over removes a finished job when its time has come, if it says so.
func (c *Controllers) over(job Object) Object {
	if seconds, given := workload.Int(job, "spec", "ttlSecondsAfterFinished"); given {
		key := store.KeyOf("jobs.batch", job)
		c.agenda.put(uidOf(job), "expires", c.now().Add(time.Duration(seconds)*time.Second), func() {
			if job := c.store.Get(key); job != nil {
				c.remove(key, job)
			}
		})
	}
	return job
}

func (c *Controllers) jobStatus(job Object) Object {
	t := c.tally(job)
	for field, n := range map[string]int64{"active": int64(len(t.active)), "succeeded": t.succeeded, "failed": t.failed} {
		var value any
		if n > 0 {
			value = n
		}
		job = workload.With(job, value, "status", field)
	}
	job = workload.With(job, t.ready, "status", "ready")
	job = workload.With(job, int64(len(t.leaving)), "status", "terminating")
	return workload.With(job, Object{}, "status", "uncountedTerminatedPods")
}
