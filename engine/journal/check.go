package journal

import "fmt"

// check tells whether the record has the parts that its kind promises, so that no reader has to ask for nil. It holds for
// what is written as for what is read.
func (r *Record) check() error {
	complete, known := r.complete()
	if !known {
		return fmt.Errorf("a record of the unknown kind %q", r.Kind)
	}
	if !complete {
		return fmt.Errorf("a record of kind %q lacks a part of its kind", r.Kind)
	}
	return nil
}

func (r *Record) complete() (complete, known bool) {
	switch r.Kind {
	case KindRun:
		return r.Run != nil, true
	case KindSource:
		return r.Source != nil, true
	case KindResume:
		return r.Resume != nil, true
	case KindStep, KindStepEnd:
		return r.Step != nil, true
	case KindRead, KindWait:
		return r.Call != nil && r.Outcome != nil, true
	case KindIntent:
		return r.Call != nil && r.Intent != nil, true
	case KindOutcome:
		return r.Outcome != nil, true
	case KindHost:
		return r.Host != nil, true
	case KindConsent:
		return r.Consent != nil, true
	case KindAnswer:
		return r.Answer != nil, true
	case KindShow:
		return r.Show != nil, true
	case KindAssume:
		return r.Assume != nil, true
	case KindWarning:
		return r.Warning != nil, true
	case KindVerdict:
		return r.Verdict != nil, true
	case KindEnd:
		return r.End != nil, true
	case KindTurn:
		return r.Turn != nil, true
	case KindSeal:
		return r.Seal != nil, true
	}
	return false, false
}
