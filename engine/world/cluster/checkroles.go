package cluster

import (
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func checkRole(r, _ *rbacv1.Role) field.ErrorList               { return checkRules(r.Rules, true) }
func checkClusterRole(r, _ *rbacv1.ClusterRole) field.ErrorList { return checkRules(r.Rules, false) }

func checkRules(rules []rbacv1.PolicyRule, namespaced bool) field.ErrorList {
	var errs field.ErrorList
	for i, rule := range rules {
		at := field.NewPath("rules").Index(i)
		if len(rule.Verbs) == 0 {
			errs = append(errs, field.Required(at.Child("verbs"), "verbs must contain at least one value"))
		}
		if len(rule.NonResourceURLs) > 0 {
			if namespaced {
				errs = append(errs, field.Invalid(at.Child("nonResourceURLs"), rule.NonResourceURLs, "namespaced rules cannot apply to non-resource URLs"))
			}
			continue
		}
		if len(rule.APIGroups) == 0 {
			errs = append(errs, field.Required(at.Child("apiGroups"), "resource rules must supply at least one api group"))
		}
		if len(rule.Resources) == 0 {
			errs = append(errs, field.Required(at.Child("resources"), "resource rules must supply at least one resource"))
		}
	}
	return errs
}

func checkRoleBinding(b, live *rbacv1.RoleBinding) field.ErrorList {
	if live == nil {
		return checkBound(b.RoleRef, b.Subjects, nil, "Role", "ClusterRole")
	}
	return checkBound(b.RoleRef, b.Subjects, &live.RoleRef, "Role", "ClusterRole")
}

func checkClusterRoleBinding(b, live *rbacv1.ClusterRoleBinding) field.ErrorList {
	if live == nil {
		return checkBound(b.RoleRef, b.Subjects, nil, "ClusterRole")
	}
	return checkBound(b.RoleRef, b.Subjects, &live.RoleRef, "ClusterRole")
}

func checkBound(ref rbacv1.RoleRef, subjects []rbacv1.Subject, before *rbacv1.RoleRef, kinds ...string) field.ErrorList {
	at := field.NewPath("roleRef")
	errs := oneOf(at.Child("kind"), ref.Kind, kinds...)
	if ref.Name == "" {
		errs = append(errs, field.Required(at.Child("name"), ""))
	}
	for i, s := range subjects {
		at := field.NewPath("subjects").Index(i)
		if s.Name == "" {
			errs = append(errs, field.Required(at.Child("name"), ""))
		}
		errs = append(errs, oneOf(at.Child("kind"), s.Kind, "ServiceAccount", "User", "Group")...)
		if s.Kind == "ServiceAccount" && s.Namespace == "" && len(kinds) == 1 {
			errs = append(errs, field.Required(at.Child("namespace"), ""))
		}
	}
	if before != nil && *before != ref {
		errs = append(errs, field.Invalid(at, ref, "cannot change roleRef"))
	}
	return errs
}
