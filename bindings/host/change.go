package host

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/files/intended"
)

// changeErrors are the codes of what goes wrong when files are changed.
var changeErrors = []action.Code{
	action.CodeNotFound, action.CodeForbidden, action.CodeConflict, action.CodeRejected, action.CodeUnavailable, action.CodeUncertain,
}

// rootField is the evidence of what the root of a change is, by its identity.
const rootField = "root"

// evidence is what a change of files below a root goes by: the machine, and the root itself.
func (s shelf) evidence(ctx context.Context, root files.Entry) (action.Evidence, error) {
	name, err := s.files.Machine(ctx)
	if err != nil {
		return action.Evidence{}, err
	}
	id := root.ID
	if intended.IsMade(root) {
		id = action.OwnDoing
	}
	return action.Evidence{Old: map[string]any{onMachine: name, rootField: id}}, nil
}

// stillThere compares the machine and the root with what they were.
func (s shelf) stillThere(ctx context.Context, doing, root string, then action.Evidence) error {
	now, err := s.files.Look(ctx, root)
	if err != nil {
		return err
	}
	is, err := s.evidence(ctx, now)
	if err != nil {
		return err
	}
	for _, field := range []string{onMachine, rootField} {
		if was, known := then.Old[field]; known && was != action.OwnDoing && was != is.Old[field] {
			return action.Errorf(action.CodeConflict, "did not %s %s: its %s was %v, and is %v now", doing, files.Spell(root), field, was, is.Old[field]).
				Try("look again what is there, and decide anew: run this again")
		}
	}
	return nil
}

// narrowed are the entries that are among members; all of them where there are none.
func narrowed(list []files.Entry, members []string) []files.Entry {
	if members == nil {
		return list
	}
	wanted := make(map[string]bool, len(members))
	for _, member := range members {
		wanted[member] = true
	}
	return slices.DeleteFunc(list, func(e files.Entry) bool { return !wanted[member(e)] })
}

// member is what an entry is called in a set.
func member(e files.Entry) string {
	if e.Path == "" {
		return "."
	}
	return files.Spell(e.Path)
}

func membersOf(list []files.Entry) []string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = member(e)
	}
	slices.Sort(out)
	return out
}

// walked is all that a walk finds, and what a person has to know of what it did not.
func (s shelf) walked(ctx context.Context, view action.View, root string, only files.Filter) (list []files.Entry, warnings []string, err error) {
	w, err := s.as(view).Walk(ctx, root, only, func(some []files.Entry) error {
		list = append(list, some...)
		return nil
	})
	if w.Skipped > 0 {
		warning := humanize.Comma(w.Skipped) + " could not be looked at, and stay as they are"
		if len(w.Unlooked) > 0 {
			warning += ", such as: " + w.Unlooked[0].Err.Error()
		}
		warnings = append(warnings, warning)
	}
	return list, warnings, err
}

// A result is what came of many changes.
type result struct {
	done   []files.Entry
	left   []unlooked // what was not any more what it had been
	gone   int        // how many somebody else has removed
	failed []unlooked // what could not be done, or nobody knows whether it was
	first  *action.Error
	unsure map[string]files.Entry // of which nobody knows, by path, also of earlier attempts
}

// change makes changes, and tells apart what came of them.
func (s shelf) change(ctx context.Context, root string, changes []files.Change, into *result) error {
	errs, err := s.files.Change(ctx, root, changes)
	if err != nil {
		return err
	}
	for i, err := range errs {
		into.note(changes[i].Was, err)
	}
	return nil
}

// again forgets what the next attempt will tell anew.
func (r *result) again() { *r = result{done: r.done, unsure: r.unsure} }

func (r *result) note(e files.Entry, err error) {
	_, sent := r.unsure[e.Path]
	delete(r.unsure, e.Path)
	if err == nil || sent && action.CodeOf(err) == action.CodeNotFound {
		r.done = append(r.done, e)
		return
	}
	said, ok := errors.AsType[*action.Error](err)
	if !ok {
		said = action.Errorf(action.CodeRejected, "%w", err)
	}
	about := unlooked{files.Spell(e.Path), said.Message}
	switch said.Code {
	case action.CodeNotFound:
		r.gone++
		return
	case action.CodeConflict:
		r.left = append(r.left, about)
		return
	}
	r.failed = append(r.failed, about)
	unknown := said.Code == action.CodeUncertain
	if unknown {
		if r.unsure == nil {
			r.unsure = map[string]files.Entry{}
		}
		r.unsure[e.Path] = e
	}
	if r.first == nil || unknown && r.first.Code != action.CodeUncertain {
		r.first = said
	}
}

// settle finds out what was removed of what nobody knew it of. There is what is there of it.
func (r *result) settle(there map[string]files.Entry) {
	for path, was := range r.unsure {
		now, stays := there[path]
		switch differs := was.Differs(now); {
		case !stays:
			r.done = append(r.done, was)
		case differs != "":
			r.left = append(r.left, unlooked{files.Spell(path), differs})
		default:
			continue // it can be removed still
		}
		delete(r.unsure, path)
		r.failed = slices.DeleteFunc(r.failed, func(u unlooked) bool { return u.Path == files.Spell(path) })
	}
}

// partly says with an error what was done.
func (r *result) partly(did string, err error) error {
	e, ok := errors.AsType[*action.Error](err)
	if !ok || len(r.done) == 0 {
		return err
	}
	said := *e
	said.Partly = did + " " + counted(int64(len(r.done)))
	return &said
}

// failure is the error of changes of which some could not be made, nil if all could, or were not to be any more. What was done is said.
func (r *result) failure(did string) error {
	if r.first == nil {
		return nil
	}
	e := action.Errorf(r.first.Code, "%s %s, and %s could not be: %s", did, counted(int64(len(r.done))), counted(int64(len(r.failed))), r.first.Message)
	e.Hint, e.Cause = r.first.Hint, r.first
	return r.partly(did, e)
}

// remark says what was left as it was, and what was not there any more.
func (r *result) remark() (text string) {
	if len(r.left) > 0 {
		text = "; " + counted(int64(len(r.left))) + " had changed meanwhile, and stayed: " + r.left[0].Error
	}
	if r.gone > 0 {
		text += "; " + counted(int64(r.gone)) + " had gone meanwhile"
	}
	return text
}

// below is a path below a root.
func below(root, path string) string {
	if path == "" {
		return root
	}
	return strings.TrimSuffix(root, "/") + "/" + path
}
