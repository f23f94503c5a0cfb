package plan

import (
	"slices"
	"sync"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// A Matcher holds a run to a plan: each action has to be planned, and has to come in its branch behind the planned ones that came
// before it. It is safe for concurrent use by the branches of a run.
//
// One that did not happen may be asked for again, right after: a script that tries again does no more than was planned.
//
// What is repeatable (action.Repeatable) has to be planned as well, and may come anywhere, at any time and as often as the run asks for it:
// how long things take decides that, and the rehearsal did not wait. For the same reason it does not matter for which course it was planned.
type Matcher struct {
	mu       sync.Mutex
	lines    []*line
	line     *line                        // the one that the run is on: the rehearsal itself, or a turn
	anywhere map[string]*journal.Record   // what is repeatable, of all lines, by its operation
	failed   []failure                    // of actions of the run, the last one first
	came     map[string][]string          // by branch: the planned keys of its actions, in order
	asked    map[string]bool              // by planned key
	used     map[string]int               // by operation in its place: how many of the planned ones have come
	planned  map[string]string            // by the key that was asked for: the planned one
	others   map[string][]*journal.Record // by branch: the last action as other courses have it
	undo     map[string]undo              // by branch: how to take back the last action
	besides  []journal.Turn               // assumptions that do not hold either, after the first that did not
	replan   string                       // what to type to plan again
}

// A line is one planned course of a run.
type line struct {
	turn     journal.Turn // zero for the rehearsal itself
	actions  []*journal.Record
	branches map[string][]*journal.Record
	position map[string]int   // by key: the position in its branch
	places   map[string][]int // by operation in its place: those positions, one for each time
}

// undo is how it was before an action was approved.
type undo struct {
	key  string
	used int
}

// A failure is of an action that the script went on after. What the plan has for that is approved as well from then on, until the script
// tries the same action again: not one like it that is planned behind what came since.
type failure struct {
	operation string // in its place
	planned   string // key of the one that failed
	line      *line  // nil where the plan has none
	name      string
}

// Matcher makes the check of one run. Branches and keys in a plan are clean of secrets, as those that are asked for have to be.
func (p *Plan) Matcher() *Matcher {
	m := &Matcher{
		anywhere: map[string]*journal.Record{}, came: map[string][]string{}, asked: map[string]bool{}, planned: map[string]string{}, others: map[string][]*journal.Record{},
		used: map[string]int{}, undo: map[string]undo{}, replan: p.Again(),
	}
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
	l := &line{turn: turn, actions: actions, branches: map[string][]*journal.Record{}, position: map[string]int{}, places: map[string][]int{}}
	for _, r := range actions {
		at, operation := len(l.branches[r.Branch]), journal.Unnumbered(r.Key)
		if l.position[r.Key] = at; Repeatable(r) == "" { // what may repeat is none of the times that something else is planned
			l.places[operation] = append(l.places[operation], at)
		}
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
	operation := journal.Unnumbered(key)
	for _, l := range m.courses() {
		next := l.behind(m.came[branch])
		at, used := l.place(branch, operation, m.used[operation], next)
		if at < next || !m.stands(l, l.branches[branch][at]) {
			continue
		}
		found := l.branches[branch][at]
		m.others[branch] = m.elsewhere(l, found)
		m.undo[branch] = undo{key: key, used: m.used[operation]}
		m.came[branch], m.used[operation], m.asked[found.Key], m.planned[key] = append(m.came[branch], found.Key), used, true, found.Key
		m.failed = slices.DeleteFunc(m.failed, func(f failure) bool { return f.operation == operation && f.planned == found.Key })
		return found, nil
	}
	return nil, m.drift(d, m.unplanned(branch, operation, d)).Try("%s%s", m.advice(), toldLate(anywhere))
}

// Others are the last action of a branch as other courses have it that approve of it: not everything fails that a course has as failing, so
// what comes after a failure may find its target as it is on another one.
func (m *Matcher) Others(branch string) []*journal.Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.others[branch]
}

// elsewhere is a planned action that comes now, as the lines have it that come after that one. The caller holds the lock.
func (m *Matcher) elsewhere(chosen *line, found *journal.Record) []*journal.Record {
	var out []*journal.Record
	courses := m.courses()
	for _, l := range courses[slices.Index(courses, chosen)+1:] {
		at, there := l.position[found.Key]
		if there && at >= l.behind(m.came[found.Branch]) && m.stands(l, l.branches[found.Branch][at]) {
			out = append(out, l.branches[found.Branch][at])
		}
	}
	return out
}

// stands tells whether a course can approve of an action: one on what the run itself made there, of which nothing else is known, only
// where something that makes it has come. The caller holds the lock.
func (m *Matcher) stands(l *line, r *journal.Record) bool {
	if r.Intent == nil || !restsOnRun(r.Intent) {
		return true
	}
	makers := 0
	for _, before := range l.actions[:slices.Index(l.actions, r)] {
		if !changes(before, r) {
			continue
		}
		if makers++; slices.Contains(m.came[before.Branch], before.Key) {
			return true
		}
	}
	return makers == 0
}

// restsOnRun tells whether some evidence of an action is what the run itself did before.
func restsOnRun(i *journal.Intent) bool {
	for _, old := range i.Evidence.Old {
		if old == action.OwnDoing {
			return true
		}
	}
	return i.Made
}

// changes tells whether an action makes the target of another one, or writes it where it is there already.
func changes(r, of *journal.Record) bool {
	return r.Intent != nil && slices.ContainsFunc(r.Intent.Changes, func(c journal.Change) bool {
		return c.Target == of.Call.Target && (c.Op == "create" || !of.Intent.Made)
	})
}

// courses are the lines that approve of an action, each before the one that it turned from. The caller holds the lock.
func (m *Matcher) courses() []*line {
	var out []*line
	for _, f := range m.failed {
		if f.line != nil && !slices.Contains(out, f.line) {
			out = append(out, f.line)
		}
	}
	return append(out, m.line)
}

// behind is the position in a branch behind the last of the actions that came in it.
func (l *line) behind(came []string) int {
	for _, key := range slices.Backward(came) {
		if at, there := l.position[key]; there {
			return at + 1
		}
	}
	return 0
}

// place is the position in a branch at which an operation is planned of which some have come, and how many have with this; -1 if no more is
// planned. What could not be predicted for a moment only, and then could, was planned once.
// One that did not happen, and that another action came after, is left out where it is planned once more behind that.
func (l *line) place(branch, operation string, used, next int) (at, now int) {
	places := l.places[operation]
	if later := slices.IndexFunc(places, func(at int) bool { return at >= next }); later > used {
		used = later
	}
	for i := used; i < len(places); i++ {
		r := l.branches[branch][places[i]]
		if r.Intent != nil || r.Outcome.Error == nil || !r.Outcome.Error.Retryable || i == len(places)-1 {
			return places[i], i + 1
		}
	}
	return -1, used
}

// Undone takes back the last action of a branch, which did not happen: the next may be the same one again.
func (m *Matcher) Undone(branch, key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before, last := m.undo[branch]
	if !last || before.key != key {
		return
	}
	m.used[journal.Unnumbered(key)], m.came[branch] = before.used, m.came[branch][:len(m.came[branch])-1]
	delete(m.undo, branch)
}

func (m *Matcher) drift(d action.Description, how string) *action.Error {
	return action.Errorf(action.CodeDrift, "%s %s is not as planned: %s; it was not sent", d.Verb, d.Target, how).On(d.Target).
		Try("%s", m.advice())
}

func (m *Matcher) advice() string { return "rehearse and plan again: " + m.replan }

// toldLate is what to do where a message was not planned, by its operation; "" for anything else. To rehearse it again would bring the same
// plan: what takes long takes no time in a dry run.
func toldLate(anywhere string) string {
	if anywhere == "" {
		return ""
	}
	return "; where the dry run does not come to this message, put what it waits for into outage:during or outage:watch, which rehearse that it " +
		"takes long: runbook docs outage:during"
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
			m.line, m.undo = l, map[string]undo{}
			return
		default:
			m.besides = append(m.besides, turn)
			return
		}
	}
}

// Failed opens what was planned for the case that actions of a site fail, beside the line that the run is on.
func (m *Matcher) Failed(key, name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := failure{operation: journal.Unnumbered(key), planned: m.planned[key], name: name}
	m.failed = slices.DeleteFunc(m.failed, func(before failure) bool { return before.operation == f.operation })
	if at := slices.IndexFunc(m.lines, func(l *line) bool { return l.turn == journal.Turn{Name: name, Choice: string(journal.Failed)} }); at >= 0 {
		f.line = m.lines[at]
	}
	m.failed = append([]failure{f}, m.failed...)
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
