package gate

import (
	"slices"

	"runbook/engine/action"
)

// waits are the waits that a run came to, by the names that a person may call them.
type waits struct {
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
func (w *waits) note(names []string) {
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

// Waits lists the waits that the run came to, as people are told of them.
func (g *Gate) Waits() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.waits.shown)
}

// HadWait tells whether the run came to a wait of that name.
func (g *Gate) HadWait(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.waits.known[name]
}

func (g *Gate) noteWait(d action.Description) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waits.note(namesOf(d))
}
