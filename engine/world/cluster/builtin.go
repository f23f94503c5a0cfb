package cluster

// builtin are the kinds that the server has by itself, in the order in which kubectl prefers one of two with the same name.
var builtin = []*kind{
	{
		version: "v1", resource: "pods", name: "Pod",
		namespaced: true, short: []string{"po"}, has: statusTrait | generationTrait | returnedTrait | inAllTrait,
	},
	{version: "v1", resource: "namespaces", name: "Namespace", short: []string{"ns"}, has: statusTrait | returnedTrait},
	{version: "v1", resource: "nodes", name: "Node", short: []string{"no"}, has: statusTrait},
	{
		version: "v1", resource: "services", name: "Service",
		namespaced: true, short: []string{"svc"}, has: statusTrait | returnedTrait | inAllTrait,
	},
	{version: "v1", resource: "endpoints", name: "Endpoints", namespaced: true, short: []string{"ep"}},
	{version: "v1", resource: "configmaps", name: "ConfigMap", namespaced: true, short: []string{"cm"}},
	{version: "v1", resource: "secrets", name: "Secret", namespaced: true},
	{version: "v1", resource: "serviceaccounts", name: "ServiceAccount", namespaced: true, short: []string{"sa"}, has: returnedTrait},
	{version: "v1", resource: "events", name: "Event", namespaced: true, short: []string{"ev"}},
	{
		version: "v1", resource: "persistentvolumeclaims", name: "PersistentVolumeClaim",
		namespaced: true, short: []string{"pvc"}, has: statusTrait | returnedTrait,
	},
	{version: "v1", resource: "persistentvolumes", name: "PersistentVolume", short: []string{"pv"}, has: statusTrait | returnedTrait},
	{
		version: "v1", resource: "replicationcontrollers", name: "ReplicationController",
		namespaced: true, short: []string{"rc"}, has: statusTrait | generationTrait | inAllTrait, scale: replicas,
	},
	{version: "v1", resource: "limitranges", name: "LimitRange", namespaced: true, short: []string{"limits"}},
	{
		version: "v1", resource: "resourcequotas", name: "ResourceQuota",
		namespaced: true, short: []string{"quota"}, has: statusTrait | returnedTrait,
	},
	{version: "v1", resource: "podtemplates", name: "PodTemplate", namespaced: true, has: generationTrait | returnedTrait},
	{
		group: "apps", version: "v1", resource: "deployments", name: "Deployment",
		namespaced: true, short: []string{"deploy"}, has: statusTrait | generationTrait | inAllTrait, scale: replicas,
	},
	{
		group: "apps", version: "v1", resource: "replicasets", name: "ReplicaSet",
		namespaced: true, short: []string{"rs"}, has: statusTrait | generationTrait | inAllTrait, scale: replicas,
	},
	{
		group: "apps", version: "v1", resource: "statefulsets", name: "StatefulSet",
		namespaced: true, short: []string{"sts"}, has: statusTrait | generationTrait | inAllTrait, scale: replicas,
	},
	{
		group: "apps", version: "v1", resource: "daemonsets", name: "DaemonSet",
		namespaced: true, short: []string{"ds"}, has: statusTrait | generationTrait | inAllTrait,
	},
	{group: "apps", version: "v1", resource: "controllerrevisions", name: "ControllerRevision", namespaced: true},
	{group: "batch", version: "v1", resource: "jobs", name: "Job", namespaced: true, has: statusTrait | generationTrait | inAllTrait},
	{
		group: "batch", version: "v1", resource: "cronjobs", name: "CronJob",
		namespaced: true, short: []string{"cj"}, has: statusTrait | generationTrait | inAllTrait,
	},
	{
		group: "autoscaling", version: "v2", resource: "horizontalpodautoscalers", name: "HorizontalPodAutoscaler",
		namespaced: true, short: []string{"hpa"}, has: statusTrait | generationTrait | inAllTrait,
	},
	{
		group: "policy", version: "v1", resource: "poddisruptionbudgets", name: "PodDisruptionBudget",
		namespaced: true, short: []string{"pdb"}, has: statusTrait | generationTrait,
	},
	{
		group: "networking.k8s.io", version: "v1", resource: "ingresses", name: "Ingress",
		namespaced: true, short: []string{"ing"}, has: statusTrait | generationTrait,
	},
	{group: "networking.k8s.io", version: "v1", resource: "ingressclasses", name: "IngressClass", has: generationTrait},
	{
		group: "networking.k8s.io", version: "v1", resource: "networkpolicies", name: "NetworkPolicy",
		namespaced: true, short: []string{"netpol"}, has: generationTrait,
	},
	{group: "discovery.k8s.io", version: "v1", resource: "endpointslices", name: "EndpointSlice", namespaced: true, has: generationTrait},
	{group: "rbac.authorization.k8s.io", version: "v1", resource: "roles", name: "Role", namespaced: true},
	{group: "rbac.authorization.k8s.io", version: "v1", resource: "rolebindings", name: "RoleBinding", namespaced: true},
	{group: "rbac.authorization.k8s.io", version: "v1", resource: "clusterroles", name: "ClusterRole"},
	{group: "rbac.authorization.k8s.io", version: "v1", resource: "clusterrolebindings", name: "ClusterRoleBinding"},
	{group: "storage.k8s.io", version: "v1", resource: "storageclasses", name: "StorageClass", short: []string{"sc"}, has: returnedTrait},
	{group: "storage.k8s.io", version: "v1", resource: "volumeattachments", name: "VolumeAttachment", has: statusTrait | returnedTrait},
	{group: "storage.k8s.io", version: "v1", resource: "csidrivers", name: "CSIDriver", has: returnedTrait},
	{group: "storage.k8s.io", version: "v1", resource: "csinodes", name: "CSINode", has: returnedTrait},
	{group: "storage.k8s.io", version: "v1", resource: "csistoragecapacities", name: "CSIStorageCapacity", namespaced: true},
	{group: "coordination.k8s.io", version: "v1", resource: "leases", name: "Lease", namespaced: true},
	{
		group: "scheduling.k8s.io", version: "v1", resource: "priorityclasses", name: "PriorityClass", short: []string{"pc"},
		has: generationTrait,
	},
	{group: "node.k8s.io", version: "v1", resource: "runtimeclasses", name: "RuntimeClass"},
	{
		group: "certificates.k8s.io", version: "v1", resource: "certificatesigningrequests", name: "CertificateSigningRequest", short: []string{"csr"},
		has: statusTrait,
	},
	{
		group: "admissionregistration.k8s.io", version: "v1", resource: "mutatingwebhookconfigurations", name: "MutatingWebhookConfiguration",
		has: generationTrait,
	},
	{
		group: "admissionregistration.k8s.io", version: "v1", resource: "validatingwebhookconfigurations", name: "ValidatingWebhookConfiguration",
		has: generationTrait,
	},
	{
		group: "admissionregistration.k8s.io", version: "v1", resource: "validatingadmissionpolicies", name: "ValidatingAdmissionPolicy",
		has: statusTrait | generationTrait,
	},
	{
		group: "admissionregistration.k8s.io", version: "v1", resource: "validatingadmissionpolicybindings", name: "ValidatingAdmissionPolicyBinding",
		has: generationTrait,
	},
	{
		group: "apiextensions.k8s.io", version: "v1", resource: "customresourcedefinitions", name: "CustomResourceDefinition", short: []string{"crd", "crds"},
		has: statusTrait | generationTrait | untypedTrait,
	},
	{group: "apiregistration.k8s.io", version: "v1", resource: "apiservices", name: "APIService", has: statusTrait | untypedTrait},
	{group: "flowcontrol.apiserver.k8s.io", version: "v1", resource: "flowschemas", name: "FlowSchema", has: statusTrait | generationTrait},
	{
		group: "flowcontrol.apiserver.k8s.io", version: "v1", resource: "prioritylevelconfigurations", name: "PriorityLevelConfiguration",
		has: statusTrait | generationTrait,
	},
}
