package workload

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// madeUp begins the uid of every object that no server has seen.
const madeUp = "00000000-"

// Created returns the object as the API server would store it when it is created: with a uid, a time of creation and the
// defaults that other functions here and a person's table rely on. The uid follows from kind, namespace, name and time.
func Created(manifest Object, now time.Time) Object {
	o := Clone(manifest)
	o = With(o, stamp(now), "metadata", "creationTimestamp")
	o = With(o, newUID(o, now), "metadata", "uid")
	if slices.Contains(generations, Text(o, "kind")) {
		o = filled(o, at(int64(1), "metadata", "generation"))
	}
	return Defaulted(o)
}

// IsMadeUp tells whether the object comes from this package and no server can have it.
func IsMadeUp(o Object) bool { return strings.HasPrefix(uid(o), madeUp) }

// generations are the kinds whose generation the API server counts.
var generations = []string{
	"Deployment", "ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod", "PodDisruptionBudget", "Ingress",
	"NetworkPolicy", "HorizontalPodAutoscaler",
}

func newUID(o Object, now time.Time) string {
	identity := strings.Join([]string{Text(o, "apiVersion"), Text(o, "kind"), Text(o, "metadata", "namespace"), name(o), stamp(now)}, "/")
	hex := fmt.Sprintf("%x", sha256.Sum256([]byte(identity)))
	return madeUp + hex[:4] + "-4" + hex[4:7] + "-8" + hex[7:10] + "-" + hex[10:22]
}

// Suffix is five letters and digits for the end of a generated name, as the API server and controllers choose them, but following from
// a seed: the same seed gives the same name in every run.
func Suffix(seed string) string {
	const alphabet = "bcdfghjklmnpqrstvwxz2456789"
	sum := sha256.Sum256([]byte(seed))
	out := make([]byte, 5)
	for i := range out {
		out[i] = alphabet[int(sum[i])%len(alphabet)]
	}
	return string(out)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Revised returns the object as the API server stores it in place of the one before: with a new generation, if its kind counts them and
// it is meant to be another one than before.
func Revised(before, after Object) Object {
	after = TemplateCounted(before, after)
	if !slices.Contains(generations, Text(after, "kind")) || Equal(wish(before), wish(after)) {
		return after
	}
	generation, _ := Int(before, "metadata", "generation")
	return With(after, generation+1, "metadata", "generation")
}

// TemplateGeneration is the annotation in which the API server counts the templates that a DaemonSet had. Nobody else can write it.
const TemplateGeneration = "deprecated.daemonset.template.generation"

// TemplateCounted is an object that is written over another with the count of its templates, if its kind has one.
func TemplateCounted(before, after Object) Object {
	count, err := strconv.Atoi(Text(before, "metadata", "annotations", TemplateGeneration))
	if Text(after, "kind") != "DaemonSet" || err != nil {
		return after
	}
	if !Equal(Dig(before, "spec", "template"), Dig(after, "spec", "template")) {
		count++
	}
	return With(after, strconv.Itoa(count), "metadata", "annotations", TemplateGeneration)
}

// wish is what an object says it is meant to be.
func wish(o Object) Object { return With(With(o, nil, "metadata"), nil, "status") }
