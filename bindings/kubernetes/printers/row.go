// Package printers says of objects what kubectl prints of them: the cells of its tables, and the word of a pod's STATUS.
//
// It follows Kubernetes' own pkg/printers, which cannot be linked, and is held to the tables of a real API server by a test of
// bindings/kubernetes. It knows objects as decoded JSON, asks nobody, and draws nothing. Read next: pod.go.
package printers

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/duration"

	"runbook/engine/workload"
)

// An object is one Kubernetes object as decoded JSON.
type object = workload.Object

// Row is what kubectl prints of an object, by the names of its columns; those of -o wide are there as well.
func Row(o object, now time.Time) map[string]any {
	columns := map[string]any{
		"name": workload.Text(o, "metadata", "name"), "namespace": workload.Text(o, "metadata", "namespace"), "age": age(workload.Time(o, "metadata", "creationTimestamp"), now),
	}
	if more := columnsOf[schema.FromAPIVersionAndKind(workload.Text(o, "apiVersion"), workload.Text(o, "kind")).GroupKind().String()]; more != nil {
		more(columns, o, now)
	}
	return columns
}

// columnsOf are the columns that a kind has beside those that all have, by its name and API group.
var columnsOf = map[string]func(columns map[string]any, o object, now time.Time){
	"Pod":                                   podColumns,
	"Deployment.apps":                       deploymentColumns,
	"ReplicaSet.apps":                       replicaSetColumns,
	"ReplicationController":                 replicaSetColumns,
	"StatefulSet.apps":                      statefulSetColumns,
	"DaemonSet.apps":                        daemonSetColumns,
	"Job.batch":                             jobColumns,
	"CronJob.batch":                         cronJobColumns,
	"HorizontalPodAutoscaler.autoscaling":   autoscalerColumns,
	"PodDisruptionBudget.policy":            budgetColumns,
	"Service":                               serviceColumns,
	"Ingress.networking.k8s.io":             ingressColumns,
	"Node":                                  nodeColumns,
	"PersistentVolume":                      volumeColumns,
	"PersistentVolumeClaim":                 claimColumns,
	"StorageClass.storage.k8s.io":           storageClassColumns,
	"Event":                                 eventColumns,
	"ConfigMap":                             dataColumns,
	"Secret":                                dataColumns,
	"Namespace":                             namespaceColumns,
	"Lease.coordination.k8s.io":             leaseColumns,
	"ResourceQuota":                         quotaColumns,
	"LimitRange":                            createdColumns,
	"PriorityClass.scheduling.k8s.io":       priorityClassColumns,
	"Role.rbac.authorization.k8s.io":        createdColumns,
	"ClusterRole.rbac.authorization.k8s.io": createdColumns,
	"RoleBinding.rbac.authorization.k8s.io": bindingColumns,
	"ClusterRoleBinding.rbac.authorization.k8s.io":                bindingColumns,
	"ValidatingWebhookConfiguration.admissionregistration.k8s.io": webhookColumns,
	"MutatingWebhookConfiguration.admissionregistration.k8s.io":   webhookColumns,
	"NetworkPolicy.networking.k8s.io":                             networkPolicyColumns,
	"IngressClass.networking.k8s.io":                              ingressClassColumns,
	"Endpoints":                                                   endpointsColumns,
	"EndpointSlice.discovery.k8s.io":                              endpointSliceColumns,
	"VolumeAttachment.storage.k8s.io":                             attachmentColumns,
	"RuntimeClass.node.k8s.io":                                    runtimeClassColumns,
}

func podColumns(columns map[string]any, pod object, now time.Time) {
	s := PodStatus(pod)
	columns["ready"] = fmt.Sprintf("%d/%d", s.Ready, s.Total)
	columns["status"], columns["restarts"] = s.Status, s.restartText(now)
	columns["ip"] = orNone(workload.Text(pod, "status", "podIP"))
	columns["node"] = orNone(workload.Text(pod, "spec", "nodeName"))
	columns["nominated_node"] = orNone(workload.Text(pod, "status", "nominatedNodeName"))
	columns["readiness_gates"] = readinessGates(pod)
}

func readinessGates(pod object) string {
	gates, passed := workload.Maps(pod, "spec", "readinessGates"), 0
	for _, gate := range gates {
		if workload.Condition(pod, workload.Text(gate, "conditionType"))["status"] == "True" {
			passed++
		}
	}
	if len(gates) == 0 {
		return none
	}
	return fmt.Sprintf("%d/%d", passed, len(gates))
}

// What kubectl prints where there is nothing.
const (
	none  = "<none>"
	unset = "<unset>"
)

func orNone(s string) string { return cmp.Or(s, none) }

func number(o object, field string) string {
	n, _ := workload.Int(o, "status", field)
	return strconv.FormatInt(n, 10)
}

func wantedReplicas(o object) string { return strconv.FormatInt(workload.Replicas(o), 10) }

func age(since, now time.Time) string {
	if since.IsZero() {
		return "<unknown>"
	}
	return duration.HumanDuration(now.Sub(since))
}
