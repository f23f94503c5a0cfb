package engine

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/aymanbagabas/go-udiff"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/journal"
	"runbook/engine/script"
	"runbook/engine/tape"
)

// A Past is an earlier part of a run, for one that goes the same way again: resumed, with a live end, or replayed, without one. The
// zero value is the past of a run that begins.
type Past struct {
	Run      *journal.Run      // as it was written down
	Sources  []*journal.Source // what it was made of
	Tape     *tape.Tape
	Granted  []*journal.Consent // what a person consented to, as far as it still holds; a flag counts only for its own command line
	Number   int                // of the last action
	Cleanups int                // the largest number of a clean-up that a branch added
	Anew     []string           // actions that were done, and that are asked for again
	Resume   *journal.Resume    // what is written down about taking it up again; nil for a replay
	End      *journal.End       // of a recording, how it ended; nil if it did not
}

func (p Past) tape() *tape.Tape {
	if p.Tape == nil {
		return tape.New(nil)
	}
	return p.Tape
}

// began is when the run began: now, where it has no past.
func (p Past) began(now time.Time) time.Time {
	if p.Run == nil {
		return now
	}
	return p.Run.Clock
}

// replayed tells whether the run has nothing after its past.
func (p Past) replayed() bool { return p.Run != nil && p.Resume == nil }

// same refuses another script than the one that the past was made by, and shows the difference.
func (p Past) same(now []script.Source) error {
	if p.Resume == nil || digest(now) == p.Run.Digest {
		return nil
	}
	err := action.Errorf(action.CodeDrift, "the script has changed since run %s; nothing was done:\n%s", p.Run.ID, SourceDiff(p.Sources, now))
	return err.Try("put the script back as it was, or begin anew: runbook run %s", command.Quote(p.Run.Typed()))
}

// SourceDiff is a unified diff of what a run was made of and what it would be made of now; "" if they are the same.
func SourceDiff(then []*journal.Source, now []script.Source) string {
	var out string
	current := map[string]string{}
	for _, s := range now {
		current[sourceName(s.Name, s.Library)] = s.Text
	}
	for _, s := range then {
		name := sourceName(s.Name, s.Library)
		out += udiff.Unified(name+" (then)", name+" (now)", s.Text, current[name])
		delete(current, name)
	}
	for _, s := range now {
		if text, added := current[sourceName(s.Name, s.Library)]; added {
			out += udiff.Unified("(none)", sourceName(s.Name, s.Library)+" (now)", "", text)
		}
	}
	return out
}

// sourceName is a source's name without the place where its folder is, which may differ between two machines.
func sourceName(name string, library bool) string {
	if library {
		return "stdlib/" + name
	}
	return path.Base(name)
}

// recordedSources are the sources as they are written down.
func recordedSources(sources []script.Source) []*journal.Source {
	out := make([]*journal.Source, len(sources))
	for i, s := range sources {
		out[i] = &journal.Source{Name: s.Name, Library: s.Library, Text: s.Text}
	}
	return out
}

// beginAgain writes down that the run was taken up again.
func (r *run) beginAgain() error {
	past := r.cfg.Past
	about := *past.Run
	about.Replay = past.replayed()
	if err := r.write(journal.Record{Kind: journal.KindRun, Run: &about, Recalled: true}); err != nil {
		return err
	}
	if past.replayed() {
		return nil
	}
	resume := *past.Resume
	resume.User, resume.Host, resume.Version = r.cfg.About.User, r.cfg.About.Host, r.cfg.About.Version
	if err := r.write(journal.Record{Kind: journal.KindResume, Resume: &resume}); err != nil {
		return fmt.Errorf("cannot resume: %w", err)
	}
	if len(past.Anew) > 0 {
		r.warn("this was done before, in what is begun anew, and is done again where it is still asked for: "+strings.Join(past.Anew, ", "), "")
	}
	return nil
}

// PastOf is the past of a run that is taken up again: what Select chose of its journal.
func PastOf(records []*journal.Record, selected tape.Selection) Past {
	past := pastOf(records)
	past.Tape, past.Resume = selected.Tape(), &selected.Resume
	for _, r := range selected.Records {
		if r.Kind == journal.KindConsent && r.Consent.By != byFlag {
			past.Granted = append(past.Granted, r.Consent)
		}
	}
	for _, r := range records {
		if r.Kind == journal.KindOutcome && r.Outcome.Status == journal.Done && slices.Contains(selected.Resume.Dropped, r.Seq) {
			past.Anew = append(past.Anew, r.Call.Verb+" "+r.Call.Target.String())
		}
	}
	return past
}

// Recording is the past of a run that is heard again, and has nothing after it.
func Recording(records []*journal.Record) Past {
	past := pastOf(records)
	past.Tape = tape.Whole(records).Tape().Closed()
	if n := len(records); n > 0 {
		past.End = records[n-1].End
	}
	return past
}

func pastOf(records []*journal.Record) Past {
	var past Past
	for _, r := range records {
		switch r.Kind {
		case journal.KindRun:
			past.Run = r.Run
		case journal.KindSource:
			past.Sources = append(past.Sources, r.Source)
		case journal.KindIntent:
			past.Number = max(past.Number, r.Intent.Number)
		case journal.KindHost:
			past.Cleanups = max(past.Cleanups, cleanupNumber(r.Host))
		}
	}
	return past
}

// cleanupNumber is the number of a clean-up that a branch added, 0 for any other value of the host.
func cleanupNumber(h *journal.Host) (number int) {
	if h.Name == onExitName {
		_ = json.Unmarshal(h.Value, &number) // whoever hears it says so
	}
	return number
}
