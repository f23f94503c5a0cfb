package cluster

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"runbook/engine/workload"
)

// checkDefinition checks a CustomResourceDefinition.
func checkDefinition(o, live Object) field.ErrorList {
	var errs field.ErrorList
	group, plural := workload.Text(o, "spec", "group"), workload.Text(o, "spec", "names", "plural")
	errs = append(errs, required(specPath.Child("group"), group)...)
	errs = append(errs, required(specPath.Child("names", "plural"), plural)...)
	errs = append(errs, required(specPath.Child("names", "kind"), workload.Text(o, "spec", "names", "kind"))...)
	if required := plural + "." + group; group != "" && plural != "" && nameOf(o) != required {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), nameOf(o), `must be spec.names.plural+"."+spec.group`))
	}
	errs = append(errs, oneOf(specPath.Child("scope"), workload.Text(o, "spec", "scope"), "Cluster", "Namespaced")...)
	errs = append(errs, checkVersions(workload.Maps(o, "spec", "versions"))...)
	if live != nil && workload.Condition(live, "Established")["status"] == "True" {
		for _, path := range [][]string{{"spec", "group"}, {"spec", "scope"}, {"spec", "names", "kind"}, {"spec", "names", "plural"}} {
			at := field.NewPath(path[0], path[1:]...)
			errs = append(errs, unchanged(workload.Dig(o, path...), workload.Dig(live, path...), at)...)
		}
	}
	return errs
}

func checkVersions(versions []Object) field.ErrorList {
	var errs field.ErrorList
	stored := 0
	names := map[string]bool{}
	for i, v := range versions {
		at := specPath.Child("versions").Index(i)
		if workload.Map(v, "schema", "openAPIV3Schema") == nil {
			errs = append(errs, field.Required(at.Child("schema", "openAPIV3Schema"), "schemas are required"))
		}
		name := workload.Text(v, "name")
		if names[name] {
			errs = append(errs, field.Duplicate(at.Child("name"), name))
		}
		names[name] = true
		if v["storage"] == true {
			stored++
		}
	}
	if stored != 1 {
		errs = append(errs, field.Invalid(specPath.Child("versions"), versions, "must have exactly one version marked as storage version"))
	}
	return errs
}

// definitionDefaulted gives a definition the names that it leaves out.
func definitionDefaulted(o Object) Object {
	kind := workload.Text(o, "spec", "names", "kind")
	for field, value := range map[string]string{"singular": strings.ToLower(kind), "listKind": kind + "List"} {
		if workload.Text(o, "spec", "names", field) == "" && kind != "" {
			o = workload.With(o, value, "spec", "names", field)
		}
	}
	if workload.Map(o, "spec", "conversion") == nil {
		o = workload.With(o, Object{"strategy": "None"}, "spec", "conversion")
	}
	return o
}
