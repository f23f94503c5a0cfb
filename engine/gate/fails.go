package gate

import (
	"path"
	"slices"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// Failed is what becomes of an action where a plan assumed that it would be done.
const Failed = string(journal.Failed)

// SiteOf is what all actions of one verb that one line of a script asks for are called together: a plan has one course for their failure,
// however many they are.
func SiteOf(verb, where string) string { return verb + " at " + path.Base(where) }

// actionNames are what an action may be called that is to fail: by its site, its verb, its target, or both of these.
func actionNames(p Place, d action.Description) []string {
	here := d.Target
	here.Scope = ""
	return []string{SiteOf(d.Verb, p.Where), d.Verb, here.String(), d.Target.String(), d.Verb + " " + here.String(), d.Verb + " " + d.Target.String()}
}

// mostFailures is how often one action is rehearsed as failing, and mostOfSite how many of one line of a script: one that tries again until
// it is done, the same or something else, comes to an end.
const (
	mostFailures = 10
	mostOfSite   = 1000
)

// fails tells whether an action is rehearsed as failing.
func (r Rehearse) fails(g *Gate, pass *passage) bool {
	named := func(name string) bool { return r.Fails[name] }
	if !pass.intent.MayFail || journal.Nth(pass.key) > mostFailures || !slices.ContainsFunc(actionNames(pass.place, pass.desc), named) {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	site := SiteOf(pass.desc.Verb, pass.place.Where)
	g.failed[site]++
	return g.failed[site] <= mostOfSite
}
