package cluster

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func checkPod(pod, live *corev1.Pod) field.ErrorList {
	at := field.NewPath("spec")
	errs := checkPodSpec(&pod.Spec, at)
	if live == nil {
		return errs
	}
	allowed := live.Spec.DeepCopy()
	copyImages(allowed.Containers, pod.Spec.Containers)
	copyImages(allowed.InitContainers, pod.Spec.InitContainers)
	allowed.EphemeralContainers = pod.Spec.EphemeralContainers
	allowed.ActiveDeadlineSeconds = pod.Spec.ActiveDeadlineSeconds
	if len(pod.Spec.Tolerations) >= len(allowed.Tolerations) {
		allowed.Tolerations = pod.Spec.Tolerations
	}
	if !equality.Semantic.DeepEqual(*allowed, pod.Spec) {
		errs = append(errs, field.Forbidden(at, "pod updates may not change fields other than `spec.containers[*].image`,"+
			"`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"+
			"`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"))
	}
	return errs
}

func copyImages(to, from []corev1.Container) {
	for i := range to {
		if i < len(from) {
			to[i].Image = from[i].Image
		}
	}
}

// checkTemplate checks what the pods of a workload are made of.
func checkTemplate(template *corev1.PodTemplateSpec, at *field.Path) field.ErrorList {
	errs := metavalidation.ValidateLabels(template.Labels, at.Child("labels"))
	errs = append(errs, apivalidation.ValidateAnnotations(template.Annotations, at.Child("annotations"))...)
	return append(errs, checkPodSpec(&template.Spec, at.Child("spec"))...)
}

func checkPodSpec(spec *corev1.PodSpec, at *field.Path) field.ErrorList {
	volumes, errs := checkVolumes(spec.Volumes, at.Child("volumes"))
	names := map[string]bool{}
	if len(spec.Containers) == 0 {
		errs = append(errs, field.Required(at.Child("containers"), ""))
	}
	for i := range spec.Containers {
		errs = append(errs, checkContainer(&spec.Containers[i], volumes, names, at.Child("containers").Index(i))...)
	}
	for i := range spec.InitContainers {
		errs = append(errs, checkContainer(&spec.InitContainers[i], volumes, names, at.Child("initContainers").Index(i))...)
	}
	errs = append(errs, oneOf(at.Child("restartPolicy"), spec.RestartPolicy, corev1.RestartPolicyAlways, corev1.RestartPolicyOnFailure,
		corev1.RestartPolicyNever)...)
	errs = append(errs, oneOf(at.Child("dnsPolicy"), spec.DNSPolicy, corev1.DNSClusterFirstWithHostNet, corev1.DNSClusterFirst,
		corev1.DNSDefault, corev1.DNSNone)...)
	errs = append(errs, metavalidation.ValidateLabels(spec.NodeSelector, at.Child("nodeSelector"))...)
	if spec.ServiceAccountName != "" {
		errs = append(errs, named(at.Child("serviceAccountName"), spec.ServiceAccountName, apivalidation.NameIsDNSSubdomain(spec.ServiceAccountName, false))...)
	}
	if n := spec.TerminationGracePeriodSeconds; n != nil {
		errs = append(errs, apivalidation.ValidateNonnegativeField(*n, at.Child("terminationGracePeriodSeconds"))...)
	}
	if n := spec.ActiveDeadlineSeconds; n != nil && *n < 1 {
		errs = append(errs, field.Invalid(at.Child("activeDeadlineSeconds"), *n, "must be between 1 and 2147483647, inclusive"))
	}
	return errs
}

// oneOf refuses a value that is not among those that there are.
func oneOf[T ~string](at *field.Path, value T, known ...T) field.ErrorList {
	if slices.Contains(known, value) {
		return nil
	}
	if value == "" {
		return field.ErrorList{field.Required(at, "")}
	}
	return field.ErrorList{field.NotSupported(at, value, known)}
}

// required refuses a text that is missing.
func required(at *field.Path, text string) field.ErrorList {
	if text != "" {
		return nil
	}
	return field.ErrorList{field.Required(at, "")}
}

// named turns what is wrong with a name into errors.
func named(at *field.Path, name string, complaints []string) field.ErrorList {
	var errs field.ErrorList
	for _, complaint := range complaints {
		errs = append(errs, field.Invalid(at, name, complaint))
	}
	return errs
}

func checkVolumes(volumes []corev1.Volume, at *field.Path) (map[string]bool, field.ErrorList) {
	names := map[string]bool{}
	var errs field.ErrorList
	for i, v := range volumes {
		name := at.Index(i).Child("name")
		switch {
		case v.Name == "":
			errs = append(errs, field.Required(name, ""))
		case names[v.Name]:
			errs = append(errs, field.Duplicate(name, v.Name))
		default:
			errs = append(errs, named(name, v.Name, validation.IsDNS1123Label(v.Name))...)
		}
		names[v.Name] = true
	}
	return names, errs
}

func checkContainer(c *corev1.Container, volumes, names map[string]bool, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	switch {
	case c.Name == "":
		errs = append(errs, field.Required(at.Child("name"), ""))
	case names[c.Name]:
		errs = append(errs, field.Duplicate(at.Child("name"), c.Name))
	default:
		errs = append(errs, named(at.Child("name"), c.Name, validation.IsDNS1123Label(c.Name))...)
	}
	names[c.Name] = true
	if c.Image == "" {
		errs = append(errs, field.Required(at.Child("image"), ""))
	} else if strings.TrimSpace(c.Image) != c.Image {
		errs = append(errs, field.Invalid(at.Child("image"), c.Image, "must not have leading or trailing whitespace"))
	}
	errs = append(errs, checkContainerPorts(c.Ports, at.Child("ports"))...)
	errs = append(errs, oneOf(at.Child("imagePullPolicy"), c.ImagePullPolicy, corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever)...)
	errs = append(errs, checkEnv(c.Env, at.Child("env"))...)
	errs = append(errs, checkMounts(c.VolumeMounts, volumes, at.Child("volumeMounts"))...)
	errs = append(errs, checkResources(&c.Resources, at.Child("resources"))...)
	errs = append(errs, checkProbe(c.LivenessProbe, at.Child("livenessProbe"))...)
	errs = append(errs, checkProbe(c.ReadinessProbe, at.Child("readinessProbe"))...)
	return append(errs, checkProbe(c.StartupProbe, at.Child("startupProbe"))...)
}

func checkContainerPorts(ports []corev1.ContainerPort, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	names := map[string]bool{}
	for i, port := range ports {
		at := at.Index(i)
		if port.Name != "" {
			errs = append(errs, named(at.Child("name"), port.Name, validation.IsValidPortName(port.Name))...)
			if names[port.Name] {
				errs = append(errs, field.Duplicate(at.Child("name"), port.Name))
			}
			names[port.Name] = true
		}
		if port.ContainerPort == 0 {
			errs = append(errs, field.Required(at.Child("containerPort"), ""))
		} else {
			errs = append(errs, checkPort(port.ContainerPort, at.Child("containerPort"))...)
		}
		if port.HostPort != 0 {
			errs = append(errs, checkPort(port.HostPort, at.Child("hostPort"))...)
		}
		errs = append(errs, checkProtocol(port.Protocol, at.Child("protocol"))...)
	}
	return errs
}

func checkPort(port int32, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, complaint := range validation.IsValidPortNum(int(port)) {
		errs = append(errs, field.Invalid(at, port, complaint))
	}
	return errs
}

func checkProtocol(p corev1.Protocol, at *field.Path) field.ErrorList {
	return oneOf(at, p, corev1.ProtocolSCTP, corev1.ProtocolTCP, corev1.ProtocolUDP)
}

func checkEnv(variables []corev1.EnvVar, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, v := range variables {
		at := at.Index(i)
		if v.Name == "" {
			errs = append(errs, field.Required(at.Child("name"), ""))
		} else {
			errs = append(errs, named(at.Child("name"), v.Name, validation.IsRelaxedEnvVarName(v.Name))...)
		}
		if v.Value != "" && v.ValueFrom != nil {
			errs = append(errs, field.Invalid(at.Child("valueFrom"), "", "may not be specified when `value` is not empty"))
		}
	}
	return errs
}

func checkMounts(mounts []corev1.VolumeMount, volumes map[string]bool, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	points := map[string]bool{}
	for i, m := range mounts {
		at := at.Index(i)
		if m.Name == "" {
			errs = append(errs, field.Required(at.Child("name"), ""))
		}
		if !volumes[m.Name] {
			errs = append(errs, field.NotFound(at.Child("name"), m.Name))
		}
		if m.MountPath == "" {
			errs = append(errs, field.Required(at.Child("mountPath"), ""))
		}
		if points[m.MountPath] {
			errs = append(errs, field.Invalid(at.Child("mountPath"), m.MountPath, "must be unique"))
		}
		points[m.MountPath] = true
	}
	return errs
}

func checkResources(r *corev1.ResourceRequirements, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, of := range []struct {
		list corev1.ResourceList
		at   *field.Path
	}{{r.Limits, at.Child("limits")}, {r.Requests, at.Child("requests")}} {
		for _, name := range sortedResources(of.list) {
			if q := of.list[name]; q.Sign() < 0 {
				errs = append(errs, field.Invalid(of.at.Key(string(name)), q.String(), "must be greater than or equal to 0"))
			}
		}
	}
	for _, name := range sortedResources(r.Requests) {
		limit, limited := r.Limits[name]
		request := r.Requests[name]
		if limited && request.Cmp(limit) > 0 {
			errs = append(errs, field.Invalid(at.Child("requests"), request.String(),
				fmt.Sprintf("must be less than or equal to %s limit of %s", name, limit.String())))
		}
	}
	return errs
}

func sortedResources(list corev1.ResourceList) []corev1.ResourceName {
	var names []corev1.ResourceName
	for name := range list {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func checkProbe(p *corev1.Probe, at *field.Path) field.ErrorList {
	if p == nil {
		return nil
	}
	var errs field.ErrorList
	handlers := 0
	for _, given := range []bool{p.Exec != nil, p.HTTPGet != nil, p.TCPSocket != nil, p.GRPC != nil} {
		if given {
			handlers++
		}
	}
	switch {
	case handlers == 0:
		errs = append(errs, field.Required(at, "must specify a handler type"))
	case handlers > 1:
		errs = append(errs, field.Forbidden(at, "may not specify more than 1 handler type"))
	}
	for name, n := range map[string]int32{
		"initialDelaySeconds": p.InitialDelaySeconds, "timeoutSeconds": p.TimeoutSeconds, "periodSeconds": p.PeriodSeconds,
		"successThreshold": p.SuccessThreshold, "failureThreshold": p.FailureThreshold,
	} {
		errs = append(errs, apivalidation.ValidateNonnegativeField(int64(n), at.Child(name))...)
	}
	slices.SortStableFunc(errs, func(a, b *field.Error) int { return strings.Compare(a.Field, b.Field) })
	return errs
}
