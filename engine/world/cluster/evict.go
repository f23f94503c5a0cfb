package cluster

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"runbook/engine/workload"
)

const budgets = "poddisruptionbudgets.policy"

// evict deletes a pod if its disruption budget allows that.
func (c *Cluster) evict(q *request) (answer, error) {
	d, err := q.eviction()
	if err != nil {
		return answer{}, err
	}
	pod := c.store.Get(q.key())
	if pod == nil {
		return answer{}, q.absent()
	}
	if err := q.kind.stillMeant(pod, d); err != nil {
		return answer{}, err
	}
	budget, err := c.budgetFor(pod)
	if err != nil {
		return answer{}, err
	}
	if budget != nil {
		if err := c.spend(budget, pod, d.dryRun); err != nil {
			return answer{}, err
		}
	}
	if !d.dryRun {
		evicted := withMessage(pod, "DisruptionTarget", "True", "EvictionByEvictionAPI", "Eviction API: evicting", c.store.Now())
		c.store.Update(q.kind.canonical(), evicted)
		d.version = ""
	}
	if _, err := c.remove(q.kind, q.key(), d); err != nil {
		return answer{}, err
	}
	return answer{code: http.StatusCreated, object: metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess, Code: http.StatusCreated,
	}}, nil
}

// eviction reads the body. A dry run may be asked for in the query or in its options.
func (q *request) eviction() (deletion, error) {
	opts, err := q.createOptions()
	if err != nil {
		return deletion{}, err
	}
	o, err := decodeAny(q.http.Header.Get("Content-Type"), q.body)
	if err != nil {
		return deletion{}, err
	}
	if kind := workload.Text(o, "kind"); kind != "" && kind != "Eviction" {
		return deletion{}, apierrors.NewBadRequest("not a Eviction object: " + kind)
	}
	if nameOf(o) != q.call.Name {
		return deletion{}, apierrors.NewBadRequest("name in URL does not match name in Eviction object")
	}
	var body metav1.DeleteOptions
	if err := fromMap(workload.Map(o, "deleteOptions"), &body); err != nil {
		return deletion{}, apierrors.NewBadRequest(err.Error())
	}
	d, err := q.deletionOf(body)
	if err != nil {
		return d, err
	}
	if opts.dryRun && d.dryRun != opts.dryRun && len(body.DryRun) > 0 {
		return d, errors.New("Non-matching dry-run options in request and content") //nolint:staticcheck // the server's words
	}
	d.dryRun = d.dryRun || opts.dryRun
	return d, nil
}

// budgetFor is the disruption budget that guards a pod; nil if none does.
func (c *Cluster) budgetFor(pod Object) (Object, error) {
	if workload.NeedsNoBudget(pod) {
		return nil, nil
	}
	var found []Object
	for _, budget := range c.store.List(budgets, namespaceOf(pod)) {
		var written metav1.LabelSelector
		if workload.Map(budget, "spec", "selector") == nil || fromMap(workload.Map(budget, "spec", "selector"), &written) != nil {
			continue
		}
		if s, err := metav1.LabelSelectorAsSelector(&written); err == nil && s.Matches(labelsOf(pod, "metadata", "labels")) {
			found = append(found, budget)
		}
	}
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return found[0], nil
	}
	return nil, errors.New("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.") //nolint:staticcheck,revive // the server's words
}

// spend takes one disruption from a budget, or refuses.
func (c *Cluster) spend(budget, pod Object, dryRun bool) error {
	number := func(field string) int64 {
		n, _ := workload.Int(budget, "status", field)
		return n
	}
	switch workload.Disrupts(budget, pod) {
	case workload.Harmless:
		return nil
	case workload.Unseen:
		return overBudget(fmt.Sprintf("The disruption budget %s is still being processed by the server.", nameOf(budget)), 10)
	case workload.Forbidden:
		return overBudget(fmt.Sprintf("The disruption budget %s needs %d healthy pods and has %d currently", nameOf(budget),
			number("desiredHealthy"), number("currentHealthy")), 0)
	}
	if dryRun {
		return nil
	}
	budget = workload.With(budget, number("disruptionsAllowed")-1, "status", "disruptionsAllowed")
	budget = workload.With(budget, c.store.Now().UTC().Format(time.RFC3339), "status", "disruptedPods", nameOf(pod))
	c.store.Update(budgets, budget)
	return nil
}

func overBudget(cause string, after int) error {
	e := apierrors.NewTooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", after)
	e.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: "DisruptionBudget", Message: cause}}
	return e
}
