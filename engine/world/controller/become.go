package controller

import (
	"fmt"
	"slices"
	"strings"

	"runbook/engine/workload"
	"runbook/engine/world/scenario"
)

// Become makes pods that are there behave in another way from now on. If a number is given it takes the first ones by name of those that
// are well, or, to heal some, of those that are not; only then the others.
func (c *Controllers) Become(e scenario.Event) error {
	namespace := e.Namespace
	if namespace == "" {
		namespace = c.section.Namespace
	}
	if namespace == "" {
		namespace = "default"
	}
	var chosen []*life
	for _, pod := range c.podsIn(namespace) {
		if l := c.lives[uidOf(pod)]; l != nil && workload.IsActive(pod) && matches(e.Pods, pod) {
			chosen = append(chosen, l)
		}
	}
	if len(chosen) == 0 {
		return fmt.Errorf("become %s: no pod in namespace %q fits the selector %q at %s%s", e.Become, namespace, e.Pods, c.stamp(), c.others(namespace))
	}
	if e.Count > 0 && e.Count < len(chosen) {
		last := func(l *life) int { return rank((l.how == scenario.Healthy) == (e.Become == scenario.Healthy)) }
		slices.SortStableFunc(chosen, func(a, b *life) int { return last(a) - last(b) })
		chosen = chosen[:e.Count]
	}
	if e.Become == scenario.Unschedulable {
		bound := func(l *life) bool { return workload.Text(c.store.Get(l.key), "spec", "nodeName") != "" }
		if chosen = slices.DeleteFunc(chosen, bound); len(chosen) == 0 {
			return fmt.Errorf("become %s: each pod in namespace %q that fits the selector %q has its node already; delete it as well, and give "+
				"what replaces it this behaviour", e.Become, namespace, e.Pods)
		}
	}
	for _, l := range chosen {
		c.change(l, e)
	}
	c.React()
	return nil
}

// rank puts what it is said of after the rest.
func rank(last bool) int {
	if last {
		return 1
	}
	return 0
}

// others names the namespaces that have pods, for who has the wrong one.
func (c *Controllers) others(namespace string) string {
	var names []string
	for name, pods := range c.index.pods {
		if name != namespace && len(pods) > 0 {
			names = append(names, name)
		}
	}
	if slices.Sort(names); len(names) == 0 {
		return ""
	}
	return "; there are pods in " + strings.Join(names, ", ")
}

// change lets one pod behave in another way. What its containers do at the moment is cut short only where the new way demands it.
func (c *Controllers) change(l *life, e scenario.Event) {
	l.how, l.manner = e.Become, e.Manner
	l.assign("")
	pod := c.store.Get(l.key)
	if workload.Text(pod, "spec", "nodeName") == "" {
		c.work.add(l.key)
		return
	}
	for _, k := range l.containers[l.inits:] {
		if k.state["running"] != nil {
			c.redirect(l, k)
		}
	}
	c.show(l)
}

// redirect is what a running container does when its pod changes: one that shall end does so at this moment, one that shall not become ready
// is ready no more, and one that gets well becomes ready.
func (c *Controllers) redirect(l *life, k *container) {
	for _, what := range []string{"end ", "probe ", "ready "} {
		c.agenda.drop(l.uid, what+k.name)
	}
	switch {
	case k.ends():
		code, reason := l.exit(k.how)
		c.ended(l, k, code, reason)
	case k.how == scenario.NeverReady:
		k.ready = false
		c.later(l, k, "probe", l.ready(), func() { c.probe(l, k) })
	case !k.ready:
		c.later(l, k, "ready", l.ready(), func() { c.becomesReady(l, k) })
	}
}
