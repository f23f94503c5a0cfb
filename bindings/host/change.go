package host

import (
	"context"
	"errors"
	"path"
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

// pathOfMember is the path below the root of what is called so.
func pathOfMember(member string) string {
	if member == "." {
		return ""
	}
	return files.Unspell(member)
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

// A sight is what an action saw when it was predicted, which is what it is then carried out on, and what came of that so far.
type sight struct {
	entries []files.Entry
	did     result
}

// A result is what came of many changes.
type result struct {
	done    []files.Entry
	earlier earlier
	left    []unlooked // what was not any more what it had been
	gone    int        // how many somebody else has removed
	failed  []unlooked // what could not be done, or nobody knows whether it was
	first   *action.Error
	unsure  map[string]files.Entry // of which nobody knows, by path, also of earlier attempts
}

// earlier is what an earlier part of the run did, which wrote down no more of it than what it was about.
type earlier struct {
	entries int64
	stays   sum       // what is there of what it was about, done or not
	sent    removedBy // what it was to return, of a removal
}

// all is how many changes were made in all.
func (r *result) all() int64 { return int64(len(r.done)) + r.earlier.entries }

// pending are the changes that have not been made yet.
func (s *sight) pending(op files.Op, to string) (out []files.Change) {
	done := make(map[string]bool, len(s.did.done))
	for _, e := range s.did.done {
		done[e.Path] = true
	}
	for _, e := range s.entries {
		if !done[e.Path] {
			out = append(out, files.Change{Op: op, Was: e, To: to})
		}
	}
	return out
}

// came is what came of an attempt: what was done in all, or an error that says it.
func (s *sight) came(did string, err error, account func() action.Result) (action.Result, error) {
	if err == nil {
		err = s.did.failure(did)
	}
	if err != nil {
		return action.Result{}, s.did.partly(did, err)
	}
	return account(), nil
}

// change makes changes, and tells apart what came of them.
func (s shelf) change(ctx context.Context, root string, changes []files.Change, into *result) error {
	if len(changes) == 0 {
		return nil
	}
	errs, err := s.files.Change(ctx, root, changes)
	if err != nil {
		return err
	}
	for i, err := range errs {
		into.note(changes[i].Op, changes[i].Was, err)
	}
	return nil
}

// again forgets what the next attempt will tell anew.
func (r *result) again() { *r = result{done: r.done, unsure: r.unsure, earlier: r.earlier} }

func (r *result) note(op files.Op, e files.Entry, err error) {
	_, sent := r.unsure[e.Path]
	delete(r.unsure, e.Path)
	if err == nil || sent && op == files.Remove && action.CodeOf(err) == action.CodeNotFound {
		r.done = append(r.done, e)
		return
	}
	said, ok := errors.AsType[*action.Error](err)
	if !ok {
		said = action.Errorf(action.CodeRejected, "%w", err)
	}
	about := unlooked{member(e), said.Message}
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

// A madeBy tells whether a change of an entry was made, by what is there now.
type madeBy func(now files.Entry, stays bool) bool

// settle finds out what came of changes of which nobody knew whether they were made, and of those that an earlier part of the run sent. There is
// what is known of what is there already.
func (s shelf) settle(ctx context.Context, root string, did *result, intent action.Intent, made madeBy, there map[string]files.Entry) error {
	asked := map[string]bool{}
	for at := range did.unsure {
		asked[at] = true
	}
	for _, member := range intent.Members {
		asked[pathOfMember(member)] = true
	}
	if err := s.lookFor(ctx, root, asked, there); err != nil {
		return err
	}
	did.settle(there, made)
	if intent.Members == nil {
		return nil
	}
	did.recall(there, intent.Members, made)
	return decoded(intent.Value, &did.earlier.sent)
}

// lookFor adds to what is there what is there of paths below a root.
func (s shelf) lookFor(ctx context.Context, root string, paths map[string]bool, there map[string]files.Entry) error {
	for at := range there {
		delete(paths, at)
	}
	if len(paths) == 0 {
		return nil
	}
	walked, err := s.files.Walk(ctx, root, files.Filter{Stay: true}, func(some []files.Entry) error {
		for _, e := range some {
			if paths[e.Path] {
				there[e.Path] = e
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return unseen(paths, there, walked)
}

// unseen is why it is not known of a path whether anything is there, nil if it is known of all.
func unseen(paths map[string]bool, there map[string]files.Entry, walked files.Walked) error {
	reasons := make(map[string]error, len(walked.Unlooked))
	for _, u := range walked.Unlooked {
		reasons[u.Path] = u.Err
	}
	for at := range paths {
		if _, stays := there[at]; stays {
			continue
		}
		if walked.Skipped > int64(len(reasons)) { // it may be in one that is not told of
			return walked.Unlooked[0].Err
		}
		for ; at != "."; at = path.Dir(at) {
			if err := reasons[at]; err != nil {
				return err
			}
		}
	}
	return nil
}

// settle finds out what was done of what nobody knew it of. There is what is there of it.
func (r *result) settle(there map[string]files.Entry, made madeBy) {
	for at, was := range r.unsure {
		now, stays := there[at]
		switch {
		case made(now, stays):
			r.done = append(r.done, was)
		case !stays:
			r.gone++
		case was.Differs(now) != "":
			r.left = append(r.left, unlooked{member(was), was.Differs(now)})
		default:
			continue // it can be done still
		}
		delete(r.unsure, at)
		r.failed = slices.DeleteFunc(r.failed, func(u unlooked) bool { return u.Path == member(was) })
	}
}

// recall finds out what an earlier part of the run did of what it was about.
func (r *result) recall(there map[string]files.Entry, members []string, made madeBy) {
	r.earlier = earlier{}
	for _, member := range members {
		now, stays := there[pathOfMember(member)]
		if made(now, stays) {
			r.earlier.entries++
		}
		if stays {
			r.earlier.stays.add(now)
		}
	}
}

// partly says with an error what was done.
func (r *result) partly(did string, err error) error {
	e, ok := errors.AsType[*action.Error](err)
	if !ok || r.all() == 0 {
		return err
	}
	said := *e
	said.Partly = did + " " + counted(r.all())
	return &said
}

// failure is the error of changes of which some could not be made, nil if all could, or were not to be any more.
func (r *result) failure(did string) error {
	if r.first == nil {
		return nil
	}
	e := action.Errorf(r.first.Code, "%s %s, and %s could not be: %s", did, counted(r.all()), counted(int64(len(r.failed))), r.first.Message)
	e.Hint, e.Cause = r.first.Hint, r.first
	return e
}

// remark says what was done before, what was left as it was, and what was not there any more.
func (r *result) remark() (text string) {
	if r.earlier.entries > 0 {
		text = "; " + counted(r.earlier.entries) + " of these before the run was resumed"
	}
	if len(r.left) > 0 {
		text += "; " + counted(int64(len(r.left))) + " had changed meanwhile, and stayed: " + r.left[0].Error
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
