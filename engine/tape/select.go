package tape

import (
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/journal"
)

// A Selection is what of a journal a resumed run hears again.
type Selection struct {
	Records []*journal.Record // in order
	Kept    []*journal.Record // actions of a step that is begun anew and that must not be done twice
	Resume  journal.Resume    // what is written down about it: FromStep, Dropped and Kept
}

// Tape is the tape of the selection.
func (s Selection) Tape() *Tape {
	t := New(s.Records)
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
		s.trim(limbs(s.held), 0)
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
	undone   map[string]bool // by key: actions whose dropped outcome says that they did not happen
	again    int             // calls that are made again because they failed
}

// read keeps what earlier resumes left.
func (s *selector) read(records []*journal.Record) {
	s.dropped, s.newKept, s.undone = map[*journal.Record]bool{}, map[*journal.Record]bool{}, map[string]bool{}
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
			Try("run it again: runbook run %s", command.Quote(s.run.Typed()))
	}
	return nil
}

// dropCleanUp leaves out what on_exit did when the run ended early: it is called again at the end of the resumed run. A run that died
// in its clean-ups, or of them, goes on in them instead.
func (s *selector) dropCleanUp() error {
	begun := slices.IndexFunc(s.held, isCleanUp)
	if begun < 0 || s.fromStep == 0 && (s.end == nil || s.stepsWentWell(begun)) {
		return nil
	}
	var changed []string
	outcomes := s.outcomes()
	for _, r := range s.held[begun:] {
		s.dropped[r] = true
		if r.Kind == journal.KindIntent && !nothingDone(r, outcomes[r.Key]) {
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

// stepsWentWell tells whether the last step before the clean-ups is the script's last, and ended well.
func (s *selector) stepsWentWell(cleanUp int) bool {
	for i := cleanUp - 1; i >= 0; i-- {
		if r := s.held[i]; r.Kind == journal.KindStepEnd {
			return wentWell(r.Step) && r.Step.Number == len(s.run.Steps)
		}
	}
	return false
}

func wentWell(step *journal.Step) bool {
	return step.Status == journal.OK || step.Status == journal.Skipped
}

func (s *selector) lastStep() int {
	last := 0
	for _, r := range s.held {
		if r.Kind == journal.KindStep && !r.Step.CleanUp {
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
	outcomes, touched := s.outcomes(), s.touched(begun)
	for _, r := range s.held[begun:] {
		switch {
		case s.dropped[r]:
		case r.Kind == journal.KindIntent && !mayRepeat(r, outcomes[r.Key]):
			s.newKept[r] = true
			if o := outcomes[r.Key]; o != nil && o.Outcome.Status == journal.Done && touched[r.Call.Target] == 1 {
				s.newKept[o] = true
			}
		case !s.newKept[r]:
			s.dropped[r] = true
		}
	}
	return nil
}

// touched counts the actions from a record on, clean-ups included, by target. Of one that several actions touched, their outcomes do
// not tell how it is in the end: each is asked of the target.
func (s *selector) touched(from int) map[action.Target]int {
	out := map[action.Target]int{}
	for _, r := range s.held[from:] {
		if r.Kind == journal.KindIntent {
			out[r.Call.Target]++
		}
	}
	return out
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
	switch {
	case nothingDone(intent, outcome):
		return true
	case outcome == nil || outcome.Outcome.Status == journal.Uncertain:
		return false
	}
	return intent.Call.Idempotent
}

// nothingDone tells whether it is known that an action changed nothing.
func nothingDone(intent, outcome *journal.Record) bool {
	return intent.Intent.Unchanged || outcome != nil && (outcome.Outcome.Status == journal.NotDone || outcome.Outcome.Status == journal.Unchanged)
}

// trim leaves out the failures at the end of a branch, back to the beginning of its step or to the record with the number floor, and
// those at the ends of the branches that were under way inside its last calls. What the script lived with is followed by a call that
// stays.
func (s *selector) trim(l *limb, floor int64) {
	var told []*journal.Record // after the last call that stays
	for i := len(l.records) - 1; i >= 0 && l.records[i].Seq > floor; i-- {
		r := l.records[i]
		if s.dropped[r] {
			continue
		}
		if isBoundary(r) {
			floor = r.Seq
			break
		}
		if !isCall(r.Kind) {
			told = append(told, r)
			continue
		}
		if s.trimBelow(l, r.Seq) || !s.failed(r) {
			s.dropEnds(told)
			return
		}
		s.drop(r)
		s.drop(told...)
		told = nil
	}
	s.trimBelow(l, floor)
	s.dropEnds(told)
}

// isBoundary tells whether nothing before the record can be what ended the run.
func isBoundary(r *journal.Record) bool {
	return r.Kind == journal.KindStep || r.Kind == journal.KindStepEnd && wentWell(r.Step)
}

// trimBelow trims the branches right below one from the record with the number floor on, and tells whether any of their calls stays.
func (s *selector) trimBelow(l *limb, floor int64) (stays bool) {
	for _, child := range l.below {
		if s.called(child, floor) {
			s.trim(child, floor)
			stays = stays || s.called(child, floor)
		}
	}
	return stays
}

// failed tells whether a call may be what ended the run, everything after it being left out already: a failure, a refusal by a
// person, a consent to what was not begun, an action that is known not to have happened, or a group of branches of which one failed.
// Of an action of which nobody knows whether it happened the outcome is left out and the intent stays, to be settled.
func (s *selector) failed(r *journal.Record) bool {
	if r.Outcome != nil && r.Outcome.Tolerated {
		return r.Lost // the script lived with it
	}
	switch r.Kind {
	case journal.KindRead, journal.KindWait:
		return r.Lost || r.Outcome.Error != nil
	case journal.KindOutcome:
		if r.Outcome.Status == journal.NotDone {
			s.undone[r.Key] = true
		}
		return r.Lost || r.Outcome.Error != nil || r.Outcome.Status == journal.Uncertain
	case journal.KindIntent:
		return s.undone[r.Key]
	case journal.KindConsent:
		return !r.Consent.Granted || r.Consent.Scope == "action"
	case journal.KindHost:
		return r.Host.Failed
	}
	return false
}

// dropEnds drops the end of the step that failed from what was told last.
func (s *selector) dropEnds(told []*journal.Record) {
	for _, r := range told {
		if r.Kind == journal.KindStepEnd {
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
