package cluster

import (
	"slices"

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
