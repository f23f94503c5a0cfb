package kubernetes

import (
	"cmp"
	"context"
	"strings"

	"runbook/engine/action"
	"runbook/engine/workload"
)

// An objectWrite is a change of one object by one PATCH, whatever it is for: a restart and a label differ in what they send and in what
// a person is told, and in nothing else. A function of the module describes one as a value, and has an action.Action:
//
//	return objectWrite{
//		b: b, of: of, function: "pause", purpose: "pause", risk: action.Disruptive, again: true,
//		draft: func(_ context.Context, _ action.View, o object) (patch, error) {
//			return mergePatch(object{"spec": object{"paused": true}}), nil
//		},
//	}, nil
//
// Predict lets the server say what the patch makes of the object (dryRun=All), where the run intends nothing about it; else the patch is
// laid on the intended object by our own hand, and nothing is sent. The fields that the patch writes, with their old values, are the
// evidence. Apply compares them anew and writes over no other version than the one compared. What a workload's controllers make of it
// follows by itself, and so do the warnings of those who will undo it.
type objectWrite struct {
	b        *binding
	of       address
	part     string // the subresource that is written: "" or "status"
	function string // of the module: "patch"
	purpose  string // for "cannot … deployments.apps/web": "patch"
	risk     action.Risk
	identity []action.Arg // what makes it this write and no other, without secrets
	payload  []action.Arg // what may differ between a plan and its application
	again    bool         // doing it twice is doing it once
	creates  bool         // it makes an object that is not there; else there must be one

	// draft is the patch that the object, as it is, needs: nil if there is none yet. It is asked again when a write is made, with a view
	// in which nothing is intended, and again to find out whether it was made.
	draft func(ctx context.Context, view action.View, o object) (patch, error)
	// says is what the event on the object says, without who did it; empty for the names of the fields.
	says string
	// value is what the call returns, of the objects as they may be shown; nil for the object as it becomes.
	value func(before, after object) (any, error)
	// done tells from the object and the evidence whether the write has been made, where asking for it again tells nothing, because it
	// would then do something else; nil if it would change nothing.
	done func(seen action.Evidence, o object) bool
	// refused explains an answer of the server; nil if the server does well enough.
	refused func(err error) error
}

func (w objectWrite) Describe() action.Description {
	permissions := []action.Permission{w.of.permission("get", ""), w.of.permission("patch", w.part)}
	if w.creates {
		permissions = append(permissions, w.of.anyName().permission("create", ""))
	}
	return action.Description{
		Verb: "kubernetes." + w.function, Target: w.of.target(), Risk: w.risk, Idempotent: w.again,
		Permissions: permissions, Identity: w.identity, Payload: w.payload,
	}
}

// An edit is what a write makes of an object, both with their secrets.
type edit struct {
	before, after object // nil before if it makes the object
	paths         []fieldPath
	live          object // as it may be shown, where the write is laid on what the run intends
	label         action.Label
	note          string
}

func (w objectWrite) Predict(ctx context.Context, view action.View) (action.Prediction, error) {
	var err error
	if w.of, err = w.b.resolved(ctx, w.of); err != nil {
		return action.Prediction{}, err
	}
	e, err := w.foresee(ctx, view)
	if err != nil {
		return action.Prediction{}, err
	}
	before, after := w.shown(e.before), w.shown(e.after)
	p := action.Prediction{Evidence: e.evidence(before), Label: e.label, Note: e.note}
	if p.Value, err = w.returned(before, after); err != nil {
		return action.Prediction{}, err
	}
	if e.unchanged() {
		p.Note, p.Unchanged = "it is like that already", true
		return p, nil
	}
	p.Changes = own(w.of.target(), before, after)
	p.Note = appendNote(p.Note, hiddenNote(before, after, e.paths))
	p = follows(p, func() ([]action.Change, error) { return w.b.reactions(ctx, view, before, after) })
	return w.b.contested(ctx, view, p, contest{w.of, before, after, e.paths}), nil
}

func (e edit) unchanged() bool {
	return len(e.paths) == 0 && workload.Equal(ownershipOf(e.before), ownershipOf(e.after))
}

// shown is the object as it may be shown.
func (w objectWrite) shown(o object) object {
	if o == nil {
		return nil
	}
	return w.b.concealIn(w.of.kind, o)
}

// evidence is what the write goes by. When this run writes something before is another time in every run.
func (e edit) evidence(before object) action.Evidence {
	if before == nil {
		return action.Evidence{}
	}
	old := make(map[string]any, len(e.paths))
	for _, path := range e.paths {
		value := seenAt(path, before)
		timed := path[len(path)-1].name == restartedAt || path.in(before) == concealed
		if e.live != nil && timed && !workload.Equal(seenAt(path, e.live), value) {
			value = action.OwnDoing
		}
		old[path.String()] = value
	}
	return action.Evidence{UID: uidOf(before), Old: old}
}

func (w objectWrite) returned(before, after object) (any, error) {
	if w.value != nil {
		return w.value(before, after)
	}
	return encode(after)
}

// hiddenNote tells which secrets change: all of them look the same.
func hiddenNote(before, after object, paths []fieldPath) string {
	var hidden []fieldPath
	for _, path := range paths {
		if path.in(after) == concealed && path.in(before) == concealed {
			hidden = append(hidden, path)
		}
	}
	if len(hidden) == 0 {
		return ""
	}
	return "changes what is not shown: " + spelt(hidden)
}

// foresee is what the write would make of the object: according to the server, unless the run has intentions there.
func (w objectWrite) foresee(ctx context.Context, view action.View) (edit, error) {
	where, err := w.b.territory(ctx, view, w.of.namespace)
	if err != nil {
		return edit{}, err
	}
	if _, intended := view.Lay(w.of.target(), nil); where == actual && !intended {
		look := func() (object, error) { return w.there(ctx, view) }
		return overSame(look, func(before object) (edit, error) { return w.send(ctx, view, before, true) })
	}
	return w.simulate(ctx, view, where)
}

// there is the object with its secrets, nil if it may be missing and is.
func (w objectWrite) there(ctx context.Context, view action.View) (object, error) {
	_, live, err := w.b.fetchBare(ctx, w.of, w.purpose)
	if err != nil {
		return nil, err
	}
	return live, w.acceptable(ctx, view, live)
}

// acceptable tells what is wrong with the object that is there, or is not.
func (w objectWrite) acceptable(ctx context.Context, view action.View, o object) error {
	if o == nil && !w.creates {
		return w.b.missing(ctx, view, w.of, w.purpose)
	}
	if o != nil && w.of.replaced(o) {
		return w.b.takenOver(w.of, w.purpose)
	}
	return nil
}

// simulate lays the patch on the intended object.
func (w objectWrite) simulate(ctx context.Context, view action.View, where territory) (edit, error) {
	s, err := w.b.look(ctx, view, w.of, w.purpose)
	if err == nil {
		err = w.acceptable(ctx, view, s.object)
	}
	if err == nil && where == gone {
		err = w.b.missing(ctx, view, w.of, w.purpose)
	}
	if err != nil {
		return edit{}, err
	}
	p, err := w.draft(ctx, view, s.object)
	if err != nil {
		return edit{}, err
	}
	e := edit{before: s.object, label: action.Simulated, note: "the server has not seen what this run intends before"}
	if s.raw != nil {
		if e.live, err = decode(s.raw); err != nil {
			return edit{}, err
		}
	}
	if e.after, err = w.laid(ctx, p, s.object); err != nil {
		return edit{}, err
	}
	e.paths = written(e.before, e.after, w.part)
	return e, nil
}

// send asks the server to make the patch of the object as it is before, or only to say what would come of it.
func (w objectWrite) send(ctx context.Context, view action.View, before object, dryRun bool) (edit, error) {
	p, err := w.draft(ctx, view, before)
	if err != nil {
		return edit{}, err
	}
	e := edit{before: before, after: before, label: action.Validated}
	if p.body == nil {
		return e, nil
	}
	r, err := p.over(before).request(w.of, w.part, w.purpose, cmp.Or(p.manager, w.b.FieldManager), dryRun)
	if err != nil {
		return edit{}, err
	}
	if _, e.after, err = w.b.sendFor(ctx, r); err != nil {
		if w.refused != nil {
			err = w.refused(err)
		}
		return edit{}, err
	}
	e.paths = written(before, e.after, w.part)
	return e, nil
}

func (w objectWrite) Apply(ctx context.Context, predicted action.Prediction) (action.Result, error) {
	var err error
	if w.of, err = w.b.resolved(ctx, w.of); err != nil {
		return action.Result{}, err
	}
	look := func() (object, error) { return w.unchanged(ctx, predicted.Evidence) }
	e, err := overSame(look, func(before object) (edit, error) { return w.send(ctx, nothing{}, before, false) })
	if err != nil {
		return action.Result{}, err
	}
	value, err := w.returned(w.shown(e.before), w.shown(e.after))
	if err != nil {
		return action.Result{}, err
	}
	if e.unchanged() {
		return action.Result{Value: value, Note: "it is like that already"}, nil
	}
	w.b.leaveEvent(ctx, w.of.stub(uidOf(e.after)), "Runbook"+strings.ToUpper(w.function[:1])+w.function[1:], "%s", w.did(e))
	return action.Result{Value: value}, nil
}

// did is what the event says.
func (w objectWrite) did(e edit) string {
	switch {
	case w.says != "":
		return w.says
	case e.before == nil:
		return "created"
	case len(e.paths) == 0:
		return "took over its fields"
	}
	return "changed " + spelt(e.paths)
}

// unchanged is the object, if it still is what the evidence says.
func (w objectWrite) unchanged(ctx context.Context, seen action.Evidence) (object, error) {
	_, live, err := w.b.fetchBare(ctx, w.of, w.purpose)
	if err != nil {
		return nil, err
	}
	if w.creates && seen.UID == "" {
		if live != nil {
			err = action.Errorf(action.CodeConflict, "%s has changed: it did not exist when this was planned and does now", w.of.target()).On(w.of.target())
		}
		return nil, err
	}
	return live, w.b.stillAs(w.of, seen, w.shown(live))
}

// Settle asks the server what the write would change now: nothing, if it was made. Else it was not made if the fields it writes are as
// they were.
func (w objectWrite) Settle(ctx context.Context, intent action.Intent) (action.Settlement, error) {
	var err error
	if w.of, err = w.b.resolved(ctx, w.of); err != nil {
		return action.Unknown, err
	}
	seen := intent.Evidence
	live, made, err := w.made(ctx, seen)
	switch {
	case err != nil:
		return action.Unknown, err
	case live == nil && seen.UID == "":
		return action.NotDone, nil
	case live == nil, seen.UID != "" && seen.UID != uidOf(live):
		return action.Unknown, nil
	case made:
		return action.Done, nil
	case len(seen.Old) > 0 && w.b.stillAs(w.of, seen, w.shown(live)) == nil:
		return action.NotDone, nil
	}
	return action.Unknown, nil
}

// made is the object, nil if it is not there, and tells whether it is as the write leaves it. A patch that does not fit any more, such as
// one that takes away what is not there, tells nothing.
func (w objectWrite) made(ctx context.Context, seen action.Evidence) (live object, made bool, err error) {
	look := func() (object, error) {
		_, live, err = w.b.fetchBare(ctx, w.of, "look for")
		return live, err
	}
	made, err = overSame(look, func(live object) (bool, error) {
		switch {
		case live == nil:
			return false, nil
		case w.done != nil:
			return w.done(seen, w.shown(live)), nil
		}
		e, err := w.send(ctx, nothing{}, live, true)
		if err != nil && doesNotFit(err) {
			return false, nil
		}
		return err == nil && e.unchanged(), err
	})
	return live, made, err
}

func doesNotFit(err error) bool {
	code := action.CodeOf(err)
	return code == action.CodeRejected || code == action.CodeInvalid || code == action.CodeConflict && !movedOn(err)
}

// nothing is the view of a run that intends nothing: what a write is made over.
type nothing struct{}

func (nothing) Lay(_ action.Target, live map[string]any) (map[string]any, bool) { return live, false }
func (nothing) Intended(string, string, string) []action.Target                 { return nil }

// ownershipOf are the fields that are kept by server-side apply, by manager, without when they were last written. An apply that changes
// no value may still change who keeps it.
func ownershipOf(o object) object {
	out := object{}
	for _, entry := range workload.Maps(o, "metadata", "managedFields") {
		if entry["operation"] == "Apply" {
			out[workload.Text(entry, "manager")+" "+workload.Text(entry, "subresource")] = entry["fieldsV1"]
		}
	}
	return out
}
