package workload

import (
	"crypto/sha256"
	"fmt"
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
	return Defaulted(o)
}

// Defaulted returns the object with the defaults that the API server would fill in.
func Defaulted(o Object) Object {
	for _, d := range defaults[Text(o, "kind")] {
		if Dig(o, d.path...) == nil {
			o = With(o, cloneValue(d.value), d.path...)
		}
	}
	if Text(o, "kind") == "Namespace" {
		o = With(o, name(o), "metadata", "labels", "kubernetes.io/metadata.name")
	}
	return o
}

// IsMadeUp tells whether the object comes from this package and no server can have it.
func IsMadeUp(o Object) bool { return strings.HasPrefix(uid(o), madeUp) }

type fieldDefault struct {
	value any
	path  []string
}

var (
	firstGeneration = fieldDefault{int64(1), []string{"metadata", "generation"}}
	oneReplica      = fieldDefault{int64(1), []string{"spec", "replicas"}}
	pending         = fieldDefault{"Pending", []string{"status", "phase"}}
)

var defaults = map[string][]fieldDefault{
	"Namespace": {{"Active", []string{"status", "phase"}}},
	"Pod": {
		pending, {"Always", []string{"spec", "restartPolicy"}}, {"default-scheduler", []string{"spec", "schedulerName"}},
		{int64(30), []string{"spec", "terminationGracePeriodSeconds"}},
	},
	"PersistentVolumeClaim": {pending},
	"Deployment": {
		firstGeneration, oneReplica, {int64(10), []string{"spec", "revisionHistoryLimit"}},
		{int64(600), []string{"spec", "progressDeadlineSeconds"}},
		{Object{
			"type":          "RollingUpdate",
			"rollingUpdate": Object{"maxSurge": "25%", "maxUnavailable": "25%"},
		}, []string{"spec", "strategy"}},
	},
	"ReplicaSet":            {firstGeneration, oneReplica, {int64(0), []string{"status", "replicas"}}},
	"ReplicationController": {firstGeneration, oneReplica, {int64(0), []string{"status", "replicas"}}},
	"StatefulSet": {
		firstGeneration, oneReplica, {int64(0), []string{"status", "replicas"}},
		{"OrderedReady", []string{"spec", "podManagementPolicy"}},
	},
}

func newUID(o Object, now time.Time) string {
	identity := strings.Join([]string{Text(o, "apiVersion"), Text(o, "kind"), Text(o, "metadata", "namespace"), name(o), stamp(now)}, "/")
	hex := fmt.Sprintf("%x", sha256.Sum256([]byte(identity)))
	return madeUp + hex[:4] + "-4" + hex[4:7] + "-8" + hex[7:10] + "-" + hex[10:22]
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
