package cluster

import (
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func checkService(s, live *corev1.Service) field.ErrorList {
	var errs field.ErrorList
	headless := s.Spec.ClusterIP == corev1.ClusterIPNone
	if len(s.Spec.Ports) == 0 && !headless && s.Spec.Type != corev1.ServiceTypeExternalName {
		errs = append(errs, field.Required(specPath.Child("ports"), ""))
	}
	if s.Spec.Type == corev1.ServiceTypeExternalName && s.Spec.ExternalName == "" {
		errs = append(errs, field.Required(specPath.Child("externalName"), ""))
	}
	errs = append(errs, metavalidation.ValidateLabels(s.Spec.Selector, specPath.Child("selector"))...)
	errs = append(errs, oneOf(specPath.Child("sessionAffinity"), s.Spec.SessionAffinity, corev1.ServiceAffinityClientIP, corev1.ServiceAffinityNone)...)
	errs = append(errs, oneOf(specPath.Child("type"), s.Spec.Type, corev1.ServiceTypeClusterIP, corev1.ServiceTypeExternalName,
		corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeNodePort)...)
	errs = append(errs, checkServicePorts(s.Spec.Ports)...)
	same := live != nil && live.Spec.Type != corev1.ServiceTypeExternalName && s.Spec.Type != corev1.ServiceTypeExternalName
	if same && live.Spec.ClusterIP != "" && s.Spec.ClusterIP != live.Spec.ClusterIP {
		errs = append(errs, field.Invalid(specPath.Child("clusterIPs").Index(0), s.Spec.ClusterIPs, "may not change once set"))
	}
	return errs
}

func checkServicePorts(ports []corev1.ServicePort) field.ErrorList {
	var errs field.ErrorList
	names, numbers := map[string]bool{}, map[intstr.IntOrString]bool{}
	for i, port := range ports {
		at := specPath.Child("ports").Index(i)
		switch {
		case port.Name == "" && len(ports) > 1:
			errs = append(errs, field.Required(at.Child("name"), ""))
		case names[port.Name] && port.Name != "":
			errs = append(errs, field.Duplicate(at.Child("name"), port.Name))
		case port.Name != "":
			errs = append(errs, named(at.Child("name"), port.Name, validation.IsDNS1123Label(port.Name))...)
		}
		names[port.Name] = true
		errs = append(errs, checkPort(port.Port, at.Child("port"))...)
		errs = append(errs, checkProtocol(port.Protocol, at.Child("protocol"))...)
		if port.TargetPort.Type == intstr.Int {
			errs = append(errs, checkPort(port.TargetPort.IntVal, at.Child("targetPort"))...)
		} else {
			errs = append(errs, named(at.Child("targetPort"), port.TargetPort.StrVal, validation.IsValidPortName(port.TargetPort.StrVal))...)
		}
		key := intstr.IntOrString{IntVal: port.Port, StrVal: string(port.Protocol)}
		if numbers[key] {
			errs = append(errs, field.Duplicate(at, corev1.ServicePort{Protocol: port.Protocol, Port: port.Port}))
		}
		numbers[key] = true
	}
	return errs
}

// mostData is how much a ConfigMap or a Secret may hold.
const mostData = corev1.MaxSecretSize

func checkConfigMap(m, live *corev1.ConfigMap) field.ErrorList {
	var errs field.ErrorList
	size := 0
	keys := make([]string, 0, len(m.Data))
	for key, value := range m.Data {
		keys, size = append(keys, key), size+len(value)
	}
	errs = append(errs, checkKeys(keys, field.NewPath("data"))...)
	for _, key := range keys {
		if _, twice := m.BinaryData[key]; twice {
			errs = append(errs, field.Invalid(field.NewPath("data").Key(key), key, "duplicate of key present in binaryData"))
		}
	}
	for _, value := range m.BinaryData {
		size += len(value)
	}
	if size > mostData {
		errs = append(errs, field.TooLong(field.NewPath(""), "", mostData))
	}
	if live != nil && live.Immutable != nil && *live.Immutable {
		errs = append(errs, frozen(m.Immutable != nil && *m.Immutable, map[string][2]any{
			"data": {m.Data, live.Data}, "binaryData": {m.BinaryData, live.BinaryData},
		})...)
	}
	return errs
}

// frozen refuses changes of what was declared immutable.
func frozen(still bool, fields map[string][2]any) field.ErrorList {
	const said = "field is immutable when `immutable` is set"
	var errs field.ErrorList
	if !still {
		errs = append(errs, field.Forbidden(field.NewPath("immutable"), said))
	}
	for _, name := range []string{"data", "binaryData"} {
		if pair, ok := fields[name]; ok && !equality.Semantic.DeepEqual(pair[0], pair[1]) {
			errs = append(errs, field.Forbidden(field.NewPath(name), said))
		}
	}
	return errs
}

func checkKeys(keys []string, at *field.Path) field.ErrorList {
	slices.Sort(keys)
	var errs field.ErrorList
	for _, key := range keys {
		errs = append(errs, named(at.Key(key), key, validation.IsConfigMapKey(key))...)
	}
	return errs
}

func checkSecret(s, live *corev1.Secret) field.ErrorList {
	var errs field.ErrorList
	size := 0
	keys := make([]string, 0, len(s.Data))
	for key, value := range s.Data {
		keys, size = append(keys, key), size+len(value)
	}
	errs = append(errs, checkKeys(keys, field.NewPath("data"))...)
	if size > mostData {
		errs = append(errs, field.TooLong(field.NewPath("data"), "", mostData))
	}
	for _, key := range neededKeys[s.Type] {
		if _, ok := s.Data[key]; !ok {
			errs = append(errs, field.Required(field.NewPath("data").Key(key), ""))
		}
	}
	if live == nil {
		return errs
	}
	errs = append(errs, unchanged(s.Type, live.Type, field.NewPath("type"))...)
	if live.Immutable != nil && *live.Immutable {
		errs = append(errs, frozen(s.Immutable != nil && *s.Immutable, map[string][2]any{"data": {s.Data, live.Data}})...)
	}
	return errs
}

// neededKeys are what a Secret of a type cannot be without.
var neededKeys = map[corev1.SecretType][]string{
	corev1.SecretTypeTLS: {corev1.TLSCertKey, corev1.TLSPrivateKeyKey}, corev1.SecretTypeDockerConfigJson: {corev1.DockerConfigJsonKey},
}

func checkClaim(c, live *corev1.PersistentVolumeClaim) field.ErrorList {
	var errs field.ErrorList
	if len(c.Spec.AccessModes) == 0 {
		errs = append(errs, field.Required(specPath.Child("accessModes"), "at least 1 access mode is required"))
	}
	storage, ok := c.Spec.Resources.Requests[corev1.ResourceStorage]
	at := specPath.Child("resources").Key(string(corev1.ResourceStorage))
	if !ok {
		errs = append(errs, field.Required(at, ""))
	} else if storage.Sign() <= 0 {
		errs = append(errs, field.Invalid(at, storage.String(), "must be greater than zero"))
	}
	if live == nil {
		return errs
	}
	allowed := live.Spec.DeepCopy()
	allowed.Resources.Requests, allowed.VolumeName = c.Spec.Resources.Requests, c.Spec.VolumeName
	if !equality.Semantic.DeepEqual(*allowed, c.Spec) {
		errs = append(errs, field.Forbidden(specPath, "spec is immutable after creation except resources.requests and "+
			"volumeAttributesClassName for bound claims"))
	}
	return errs
}

func checkBudget(b, _ *policyv1.PodDisruptionBudget) field.ErrorList {
	var errs field.ErrorList
	if b.Spec.MinAvailable != nil && b.Spec.MaxUnavailable != nil {
		errs = append(errs, field.Invalid(specPath, b.Spec, "minAvailable and maxUnavailable cannot be both set"))
	}
	errs = append(errs, checkShare(b.Spec.MinAvailable, specPath.Child("minAvailable"))...)
	errs = append(errs, checkShare(b.Spec.MaxUnavailable, specPath.Child("maxUnavailable"))...)
	if b.Spec.Selector != nil {
		errs = append(errs, metavalidation.ValidateLabelSelector(b.Spec.Selector, metavalidation.LabelSelectorValidationOptions{}, specPath.Child("selector"))...)
	}
	return errs
}

func checkAutoscaler(h, _ *autoscalingv2.HorizontalPodAutoscaler) field.ErrorList {
	var errs field.ErrorList
	if n := h.Spec.MinReplicas; n != nil && *n < 1 {
		errs = append(errs, field.Invalid(specPath.Child("minReplicas"), *n, "must be greater than or equal to 1"))
	}
	if h.Spec.MaxReplicas == 0 {
		errs = append(errs, field.Required(specPath.Child("maxReplicas"), "must be set and greater than 0"))
	} else if h.Spec.MaxReplicas < 0 {
		errs = append(errs, field.Invalid(specPath.Child("maxReplicas"), h.Spec.MaxReplicas, "must be greater than or equal to 1"))
	}
	if n := h.Spec.MinReplicas; n != nil && h.Spec.MaxReplicas < *n {
		errs = append(errs, field.Invalid(specPath.Child("maxReplicas"), h.Spec.MaxReplicas, "must be greater than or equal to `minReplicas`"))
	}
	errs = append(errs, required(specPath.Child("scaleTargetRef", "kind"), h.Spec.ScaleTargetRef.Kind)...)
	return append(errs, required(specPath.Child("scaleTargetRef", "name"), h.Spec.ScaleTargetRef.Name)...)
}

// checkEvent wants an event beside what it is about; what belongs to no namespace has its events in the default one.
func checkEvent(e, _ *corev1.Event) field.ErrorList {
	about := e.InvolvedObject.Namespace
	if about == e.Namespace || about == "" && e.Namespace == corev1.NamespaceDefault {
		return nil
	}
	return field.ErrorList{field.Invalid(field.NewPath("involvedObject", "namespace"), about, "does not match event.namespace")}
}
