package kubernetes

import (
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"runbook/engine/action"
	"runbook/engine/workload"
)

// conflictTries bounds how often a write is repeated because something else about the object changed in between. While a Deployment is rolled
// out its status changes many times a second, and a busy server is slow to answer: five times were not enough then.
const conflictTries = 25

// overSame makes a write that rests on a look. look reads the object and compares it with what the write goes by; write sends with the
// version that was looked at as a precondition. When that version has moved on in between it is looked at again, so that a status that
// changes all the time cannot make the write fail, and nobody's change is overwritten unseen.
func overSame[T any](look func() (object, error), write func(object) (T, error)) (T, error) {
	var out T
	var err error
	for range conflictTries {
		seen, lookErr := look()
		if lookErr != nil {
			return out, lookErr
		}
		if out, err = write(seen); !movedOn(err) {
			break
		}
	}
	return out, err
}

// movedOn tells whether a write met another version than it rests on. A conflict over who may write a field stays one.
func movedOn(err error) bool {
	return err != nil && action.CodeOf(err) == action.CodeConflict && len(ownersInConflict(err)) == 0
}

// ownersInConflict are the fields that a server-side apply may not write, each with the manager that keeps it.
func ownersInConflict(err error) (out []metav1.StatusCause) {
	details := answerOf(err).status.Details
	if details == nil {
		return nil
	}
	for _, cause := range details.Causes {
		if cause.Type == metav1.CauseTypeFieldManagerConflict {
			out = append(out, cause)
		}
	}
	return out
}

// stillAs compares an object, as it may be shown, with the evidence on which a write was predicted. nil is an object that is not there.
func (b *binding) stillAs(of address, seen action.Evidence, now object) error {
	switch {
	case now == nil:
		return action.Errorf(action.CodeConflict, "%s has changed: it existed when this was planned and does not now", of.target()).On(of.target())
	case seen.UID != "" && uidOf(now) != seen.UID:
		return drifted(of, "metadata.uid", seen.UID, uidOf(now))
	}
	for _, field := range slices.Sorted(maps.Keys(seen.Old)) {
		path, err := parseFieldPath(field)
		if err != nil {
			return action.Errorf(action.CodeInternal, "the evidence about %s cannot be read: %w", of.target(), err)
		}
		if is := seenAt(path, now); !b.sameValue(seen.Old[field], is) {
			return drifted(of, field, seen.Old[field], is)
		}
	}
	return nil
}

// seenAt is what a path leads to, as evidence has it. One secret looks like another, so who wrote it when stands for it, where the server
// keeps record of that.
func seenAt(path fieldPath, o object) any {
	value := path.in(o)
	if value != concealed {
		return value
	}
	var writers []string
	for _, entry := range workload.Maps(o, "metadata", "managedFields") {
		if fields := workload.Map(entry, "fieldsV1"); fields != nil && owns(fields, path) {
			writers = append(writers, workload.Text(entry, "manager")+" at "+workload.Text(entry, "time"))
		}
	}
	if len(writers) == 0 {
		return value
	}
	slices.Sort(writers)
	return concealed + ", written by " + strings.Join(writers, " and ")
}

// sameValue compares a value that may have been written down with one that was not: the former has no secrets in it any more.
func (b *binding) sameValue(was, is any) bool {
	return workload.Equal(was, is) || action.Text(was) == b.Secrets.String(action.Text(is))
}
