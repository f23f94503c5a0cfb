package gate

import (
	"slices"

	"runbook/engine/action"
)

// callings are the waits that a run came to, or its actions that may fail, by the names that a person may call them.
type callings struct {
	shown []string        // as people are told of them, in order, each once
	known map[string]bool // every name of each
}

// namesOf are what a wait may be called: as a script says it, as a person types it, and as the records have it.
func namesOf(d action.Description) []string {
	here := d.Target
	here.Scope = ""
	names := []string{d.Target.String(), here.String(), d.Verb + " " + d.Target.String()}
	if d.Target.System == "script" {
		return append([]string{d.Target.Name}, names...)
	}
	return names
}

// note enters a wait.
func (w *callings) note(names []string) {
	if w.known == nil {
		w.known = map[string]bool{}
	}
	if !slices.Contains(w.shown, names[0]) {
		w.shown = append(w.shown, names[0])
	}
	for _, name := range names {
		w.known[name] = true
	}
}

// Waits lists the waits that the run came to, as people are told of them, and tells whether one has that name.
func (g *Gate) Waits(name string) (all []string, there bool) { return g.look(&g.waits, name) }

// MayFail is Waits of the actions whose failure the script lives with.
func (g *Gate) MayFail(name string) (all []string, there bool) { return g.look(&g.mayFail, name) }

func (g *Gate) look(n *callings, name string) (all []string, there bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(n.shown), n.known[name]
}

func (g *Gate) note(n *callings, names []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n.note(names)
}
