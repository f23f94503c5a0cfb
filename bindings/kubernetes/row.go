package kubernetes

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"runbook/engine/module"
	"runbook/engine/workload"
)

func (b *binding) rowFunc() module.Func {
	return module.Func{
		Name: "row",
		Doc: `The columns that kubectl prints for an object, as strings.

The names are kubectl's, in lower case with underscores; those that it prints with -o wide only are there as well. Every object has
name, namespace and age. Beside them:

- pods: ready ("1/2"), status ("CrashLoopBackOff"), restarts ("5 (2m ago)"), ip, node, nominated_node, readiness_gates
- deployments: ready, up_to_date, available; replica sets and replication controllers: desired, current, ready; stateful sets: ready
  ("1/2"), desired, current; daemon sets: desired, current, ready, up_to_date, available, node_selector; each with containers, images,
  selector
- jobs: status, completions, duration; cron jobs: schedule, timezone, suspend, active, last_schedule; both with containers, images,
  selector
- horizontal pod autoscalers: reference, targets, minpods, maxpods, replicas; disruption budgets: min_available, max_unavailable,
  allowed_disruptions
- services: type, cluster_ip, external_ip, ports, selector; ingresses: class, hosts, address, ports
- nodes: status, roles, version, internal_ip, external_ip, os_image, kernel_version, container_runtime
- persistent volumes: capacity, access_modes, reclaim_policy, status, claim, storageclass, reason, volumemode; their claims: status,
  volume, capacity, access_modes, storageclass, volumemode; storage classes: provisioner, reclaimpolicy, volumebindingmode,
  allowvolumeexpansion
- events: last_seen, type, reason, object, message, count, first_seen, source, subobject
- config maps: data; secrets: type, data; namespaces: status; leases: holder

Of a custom resource there are name, namespace and age only: its columns are in its definition.`,
		Params:   []module.Param{{Name: "object", Kind: module.Object, Required: true, Doc: "an object that came from the cluster"}},
		Returns:  module.Result{Type: "table<string, string>", Doc: "the columns by name"},
		Examples: []string{`for _, pod in ipairs(pods) do log({ pod.metadata.name, kubernetes.row(pod).status }) end`},
		Pure: func(ctx context.Context, args module.Args) (any, error) {
			raw, err := rawObject(args["object"])
			if err != nil {
				return nil, err
			}
			o, err := glance(raw)
			if err != nil {
				return nil, err
			}
			return row(o, b.now(ctx)), nil
		},
	}
}

func row(o object, now time.Time) map[string]any {
	columns := map[string]any{
		"name": nameOf(o), "namespace": namespaceOf(o), "age": age(timeOf(o, "metadata", "creationTimestamp"), now),
	}
	if more := columnsOf[wordFor(workload.Text(o, "apiVersion"), workload.Text(o, "kind"))]; more != nil {
		more(columns, o, now)
	}
	return columns
}

// columnsOf are the columns that a kind has beside those that all have, by its name and API group.
var columnsOf = map[string]func(columns map[string]any, o object, now time.Time){
	"Pod":                                 podColumns,
	"Deployment.apps":                     deploymentColumns,
	"ReplicaSet.apps":                     replicaSetColumns,
	"ReplicationController":               replicaSetColumns,
	"StatefulSet.apps":                    statefulSetColumns,
	"DaemonSet.apps":                      daemonSetColumns,
	"Job.batch":                           jobColumns,
	"CronJob.batch":                       cronJobColumns,
	"HorizontalPodAutoscaler.autoscaling": autoscalerColumns,
	"PodDisruptionBudget.policy":          budgetColumns,
	"Service":                             serviceColumns,
	"Ingress.networking.k8s.io":           ingressColumns,
	"Node":                                nodeColumns,
	"PersistentVolume":                    volumeColumns,
	"PersistentVolumeClaim":               claimColumns,
	"StorageClass.storage.k8s.io":         storageClassColumns,
	"Event":                               eventColumns,
	"ConfigMap":                           dataColumns,
	"Secret":                              dataColumns,
	"Namespace":                           namespaceColumns,
	"Lease.coordination.k8s.io":           leaseColumns,
}

func podColumns(columns map[string]any, pod object, now time.Time) {
	s := podStatus(pod)
	columns["ready"] = fmt.Sprintf("%d/%d", s.ready, s.total)
	columns["status"], columns["restarts"] = s.status, s.restartText(now)
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

func orNone(s string) string { return orElse(s, none) }

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
