package cluster

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

var specPath = field.NewPath("spec")

// number refuses a negative number.
func number(n *int32, at *field.Path) field.ErrorList {
	if n == nil {
		return nil
	}
	return apivalidation.ValidateNonnegativeField(int64(*n), at)
}

// checkSelected checks a selector of pods, and whether the template makes pods that it finds.
func checkSelected(kind string, selector *metav1.LabelSelector, template *corev1.PodTemplateSpec) field.ErrorList {
	var errs field.ErrorList
	at := specPath.Child("selector")
	if selector == nil {
		errs = append(errs, field.Required(at, ""))
	} else {
		errs = append(errs, metavalidation.ValidateLabelSelector(selector, metavalidation.LabelSelectorValidationOptions{}, at)...)
		if len(selector.MatchLabels)+len(selector.MatchExpressions) == 0 {
			errs = append(errs, field.Invalid(at, selector, "empty selector is invalid for "+kind))
		}
	}
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return append(errs, field.Invalid(at, selector, "invalid label selector"))
	}
	return append(errs, checkPods(s, template)...)
}

// checkPods checks the template of pods that run for ever.
func checkPods(selector labels.Selector, template *corev1.PodTemplateSpec) field.ErrorList {
	at := specPath.Child("template")
	var errs field.ErrorList
	if !selector.Empty() && !selector.Matches(labels.Set(template.Labels)) {
		errs = append(errs, field.Invalid(at.Child("metadata", "labels"), template.Labels, "`selector` does not match template `labels`"))
	}
	errs = append(errs, checkTemplate(template, at)...)
	if policy := template.Spec.RestartPolicy; policy != corev1.RestartPolicyAlways {
		errs = append(errs, field.NotSupported(at.Child("spec", "restartPolicy"), policy, []string{string(corev1.RestartPolicyAlways)}))
	}
	if template.Spec.ActiveDeadlineSeconds != nil {
		errs = append(errs, field.Forbidden(at.Child("spec", "activeDeadlineSeconds"), "activeDeadlineSeconds in ReplicaSet is not Supported"))
	}
	return errs
}

// unchanged refuses another value than was there.
func unchanged(value, before any, at *field.Path) field.ErrorList {
	return apivalidation.ValidateImmutableField(value, before, at)
}

func checkDeployment(d, live *appsv1.Deployment) field.ErrorList {
	errs := number(d.Spec.Replicas, specPath.Child("replicas"))
	errs = append(errs, checkSelected("deployment", d.Spec.Selector, &d.Spec.Template)...)
	errs = append(errs, checkStrategy(&d.Spec.Strategy)...)
	errs = append(errs, number(&d.Spec.MinReadySeconds, specPath.Child("minReadySeconds"))...)
	errs = append(errs, number(d.Spec.RevisionHistoryLimit, specPath.Child("revisionHistoryLimit"))...)
	if deadline := d.Spec.ProgressDeadlineSeconds; deadline != nil {
		errs = append(errs, number(deadline, specPath.Child("progressDeadlineSeconds"))...)
		if *deadline <= d.Spec.MinReadySeconds {
			errs = append(errs, field.Invalid(specPath.Child("progressDeadlineSeconds"), *deadline, "must be greater than minReadySeconds"))
		}
	}
	if live != nil {
		errs = append(errs, unchanged(d.Spec.Selector, live.Spec.Selector, specPath.Child("selector"))...)
	}
	return errs
}

func checkStrategy(s *appsv1.DeploymentStrategy) field.ErrorList {
	at := specPath.Child("strategy")
	rolling := s.RollingUpdate
	switch s.Type {
	case appsv1.RecreateDeploymentStrategyType:
		if rolling != nil {
			return field.ErrorList{field.Forbidden(at.Child("rollingUpdate"), "may not be specified when strategy `type` is 'Recreate'")}
		}
		return nil
	case appsv1.RollingUpdateDeploymentStrategyType:
	default:
		return field.ErrorList{field.NotSupported(at, *s, []appsv1.DeploymentStrategyType{
			appsv1.RecreateDeploymentStrategyType, appsv1.RollingUpdateDeploymentStrategyType,
		})}
	}
	at = at.Child("rollingUpdate")
	if rolling == nil {
		return field.ErrorList{field.Required(at, "this should be defaulted and never be nil")}
	}
	errs := append(checkShare(rolling.MaxUnavailable, at.Child("maxUnavailable")), checkShare(rolling.MaxSurge, at.Child("maxSurge"))...)
	if isZero(rolling.MaxUnavailable) && isZero(rolling.MaxSurge) {
		errs = append(errs, field.Invalid(at.Child("maxUnavailable"), rolling.MaxUnavailable, "may not be 0 when `maxSurge` is 0"))
	}
	return errs
}

// checkShare checks a number or a percentage.
func checkShare(n *intstr.IntOrString, at *field.Path) field.ErrorList {
	if n == nil {
		return nil
	}
	if n.Type == intstr.Int {
		return apivalidation.ValidateNonnegativeField(int64(n.IntValue()), at)
	}
	if _, err := intstr.GetScaledValueFromIntOrPercent(n, 100, true); err != nil {
		return field.ErrorList{field.Invalid(at, *n, "a valid percent string must be a numeric string followed by an ending '%' "+
			"(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')")}
	}
	return nil
}

func isZero(n *intstr.IntOrString) bool {
	return n == nil || n.String() == "0" || n.String() == "0%"
}

func checkReplicaSet(r, live *appsv1.ReplicaSet) field.ErrorList {
	errs := number(r.Spec.Replicas, specPath.Child("replicas"))
	errs = append(errs, number(&r.Spec.MinReadySeconds, specPath.Child("minReadySeconds"))...)
	errs = append(errs, checkSelected("replicaset", r.Spec.Selector, &r.Spec.Template)...)
	if live != nil {
		errs = append(errs, unchanged(r.Spec.Selector, live.Spec.Selector, specPath.Child("selector"))...)
	}
	return errs
}

func checkReplicationController(r, _ *corev1.ReplicationController) field.ErrorList {
	errs := number(r.Spec.Replicas, specPath.Child("replicas"))
	if len(r.Spec.Selector) == 0 {
		errs = append(errs, field.Required(specPath.Child("selector"), ""))
	}
	if r.Spec.Template == nil {
		return append(errs, field.Required(specPath.Child("template"), ""))
	}
	return append(errs, checkPods(labels.SelectorFromSet(r.Spec.Selector), r.Spec.Template)...)
}

func checkDaemonSet(d, live *appsv1.DaemonSet) field.ErrorList {
	errs := checkSelected("daemonset", d.Spec.Selector, &d.Spec.Template)
	errs = append(errs, number(&d.Spec.MinReadySeconds, specPath.Child("minReadySeconds"))...)
	errs = append(errs, oneOf(specPath.Child("updateStrategy"), d.Spec.UpdateStrategy.Type, appsv1.RollingUpdateDaemonSetStrategyType,
		appsv1.OnDeleteDaemonSetStrategyType)...)
	if live != nil {
		errs = append(errs, unchanged(d.Spec.Selector, live.Spec.Selector, specPath.Child("selector"))...)
	}
	return errs
}

func checkStatefulSet(s, live *appsv1.StatefulSet) field.ErrorList {
	var errs field.ErrorList
	switch s.Spec.PodManagementPolicy {
	case appsv1.OrderedReadyPodManagement, appsv1.ParallelPodManagement:
	default:
		errs = append(errs, field.Invalid(specPath.Child("podManagementPolicy"), s.Spec.PodManagementPolicy, "must be 'OrderedReady' or 'Parallel'"))
	}
	switch s.Spec.UpdateStrategy.Type {
	case appsv1.RollingUpdateStatefulSetStrategyType, appsv1.OnDeleteStatefulSetStrategyType:
	default:
		errs = append(errs, field.Invalid(specPath.Child("updateStrategy"), s.Spec.UpdateStrategy, "must be 'RollingUpdate' or 'OnDelete'"))
	}
	errs = append(errs, number(s.Spec.Replicas, specPath.Child("replicas"))...)
	errs = append(errs, number(&s.Spec.MinReadySeconds, specPath.Child("minReadySeconds"))...)
	errs = append(errs, checkSelected("statefulset", s.Spec.Selector, &s.Spec.Template)...)
	if live != nil {
		for _, f := range []struct {
			value, before any
			name          string
		}{
			{s.Spec.Selector, live.Spec.Selector, "selector"},
			{s.Spec.VolumeClaimTemplates, live.Spec.VolumeClaimTemplates, "volumeClaimTemplates"},
			{s.Spec.ServiceName, live.Spec.ServiceName, "serviceName"},
			{s.Spec.PodManagementPolicy, live.Spec.PodManagementPolicy, "podManagementPolicy"},
		} {
			errs = append(errs, unchanged(f.value, f.before, specPath.Child(f.name))...)
		}
	}
	return errs
}

func checkJob(j, live *batchv1.Job) field.ErrorList {
	errs := checkJobSpec(&j.Spec, specPath)
	if live != nil {
		errs = append(errs, unchanged(j.Spec.Completions, live.Spec.Completions, specPath.Child("completions"))...)
		errs = append(errs, unchanged(j.Spec.Selector, live.Spec.Selector, specPath.Child("selector"))...)
		if !equality.Semantic.DeepEqual(j.Spec.Template, live.Spec.Template) {
			errs = append(errs, unchanged(j.Spec.Template, live.Spec.Template, specPath.Child("template"))...)
		}
	}
	return errs
}

func checkJobSpec(spec *batchv1.JobSpec, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, f := range []struct {
		n    *int32
		name string
	}{
		{spec.Parallelism, "parallelism"}, {spec.Completions, "completions"}, {spec.BackoffLimit, "backoffLimit"},
		{spec.TTLSecondsAfterFinished, "ttlSecondsAfterFinished"},
	} {
		errs = append(errs, number(f.n, at.Child(f.name))...)
	}
	errs = append(errs, checkTemplate(&spec.Template, at.Child("template"))...)
	policy, where := spec.Template.Spec.RestartPolicy, at.Child("template", "spec", "restartPolicy")
	valid := []corev1.RestartPolicy{corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever}
	switch policy {
	case corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever:
	case "", corev1.RestartPolicyAlways:
		errs = append(errs, field.Required(where, fmt.Sprintf("valid values: %q, %q", valid[0], valid[1])))
	default:
		errs = append(errs, field.NotSupported(where, policy, valid))
	}
	return errs
}

func checkCronJob(c, _ *batchv1.CronJob) field.ErrorList {
	var errs field.ErrorList
	if c.Spec.Schedule == "" {
		errs = append(errs, field.Required(specPath.Child("schedule"), ""))
	}
	errs = append(errs, oneOf(specPath.Child("concurrencyPolicy"), c.Spec.ConcurrencyPolicy, batchv1.AllowConcurrent, batchv1.ForbidConcurrent,
		batchv1.ReplaceConcurrent)...)
	errs = append(errs, number(c.Spec.SuccessfulJobsHistoryLimit, specPath.Child("successfulJobsHistoryLimit"))...)
	errs = append(errs, number(c.Spec.FailedJobsHistoryLimit, specPath.Child("failedJobsHistoryLimit"))...)
	const longest = 52 // the controller adds eleven characters to name a job
	if len(c.Name) > longest {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), c.Name, "must be no more than 52 characters"))
	}
	return append(errs, checkJobSpec(&c.Spec.JobTemplate.Spec, specPath.Child("jobTemplate", "spec"))...)
}
