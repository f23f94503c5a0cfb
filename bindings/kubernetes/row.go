package kubernetes

import (
	"context"

	"runbook/bindings/kubernetes/printers"
	"runbook/engine/module"
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
- endpoints: endpoints; endpoint slices: addresstype, ports, endpoints; ingress classes: controller, parameters; network policies:
  pod_selector
- resource quotas: request, limit; priority classes: value, global_default, preemptionpolicy; webhook configurations: webhooks
- role bindings, of a cluster too: role, users, groups, serviceaccounts; roles and limit ranges: created_at
- volume attachments: attacher, pv, node, attached; runtime classes: handler

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
			return printers.Row(o, b.now(ctx)), nil
		},
	}
}
