package workload

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

const (
	revisionAnnotation = "deployment.kubernetes.io/revision"
	historyAnnotation  = "deployment.kubernetes.io/revision-history"
	desiredAnnotation  = "deployment.kubernetes.io/desired-replicas"
	maximumAnnotation  = "deployment.kubernetes.io/max-replicas"
	hashLabel          = "pod-template-hash"
)

// notCopied are the annotations of a deployment that its replica sets do not get.
var notCopied = []string{
	"kubectl.kubernetes.io/last-applied-configuration", revisionAnnotation, historyAnnotation, desiredAnnotation, maximumAnnotation,
	"deprecated.deployment.rollback.to",
}

// CurrentSet finds the replica set of the owner's present template, the oldest if there are several, -1 if there is none yet.
func CurrentSet(owner Object, sets []Object) int {
	wanted := Map(owner, "spec", "template")
	found := -1
	for i, set := range sets {
		if (found < 0 || CompareCreated(set, sets[found]) < 0) && SameTemplate(wanted, SetTemplate(set)) {
			found = i
		}
	}
	return found
}

// SetTemplate is the template of a replica set as its deployment has it, without the mark of the revision.
func SetTemplate(set Object) Object {
	template := With(Map(set, "spec", "template"), nil, "metadata", "labels", hashLabel)
	if labels := Map(template, "metadata", "labels"); labels != nil && len(labels) == 0 {
		template = With(template, nil, "metadata", "labels")
	}
	return template
}

// AnnotationsOf are the annotations that a deployment gets back with an earlier revision: those that its replica set of that revision has,
// and of its own those that a replica set does not get.
func AnnotationsOf(ofSet, owner Object) Object {
	out := Object{}
	for key, value := range ofSet {
		if !slices.Contains(notCopied, key) {
			out[key] = value
		}
	}
	for key, value := range Map(owner, "metadata", "annotations") {
		if slices.Contains(notCopied, key) {
			out[key] = value
		}
	}
	return out
}

// NewSet makes the replica set of the owner's next revision, of the size that it begins with.
func NewSet(owner Object, sets []Object, hash string) Object {
	template := With(Clone(Map(owner, "spec", "template")), hash, "metadata", "labels", hashLabel)
	set := Object{
		"apiVersion": "apps/v1", "kind": "ReplicaSet",
		"metadata": Object{
			"name": name(owner) + "-" + hash, "namespace": Text(owner, "metadata", "namespace"),
			"labels":          Clone(Map(template, "metadata", "labels")),
			"ownerReferences": []any{OwnerReference(owner)},
		},
		"spec": Object{
			"replicas": int64(0), "template": template,
			"selector": With(Clone(Map(owner, "spec", "selector")), hash, "matchLabels", hashLabel),
		},
	}
	set = Renumbered(owner, set, sets)
	set = With(set, growth(owner, append(slices.Clone(sets), set), set), "spec", "replicas")
	return annotated(owner, set)
}

// Renumbered returns the replica set of the owner's present template with the number of the newest revision, which it gets again when
// the owner goes back to it, and with what a replica set takes over from its owner. others are the owner's sets; it may be among them.
func Renumbered(owner, set Object, others []Object) Object {
	for key, value := range Map(owner, "metadata", "annotations") {
		if !slices.Contains(notCopied, key) {
			set = With(set, value, "metadata", "annotations", key)
		}
	}
	if pause, _ := Int(owner, "spec", "minReadySeconds"); pause != minReadySeconds(set) {
		set = With(set, pause, "spec", "minReadySeconds")
	}
	newest := int64(0)
	for _, other := range others {
		if name(other) != name(set) {
			newest = max(newest, Revision(other))
		}
	}
	old := Revision(set)
	if old > newest {
		return set
	}
	if old > 0 {
		history := append(strings.FieldsFunc(Text(set, "metadata", "annotations", historyAnnotation), isComma), strconv.FormatInt(old, 10))
		set = With(set, strings.Join(history, ","), "metadata", "annotations", historyAnnotation)
	}
	return With(set, strconv.FormatInt(newest+1, 10), "metadata", "annotations", revisionAnnotation)
}

func minReadySeconds(set Object) int64 {
	pause, _ := Int(set, "spec", "minReadySeconds")
	return pause
}

func isComma(r rune) bool { return r == ',' }

// Revision is the number of the revision that a replica set or a deployment has; 0 for none.
func Revision(o Object) int64 {
	n, err := strconv.ParseInt(Text(o, "metadata", "annotations", revisionAnnotation), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// OfRevision returns the owner with the number of its present replica set.
func OfRevision(owner, set Object) Object {
	return With(owner, Text(set, "metadata", "annotations", revisionAnnotation), "metadata", "annotations", revisionAnnotation)
}

// Expired are the replica sets that a complete rollout does not keep: the oldest without pods, beyond the owner's limit.
func Expired(owner Object, sets []Object, current int) []Object {
	limit, ok := Int(owner, "spec", "revisionHistoryLimit")
	if !ok {
		return nil
	}
	var old []Object
	for i, set := range sets {
		if i != current && Text(set, "metadata", "deletionTimestamp") == "" {
			old = append(old, set)
		}
	}
	slices.SortFunc(old, func(a, b Object) int { return int(Revision(a) - Revision(b)) })
	var out []Object
	for _, set := range old[:max(0, len(old)-int(limit))] {
		generation, _ := Int(set, "metadata", "generation")
		if counted(set, "replicas") == 0 && Replicas(set) == 0 && generation <= counted(set, "observedGeneration") {
			out = append(out, set)
		}
	}
	return out
}

// OwnerReference is how an object names the one that controls it.
func OwnerReference(owner Object) Object {
	return Object{
		"apiVersion": Text(owner, "apiVersion"), "kind": Text(owner, "kind"), "name": name(owner), "uid": uid(owner),
		"controller": true, "blockOwnerDeletion": true,
	}
}

// annotated writes down for which size of its owner a replica set has its own.
func annotated(owner, set Object) Object {
	annotations := maps.Clone(Map(set, "metadata", "annotations"))
	if annotations == nil {
		annotations = Object{}
	}
	annotations[desiredAnnotation] = strconv.FormatInt(Replicas(owner), 10)
	annotations[maximumAnnotation] = strconv.FormatInt(Replicas(owner)+MaxSurge(owner), 10)
	return With(set, annotations, "metadata", "annotations")
}
