package tape

import (
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// A Selection is what of a journal a resumed run hears again.
type Selection struct {
	Records []*journal.Record // in order
	Kept    []*journal.Record // actions of a step that is begun anew and that must not be done twice
	Resume  journal.Resume    // what is written down about it: FromStep, Dropped and Kept
}

// Tape is the tape of the selection. Clean is as in New.
func (s Selection) Tape(clean func(string) string) *Tape {
	t := New(s.Records, clean)
	t.keep(s.Kept)
	return t
}

// Select chooses what of a journal a resumed run hears again: everything, but for what made the run end early, which is asked for
// again. With fromStep, everything of that step and the later ones is asked for again too, except actions that were done or may have
// been, and that would do harm twice. It fails when there is nothing to resume, and where the clean-ups at the end of the run have
// changed what its records say.
func Select(records []*journal.Record, fromStep int) (Selection, error) {
	s := &selector{fromStep: fromStep}
	s.read(records)
	if err := s.resumable(); err != nil {
		return Selection{}, err
	}
	if err := s.dropCleanUp(); err != nil {
		return Selection{}, err
	}
	if fromStep > 0 {
		if err := s.dropSteps(); err != nil {
			return Selection{}, err
		}
	} else {
		s.trim("")
		if err := s.anythingNew(); err != nil {
			return Selection{}, err
		}
	}
	return s.selection(), s.lost()
}

// Whole is everything of a journal that holds, its failures included: what a replay hears.
func Whole(records []*journal.Record) Selection {
	s := &selector{}
	s.read(records)
	return s.selection()
}

type selector struct {
	fromStep int
	run      *journal.Run
	end      *journal.End // of the last attempt; nil if it died
	held     []*journal.Record
	kept     []*journal.Record // by earlier resumes
	dropped  map[*journal.Record]bool
	newKept  map[*journal.Record]bool
	again    int // calls that are made again because they failed
}

// read keeps what earlier resumes left.
func (s *selector) read(records []*journal.Record) {
	s.dropped, s.newKept = map[*journal.Record]bool{}, map[*journal.Record]bool{}
	gone, kept := map[int64]bool{}, map[int64]bool{}
	for _, r := range records {
		switch r.Kind {
		case journal.KindRun:
			s.run = r.Run
		case journal.KindResume:
			s.end = nil
			mark(gone, r.Resume.Dropped)
			mark(kept, r.Resume.Kept)
		case journal.KindEnd:
			s.end = r.End
		}
	}
	for _, r := range records {
		switch {
		case gone[r.Seq] || !isCall(r.Kind) && !isTelling(r.Kind):
		case kept[r.Seq]:
			s.kept = append(s.kept, r)
		default:
			s.held = append(s.held, r)
		}
	}
}

func mark(set map[int64]bool, numbers []int64) {
	for _, n := range numbers {
		set[n] = true
	}
}

func (s *selector) resumable() error {
	switch {
	case s.run == nil:
		return action.Errorf(action.CodeInvalid, "this is not the journal of a run")
	case s.end != nil && s.end.Status == journal.OK:
		return action.Errorf(action.CodeInvalid, "run %s came to its end: there is nothing to resume", s.run.ID).
			Try("run it again: runbook run %s", s.run.Typed())
	}
	return nil
}

// dropCleanUp leaves out what on_exit did when the run ended: it is called again at the end of the resumed run.
func (s *selector) dropCleanUp() error {
	begun := slices.IndexFunc(s.held, func(r *journal.Record) bool { return r.Kind == journal.KindStep && r.Step.CleanUp })
	if begun < 0 {
		return nil
	}
	var changed []string
	for _, r := range s.held[begun:] {
		s.dropped[r] = true
		if r.Kind == journal.KindIntent {
			changed = append(changed, r.Call.Verb+" "+r.Call.Target.String())
		}
	}
	if len(changed) > 0 && s.fromStep == 0 {
		return action.Errorf(action.CodeInvalid, "the clean-ups of run %s have changed things since (%s): what it had read and done before may not hold any more",
			s.run.ID, strings.Join(changed, ", ")).
			Try("begin a step anew, which looks again: runbook resume %s --from-step %d", s.run.ID, max(s.lastStep(), 1))
	}
	return nil
}

func (s *selector) lastStep() int {
	last := 0
	for _, r := range s.held {
		if r.Kind == journal.KindStep {
			last = max(last, r.Step.Number)
		}
	}
	return last
}

// dropSteps leaves out everything from a step on. A call in parallel branches stands between the records of its step.
func (s *selector) dropSteps() error {
	begun := slices.IndexFunc(s.held, func(r *journal.Record) bool { return r.Kind == journal.KindStep && r.Step.Number == s.fromStep })
	if begun < 0 {
		return action.Errorf(action.CodeInvalid, "run %s did not reach step %d: it came to step %d of %d", s.run.ID, s.fromStep, s.lastStep(), len(s.run.Steps)).
			Try("without --from-step it goes on where it stopped")
	}
	outcomes := s.outcomes()
	for _, r := range s.held[begun:] {
		switch {
		case s.dropped[r]:
		case r.Kind == journal.KindIntent && !mayRepeat(r, outcomes[r.Key]):
			s.newKept[r] = true
			if o := outcomes[r.Key]; o != nil && o.Outcome.Status == journal.Done {
				s.newKept[o] = true
			}
		case !s.newKept[r]:
			s.dropped[r] = true
		}
	}
	return nil
}

func (s *selector) outcomes() map[string]*journal.Record {
	out := map[string]*journal.Record{}
	for _, r := range s.held {
		if r.Kind == journal.KindOutcome {
			out[r.Key] = r
		}
	}
	return out
}

// mayRepeat tells whether an action of a step that is begun anew is simply asked for again: one that is known not to have happened,
// and one for which twice is once. What may have happened has to be settled first.
func mayRepeat(intent, outcome *journal.Record) bool {
	if outcome == nil || outcome.Outcome.Status == journal.Uncertain {
		return false
	}
	return outcome.Outcome.Status == journal.NotDone || intent.Call.Idempotent
}

// trim leaves out the failures at the end of a branch, and then at the ends of the branches that were under way inside its last call.
func (s *selector) trim(branch string) {
	var own []*journal.Record
	for _, r := range s.held {
		if r.Branch == branch && !s.dropped[r] {
			own = append(own, r)
		}
	}
	floor := s.trimOwn(own)
	for _, child := range s.children(branch, floor) {
		s.trim(child)
	}
}

// trimOwn drops from the end and returns the number of the last call that stays, 0 if none does.
func (s *selector) trimOwn(own []*journal.Record) int64 {
	var tail []*journal.Record // told after the last call
	for i := len(own) - 1; i >= 0; i-- {
		r := own[i]
		switch {
		case !isCall(r.Kind):
			tail = append(tail, r)
			continue
		case isFailure(r), r.Kind == journal.KindIntent && i+1 < len(own) && s.undone(own[i+1]),
			r.Kind == journal.KindConsent && r.Consent.Scope == "action" && i+1 < len(own) && s.dropped[own[i+1]]:
			s.drop(r)
			s.drop(tail...)
			tail = nil
			continue
		}
		s.dropEnds(tail)
		return r.Seq
	}
	s.dropEnds(tail)
	return 0
}

// undone tells whether r is a dropped outcome of something that is known not to have happened.
func (s *selector) undone(r *journal.Record) bool {
	return s.dropped[r] && r.Kind == journal.KindOutcome && r.Outcome.Status == journal.NotDone
}

// dropEnds drops the end of the step that failed from what was told last.
func (s *selector) dropEnds(tail []*journal.Record) {
	for _, r := range tail {
		if r.Kind == journal.KindStepEnd && r.Step.Status != journal.OK && r.Step.Status != journal.Skipped {
			s.drop(r)
		}
	}
}

func (s *selector) drop(records ...*journal.Record) {
	for _, r := range records {
		s.dropped[r] = true
		if isCall(r.Kind) {
			s.again++
		}
	}
}

// isFailure tells whether a call's record may be what ended the run: a failure, a refusal by a person, an action of which nobody
// knows whether it happened (its intent stays, to be settled), or a group of branches of which one failed.
func isFailure(r *journal.Record) bool {
	switch r.Kind {
	case journal.KindRead, journal.KindWait, journal.KindOutcome:
		return r.Lost || r.Outcome.Error != nil || r.Outcome.Status == journal.Uncertain
	case journal.KindConsent:
		return !r.Consent.Granted
	case journal.KindHost:
		return r.Host.Failed
	}
	return false
}

// children are the branches right below one that made a call after its record with the number floor.
func (s *selector) children(branch string, floor int64) []string {
	var out []string
	for _, r := range s.held {
		if r.Seq <= floor || s.dropped[r] || !isCall(r.Kind) {
			continue
		}
		if child, ok := action.ChildBranch(branch, r.Branch); ok && !slices.Contains(out, child) {
			out = append(out, child)
		}
	}
	return out
}

// anythingNew refuses a resume that could only come to the same end.
func (s *selector) anythingNew() error {
	if s.end == nil || s.end.Status != journal.Failed || s.again > 0 || s.unsettled() {
		return nil
	}
	return action.Errorf(action.CodeInvalid, "run %s was ended by its own script in step %d, on what it had read: resumed there it would come to the same end",
		s.run.ID, s.end.Step).
		Try("let it look again: runbook resume %s --from-step %d", s.run.ID, max(s.end.Step, 1))
}

// lost refuses a resume that would need a result which is gone, in the middle of what is heard again.
func (s *selector) lost() error {
	step := 0
	for _, r := range s.held {
		if r.Kind == journal.KindStep {
			step = r.Step.Number
		}
		if r.Lost && !s.dropped[r] {
			return action.Errorf(action.CodeNotFound, "a result of run %s did not survive the death of the machine (%s %s in step %d), and later calls rest on it",
				s.run.ID, r.Call.Verb, r.Call.Target, step).
				Try("let it look again: runbook resume %s --from-step %d", s.run.ID, max(step, 1))
		}
	}
	return nil
}

// unsettled tells whether there is an action of which nobody knows what came of it.
func (s *selector) unsettled() bool {
	outcomes := s.outcomes()
	return slices.ContainsFunc(s.held, func(r *journal.Record) bool { return r.Kind == journal.KindIntent && outcomes[r.Key] == nil })
}

func (s *selector) selection() Selection {
	out := Selection{Kept: s.kept, Resume: journal.Resume{FromStep: s.fromStep}}
	for _, r := range s.held {
		switch {
		case s.dropped[r]:
			out.Resume.Dropped = append(out.Resume.Dropped, r.Seq)
		case s.newKept[r]:
			out.Kept = append(out.Kept, r)
			out.Resume.Kept = append(out.Resume.Kept, r.Seq)
		default:
			out.Records = append(out.Records, r)
		}
	}
	return out
}
