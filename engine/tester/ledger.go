package tester

import (
	"maps"
	"sync"

	"runbook/engine/gate"
	"runbook/engine/journal"
	"runbook/engine/script"
)

// A ledger is what all tests of one runbook add to.
type ledger struct {
	coverage script.Coverage
	may      []string     // what the runbook says that it may change
	grants   []gate.Grant // the same
	params   []script.Param

	mu   sync.Mutex
	used map[string]bool // entries of may that some run used
}

// note notes what a run used of what it may.
func (l *ledger) note(r *run) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, record := range r.of(journal.KindIntent) {
		for i, g := range l.grants {
			if g.Covers(record.Call.Verb, record.Call.Target) {
				l.used[l.may[i]] = true
			}
		}
	}
}

// unused are the entries that no run used.
func (l *ledger) unused() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, entry := range l.may {
		if !l.used[entry] {
			out = append(out, entry)
		}
	}
	return out
}

// answered are the parameters of a rehearsal: what a person will be asked is given beforehand, as on the command line, because a dry run
// asks nobody.
func (l *ledger) answered(how settingsOf) map[string]string {
	out := maps.Clone(how.params)
	for _, p := range l.params {
		if p.Ask == "" {
			continue
		}
		if answer, given := (people{answers: how.answers}).answer(p.Name, p.Ask); given {
			out[p.Name] = script.Typed(answer)
		}
	}
	return out
}
