package workload

// Defaulted returns the object with everything that the API server fills in where a manifest says nothing, as kube-apiserver's defaulting
// and, for a pod, its admission do. It knows the kinds that a runbook meets; any other is returned as it is.
func Defaulted(o Object) Object {
	kind := Text(o, "kind")
	o = filled(o, defaults[kind]...)
	if path := templates[kind]; path != nil && Map(o, path...) != nil {
		o = With(o, defaultPodSpec(Map(o, path...)), path...)
	}
	if f := further[kind]; f != nil {
		o = f(o)
	}
	return o
}

type fieldDefault struct {
	value any
	path  []string
}

// at is a default for the field at a path.
func at(value any, path ...string) fieldDefault { return fieldDefault{value, path} }

// filled is o with the defaults of those fields that it does not have.
func filled(o Object, defaults ...fieldDefault) Object {
	for _, d := range defaults {
		if Dig(o, d.path...) == nil {
			o = With(o, cloneValue(d.value), d.path...)
		}
	}
	return o
}

var (
	oneReplica = at(int64(1), "spec", "replicas")
	tenBefore  = at(int64(10), "spec", "revisionHistoryLimit")
	noneYet    = at(int64(0), "status", "replicas")
	pending    = at("Pending", "status", "phase")
	filesystem = at("Filesystem", "spec", "volumeMode")
)

// defaults are the fields that do not depend on others.
var defaults = map[string][]fieldDefault{
	"Namespace":             {at("Active", "status", "phase")},
	"Pod":                   {pending},
	"PersistentVolumeClaim": {pending, filesystem},
	"PersistentVolume":      {pending, filesystem, at("Retain", "spec", "persistentVolumeReclaimPolicy")},
	"Deployment":            {oneReplica, tenBefore, at(int64(600), "spec", "progressDeadlineSeconds"), at("RollingUpdate", "spec", "strategy", "type")},
	"ReplicaSet":            {oneReplica, noneYet},
	"ReplicationController": {oneReplica, noneYet},
	"StatefulSet": {
		oneReplica, tenBefore, noneYet, at("OrderedReady", "spec", "podManagementPolicy"),
		at("Retain", "spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted"),
		at("Retain", "spec", "persistentVolumeClaimRetentionPolicy", "whenScaled"),
	},
	"DaemonSet": {tenBefore, at("RollingUpdate", "spec", "updateStrategy", "type")},
	"Job": {
		at(int64(6), "spec", "backoffLimit"), at("NonIndexed", "spec", "completionMode"), at(false, "spec", "suspend"),
		at(false, "spec", "manualSelector"),
	},
	"CronJob": {
		at("Allow", "spec", "concurrencyPolicy"), at(false, "spec", "suspend"), at(int64(3), "spec", "successfulJobsHistoryLimit"),
		at(int64(1), "spec", "failedJobsHistoryLimit"),
	},
	"Service":                 {at("None", "spec", "sessionAffinity"), at("ClusterIP", "spec", "type")},
	"Secret":                  {at("Opaque", "type")},
	"HorizontalPodAutoscaler": {at(int64(1), "spec", "minReplicas")},
	"StorageClass":            {at("Delete", "reclaimPolicy"), at("Immediate", "volumeBindingMode")},
}

// templates are where the spec of a kind's pods is.
var templates = map[string][]string{
	"Pod": {"spec"}, "Deployment": template, "ReplicaSet": template, "StatefulSet": template, "DaemonSet": template, "Job": template,
	"ReplicationController": template, "CronJob": {"spec", "jobTemplate", "spec", "template", "spec"}, "PodTemplate": {"template", "spec"},
}

var template = []string{"spec", "template", "spec"}

// further are the defaults that depend on what else an object says.
var further = map[string]func(Object) Object{
	"Namespace": func(o Object) Object {
		if name(o) == "" {
			return o
		}
		return With(o, name(o), "metadata", "labels", "kubernetes.io/metadata.name")
	},
	"Pod": defaultPod, "Deployment": defaultDeployment, "StatefulSet": defaultStatefulSet, "DaemonSet": defaultDaemonSet, "Job": defaultJob,
	"ReplicationController": defaultReplicationController, "Service": defaultService, "NetworkPolicy": defaultNetworkPolicy,
	"RoleBinding": defaultBinding, "ClusterRoleBinding": defaultBinding, "Node": defaultNode,
}

func defaultDeployment(o Object) Object {
	if Text(o, "spec", "strategy", "type") != "RollingUpdate" {
		return o
	}
	return filled(o, at("25%", "spec", "strategy", "rollingUpdate", "maxUnavailable"), at("25%", "spec", "strategy", "rollingUpdate", "maxSurge"))
}

func defaultDaemonSet(o Object) Object {
	o = filled(o, at("1", "metadata", "annotations", TemplateGeneration))
	if Text(o, "spec", "updateStrategy", "type") != "RollingUpdate" {
		return o
	}
	return filled(o, at(int64(1), "spec", "updateStrategy", "rollingUpdate", "maxUnavailable"),
		at(int64(0), "spec", "updateStrategy", "rollingUpdate", "maxSurge"))
}

func defaultStatefulSet(o Object) Object {
	if Text(o, "spec", "updateStrategy", "type") == "" {
		o = filled(o, at("RollingUpdate", "spec", "updateStrategy", "type"), at(Object{}, "spec", "updateStrategy", "rollingUpdate"))
	}
	if Text(o, "spec", "updateStrategy", "type") == "RollingUpdate" && Map(o, "spec", "updateStrategy", "rollingUpdate") != nil {
		o = filled(o, at(int64(0), "spec", "updateStrategy", "rollingUpdate", "partition"),
			at(int64(1), "spec", "updateStrategy", "rollingUpdate", "maxUnavailable"))
	}
	return each(o, func(claim Object) Object {
		return filled(With(With(claim, "v1", "apiVersion"), "PersistentVolumeClaim", "kind"), pending, filesystem)
	}, "spec", "volumeClaimTemplates")
}

func defaultJob(o Object) Object {
	if Dig(o, "spec", "completions") == nil && Dig(o, "spec", "parallelism") == nil {
		o = With(o, int64(1), "spec", "completions")
	}
	o = filled(o, at(int64(1), "spec", "parallelism"))
	replaced := "TerminatingOrFailed"
	if Dig(o, "spec", "podFailurePolicy") != nil {
		replaced = "Failed"
	}
	return labelled(filled(o, at(replaced, "spec", "podReplacementPolicy")))
}

func defaultReplicationController(o Object) Object {
	if labels := Map(o, "spec", "template", "metadata", "labels"); len(labels) > 0 {
		o = filled(o, at(labels, "spec", "selector"))
	}
	return labelled(o)
}

// labelled gives an object without labels those of its pods.
func labelled(o Object) Object {
	labels := Map(o, "spec", "template", "metadata", "labels")
	if len(labels) == 0 || len(Map(o, "metadata", "labels")) > 0 {
		return o
	}
	return With(o, Clone(labels), "metadata", "labels")
}

func defaultService(o Object) Object {
	o = each(o, func(port Object) Object {
		port = filled(port, at("TCP", "protocol"))
		if target := port["targetPort"]; target == nil || target == "" || Equal(target, 0) {
			port = With(port, port["port"], "targetPort")
		}
		return port
	}, "spec", "ports")
	kind := Text(o, "spec", "type")
	if kind != "ExternalName" {
		o = filled(o, at("Cluster", "spec", "internalTrafficPolicy"))
	}
	if kind == "LoadBalancer" || kind == "NodePort" || Dig(o, "spec", "externalIPs") != nil {
		o = filled(o, at("Cluster", "spec", "externalTrafficPolicy"))
	}
	if kind == "LoadBalancer" {
		o = filled(o, at(true, "spec", "allocateLoadBalancerNodePorts"))
	}
	if Text(o, "spec", "sessionAffinity") == "ClientIP" {
		o = filled(o, at(int64(10800), "spec", "sessionAffinityConfig", "clientIP", "timeoutSeconds"))
	}
	return o
}

func defaultNetworkPolicy(o Object) Object {
	kinds := []any{"Ingress"}
	if len(Maps(o, "spec", "egress")) > 0 {
		kinds = append(kinds, "Egress")
	}
	return filled(o, at(kinds, "spec", "policyTypes"))
}

func defaultBinding(o Object) Object {
	const group = "rbac.authorization.k8s.io"
	if Map(o, "roleRef") != nil {
		o = filled(o, at(group, "roleRef", "apiGroup"))
	}
	return each(o, func(subject Object) Object {
		if subject["kind"] == "User" || subject["kind"] == "Group" {
			return filled(subject, at(group, "apiGroup"))
		}
		return subject
	}, "subjects")
}

func defaultNode(o Object) Object {
	if capacity := Map(o, "status", "capacity"); capacity != nil {
		return filled(o, at(capacity, "status", "allocatable"))
	}
	return o
}

// each is o with f done to every object of the list at a path.
func each(o Object, f func(Object) Object, path ...string) Object {
	list, ok := Dig(o, path...).([]any)
	if !ok {
		return o
	}
	out := make([]any, len(list))
	for i, item := range list {
		out[i] = item
		if inner, ok := item.(Object); ok {
			out[i] = f(inner)
		}
	}
	return With(o, out, path...)
}
