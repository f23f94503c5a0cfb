package cluster

import "k8s.io/apimachinery/pkg/util/validation/field"

// checkSpec looks for the mistakes that people make in an object of the kind; live is nil for a new one. It knows those kinds whose objects
// a runbook makes or changes.
func (k *kind) checkSpec(o, live Object) field.ErrorList {
	if k.custom != nil {
		return k.checkCustom(o)
	}
	if check := checks[k.canonical()]; check != nil {
		return check(o, live)
	}
	return nil
}

var checks = map[string]func(o, live Object) field.ErrorList{
	"pods":                                 checked(checkPod),
	"replicationcontrollers":               checked(checkReplicationController),
	"deployments.apps":                     checked(checkDeployment),
	"replicasets.apps":                     checked(checkReplicaSet),
	"statefulsets.apps":                    checked(checkStatefulSet),
	"daemonsets.apps":                      checked(checkDaemonSet),
	"jobs.batch":                           checked(checkJob),
	"cronjobs.batch":                       checked(checkCronJob),
	"services":                             checked(checkService),
	"configmaps":                           checked(checkConfigMap),
	"secrets":                              checked(checkSecret),
	"persistentvolumeclaims":               checked(checkClaim),
	"poddisruptionbudgets.policy":          checked(checkBudget),
	"horizontalpodautoscalers.autoscaling": checked(checkAutoscaler),
	"roles" + rbac:                         checked(checkRole),
	"clusterroles" + rbac:                  checked(checkClusterRole),
	"rolebindings" + rbac:                  checked(checkRoleBinding),
	"clusterrolebindings" + rbac:           checked(checkClusterRoleBinding),
	"events":                               checked(checkEvent),
	definitions:                            checkDefinition,
}

// checked lets f check objects in their Go type. live is nil for a new one.
func checked[T any](f func(o, live *T) field.ErrorList) func(o, live Object) field.ErrorList {
	return func(o, live Object) field.ErrorList {
		typed, before := new(T), (*T)(nil)
		err := fromMap(o, typed)
		if err == nil && live != nil {
			before = new(T)
			err = fromMap(live, before)
		}
		if err != nil {
			return field.ErrorList{field.InternalError(nil, err)}
		}
		return f(typed, before)
	}
}
