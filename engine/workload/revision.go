package workload

import (
	"slices"
	"strconv"
)

// RevisionLabel is how stateful and daemon sets mark what template a pod is made of.
const RevisionLabel = "controller-revision-hash"

// RecordedTemplate is the pod template that a controller revision keeps, nil if it keeps none.
func RecordedTemplate(revision Object) Object {
	template := Map(revision, "data", "spec", "template")
	if template == nil {
		return nil
	}
	return With(template, nil, "$patch")
}

// plainTemplate leaves out a time of creation that is null: whether it is written depends on who wrote the template.
func plainTemplate(template Object) Object {
	if Dig(template, "metadata", "creationTimestamp") == nil {
		template = With(template, nil, "metadata", "creationTimestamp")
	}
	return template
}

// SameTemplate tells whether two pod templates are the same, whoever wrote them.
func SameTemplate(a, b Object) bool { return Equal(plainTemplate(a), plainTemplate(b)) }

// CurrentRevision finds the revision of the owner's present template, the newest if there are several, -1 if there is none yet.
func CurrentRevision(owner Object, revisions []Object) int {
	wanted := Map(owner, "spec", "template")
	found := -1
	for i, r := range revisions {
		if (found < 0 || RevisionNumber(r) > RevisionNumber(revisions[found])) && SameTemplate(wanted, RecordedTemplate(r)) {
			found = i
		}
	}
	return found
}

// NewRevision records the owner's present template as its next revision.
func NewRevision(owner Object, revisions []Object, hash string) Object {
	template := With(Clone(Map(owner, "spec", "template")), "replace", "$patch")
	revision := Object{
		"apiVersion": "apps/v1", "kind": "ControllerRevision", "revision": NextRevision(revisions),
		"data": Object{"spec": Object{"template": template}},
		"metadata": Object{
			"name": name(owner) + "-" + hash, "namespace": Text(owner, "metadata", "namespace"),
			"ownerReferences": []any{OwnerReference(owner)},
			"labels":          With(Clone(Map(template, "metadata", "labels")), hash, revisionHashLabel(owner)),
		},
	}
	if annotations := Map(owner, "metadata", "annotations"); len(annotations) > 0 {
		revision = With(revision, Clone(annotations), "metadata", "annotations") // the cause of the change is among them
	}
	return revision
}

// revisionHashLabel is how a revision itself is marked: a stateful set's has the label that all controllers but one use.
func revisionHashLabel(owner Object) string {
	if Text(owner, "kind") == "DaemonSet" {
		return RevisionLabel
	}
	return "controller.kubernetes.io/hash"
}

// NextRevision is the number after the newest one.
func NextRevision(revisions []Object) int64 {
	newest := int64(0)
	for _, r := range revisions {
		newest = max(newest, RevisionNumber(r))
	}
	return newest + 1
}

// RevisionNumber is the number of a controller revision; 0 for none.
func RevisionNumber(revision Object) int64 {
	n, _ := Int(revision, "revision")
	return n
}

// RevisionMark is what the owner's pods of that revision are labelled with.
func RevisionMark(owner, revision Object) string {
	if Text(owner, "kind") == "DaemonSet" {
		return Text(revision, "metadata", "labels", RevisionLabel)
	}
	return name(revision)
}

// IsOf tells whether a pod is made of the revision with that mark.
func IsOf(pod Object, mark string) bool {
	return Text(pod, "metadata", "labels", RevisionLabel) == mark
}

// revised is the workload of a stateful or daemon set once its present template is recorded and has the newest number, and the mark of
// its pods. Where its controller has looked at it and no revision is known, nobody can tell what its pods are made of, and there is no
// mark.
func (w Workload) revised(owner Object, created func(Object) Object) (Workload, string) {
	if _, seen := Int(owner, "status", "observedGeneration"); seen && len(w.Revisions) == 0 {
		return w, ""
	}
	w.Revisions = slices.Clone(w.Revisions)
	i := CurrentRevision(owner, w.Revisions)
	switch {
	case i < 0:
		hash := "new" + strconv.FormatInt(NextRevision(w.Revisions), 10)
		w.Revisions = append(w.Revisions, created(NewRevision(owner, w.Revisions, hash)))
		i = len(w.Revisions) - 1
	case RevisionNumber(w.Revisions[i])+1 < NextRevision(w.Revisions):
		w.Revisions[i] = With(w.Revisions[i], NextRevision(w.Revisions), "revision")
	}
	return w, RevisionMark(owner, w.Revisions[i])
}

// ExpiredRevisions are the revisions that a stateful or daemon set does not keep: the oldest that no pod is made of, beyond its limit. A
// daemon set counts the earlier revisions that pods are still made of among those that it keeps.
func ExpiredRevisions(owner Object, revisions, pods []Object) []Object {
	limit, ok := Int(owner, "spec", "revisionHistoryLimit")
	if !ok {
		return nil
	}
	stateful := Text(owner, "kind") == "StatefulSet"
	present := CurrentRevision(owner, revisions)
	var unused []Object
	kept := 0
	for i, r := range revisions {
		mark := RevisionMark(owner, r)
		live := slices.ContainsFunc(pods, func(p Object) bool { return IsOf(p, mark) })
		live = live || stateful && mark == Text(owner, "status", "currentRevision")
		if i == present {
			continue
		}
		if !live {
			unused = append(unused, r)
		}
		if !live || !stateful {
			kept++
		}
	}
	slices.SortFunc(unused, func(a, b Object) int { return int(RevisionNumber(a) - RevisionNumber(b)) })
	return unused[:min(len(unused), max(0, kept-int(limit)))]
}
