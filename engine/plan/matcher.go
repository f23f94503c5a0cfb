package plan

import (
	"fmt"
	"sync"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// A Matcher holds a run to a plan: each action has to be planned, and has to come in its branch behind the planned ones that came
// before it. It is safe for concurrent use by the branches of a run.
//
// What is repeatable (action.Repeatable) has to be planned as well, and may come anywhere, at any time and as often as the run asks for it:
// how long things take decides that, and the rehearsal did not wait. For the same reason it does not matter for which course it was planned.
type Matcher struct {
	mu       sync.Mutex
	lines    []*line
	line     *line                      // the one that the run is on: the rehearsal itself, or a turn
	anywhere map[string]*journal.Record // what is repeatable, of all lines, by its operation
	next     map[string]int             // by branch: the position behind the last action, on the line
	asked    map[string]bool            // by key
	last     map[string]string          // by branch: the key of the last action
	besides  []journal.Turn             // assumptions that do not hold either, after the first that did not
	replan   string                     // what to type to plan again
}

// A line is one planned course of a run.
type line struct {
	turn     journal.Turn // zero for the rehearsal itself
	actions  []*journal.Record
	branches map[string][]*journal.Record
	position map[string]int // by key: the position in its branch
}

// Matcher makes the check of one run. Branches and keys in a plan are clean of secrets, as those that are asked for have to be.
func (p *Plan) Matcher() *Matcher {
	m := &Matcher{anywhere: map[string]*journal.Record{}, next: map[string]int{}, asked: map[string]bool{}, last: map[string]string{}, replan: p.Again()}
	m.line = newLine(journal.Turn{}, Actions(p.Records))
	m.lines = []*line{m.line}
	for _, t := range p.Turns {
		m.lines = append(m.lines, newLine(t.Turn, t.Actions))
	}
	for _, l := range m.lines {
		for _, r := range l.actions {
			if name := Repeatable(r); name != "" && (m.anywhere[name] == nil || m.anywhere[name].Intent == nil) {
				m.anywhere[name] = r
			}
		}
	}
	return m
}

// Repeatable is the operation of what is that (action.Repeatable); "" of anything else. What could not be predicted says only that it may fail.
func Repeatable(r *journal.Record) string {
	if r.Intent != nil && !r.Intent.Repeatable || r.Intent == nil && !r.Outcome.Tolerated {
		return ""
	}
	return action.Description{Verb: r.Call.Verb, Target: r.Call.Target, Identity: r.Call.Identity}.Operation()
}

func newLine(turn journal.Turn, actions []*journal.Record) *line {
	l := &line{turn: turn, actions: actions, branches: map[string][]*journal.Record{}, position: map[string]int{}}
	for _, r := range actions {
		l.position[r.Key] = len(l.branches[r.Branch])
		l.branches[r.Branch] = append(l.branches[r.Branch], r)
	}
	return l
}

// Approve returns the planned action that is asked for now, or says in which way what is asked for is not what was planned. Anywhere is its
// operation, clean of secrets, where it is repeatable.
func (m *Matcher) Approve(branch, key, anywhere string, d action.Description) (*journal.Record, *action.Error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.anywhere[anywhere]; r != nil {
		return r, nil
	}
	at, planned := m.line.position[key]
	switch {
	case !planned:
		return nil, m.drift(d, m.unplanned(branch, d))
	case at < m.next[branch]:
		last := m.line.branches[branch][m.next[branch]-1].Call
		return nil, m.drift(d, fmt.Sprintf("it was planned before %s %s, and comes after it now", last.Verb, last.Target))
	}
	m.next[branch], m.last[branch], m.asked[key] = at+1, key, true
	return m.line.branches[branch][at], nil
}

func (m *Matcher) drift(d action.Description, how string) *action.Error {
	return action.Errorf(action.CodeDrift, "%s %s is not as planned: %s; it was not sent", d.Verb, d.Target, how).On(d.Target).
		Try("rehearse and plan again: %s", m.replan)
}

// Turn goes over to what was planned for the case that an assumption does not hold. Where nothing was, the next action tells: also
// after a second assumption that does not hold, because each was planned for by itself.
func (m *Matcher) Turn(name, choice string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	turn := journal.Turn{Name: name, Choice: choice}
	for _, l := range m.lines[1:] {
		switch {
		case l.turn != turn || l == m.line:
		case m.line == m.lines[0]:
			m.goOver(l)
			return
		default:
			m.besides = append(m.besides, turn)
			return
		}
	}
}

// goOver puts the run on another line, where it is on its own. The caller holds the lock.
func (m *Matcher) goOver(l *line) {
	m.line, m.next = l, map[string]int{}
	for branch, key := range m.last {
		if at, there := l.position[key]; there {
			m.next[branch] = at + 1
		}
	}
}

// Missed are the planned actions that were not asked for. What is repeatable need not come at all.
func (m *Matcher) Missed() []*journal.Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []*journal.Record
	for _, r := range m.line.actions {
		if r.Intent != nil && !r.Intent.Repeatable && !m.asked[r.Key] {
			out = append(out, r)
		}
	}
	return out
}

// Again is what to type to plan again.
func (m *Matcher) Again() string { return m.replan }
