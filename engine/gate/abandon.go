package gate

import (
	"runbook/engine/action"
	"runbook/engine/journal"
)

// Abandon writes down that every action under way is uncertain: the process ends before they have answered. What they answer after
// that is not written down any more.
func (g *Gate) Abandon(cause error) {
	g.mu.Lock()
	passes := make([]*passage, 0, len(g.underWay))
	for pass := range g.underWay {
		passes = append(passes, pass)
	}
	g.mu.Unlock()
	for _, pass := range passes {
		err := action.Errorf(action.CodeUncertain, "%s %s was sent, and the run was ended before an answer came: %w",
			pass.desc.Verb, pass.desc.Target, cause).
			On(pass.desc.Target).Try("look at %s before anything else", pass.desc.Target)
		out := &journal.Outcome{Status: journal.Uncertain, Error: journal.NewError(err), Elapsed: g.opts.Outside.Now().Sub(pass.sent)}
		_ = g.conclude(pass, out, nil) // if it cannot be written down, the end of the run cannot either
	}
}

// sending notes that an action is on its way to the terminal.
func (g *Gate) sending(pass *passage) {
	pass.sent = g.opts.Outside.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.underWay[pass] = true
}

// conclude writes down what came of an action, once: whoever comes second finds it told.
func (g *Gate) conclude(pass *passage, out *journal.Outcome, value any) (err error) {
	pass.concluded.Do(func() {
		err = g.recordResult(pass.place, pass.key, pass.desc, journal.KindOutcome, out, value)
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.underWay, pass)
	})
	return err
}
