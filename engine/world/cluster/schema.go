package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	openapierrors "k8s.io/kube-openapi/pkg/validation/errors"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
	"k8s.io/kube-openapi/pkg/validation/validate"

	"runbook/engine/workload"
)

// own are the fields of an object that no definition describes.
var own = []string{"apiVersion", "kind", "metadata"}

// pruned is a custom object without the fields that its schema does not know, which are listed, and with the schema's defaults.
func pruned(schema, o Object) (out Object, unknown []string) {
	clean, unknown := conform(schema, workload.Clone(o), "")
	out, _ = clean.(Object)
	for _, name := range own {
		if o[name] != nil {
			out[name] = o[name]
		}
	}
	return out, slices.DeleteFunc(unknown, func(path string) bool { return slices.Contains(own, path) })
}

// conform walks down a value beside its schema.
func conform(schema Object, v any, path string) (any, []string) {
	var unknown []string
	switch v := v.(type) {
	case Object:
		return conformObject(schema, v, path)
	case []any:
		items := workload.Map(schema, "items")
		for i := range v {
			var more []string
			if items != nil {
				v[i], more = conform(items, v[i], fmt.Sprintf("%s[%d]", path, i))
			}
			unknown = append(unknown, more...)
		}
	}
	return v, unknown
}

func conformObject(schema, v Object, path string) (any, []string) {
	properties, rest := workload.Map(schema, "properties"), workload.Map(schema, "additionalProperties")
	open := schema["x-kubernetes-preserve-unknown-fields"] == true || schema["additionalProperties"] == true ||
		schema["x-kubernetes-embedded-resource"] == true
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(v)) {
		at := strings.TrimPrefix(path+"."+name, ".")
		inner := workload.Map(properties, name)
		if inner == nil {
			inner = rest
		}
		switch {
		case inner != nil:
			var more []string
			v[name], more = conform(inner, v[name], at)
			unknown = append(unknown, more...)
		case !open:
			delete(v, name)
			unknown = append(unknown, at)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		inner := workload.Map(properties, name)
		if value := inner["default"]; value != nil && v[name] == nil {
			v[name], _ = conform(inner, workload.Clone(Object{"": value})[""], "")
		}
	}
	return v, unknown
}

// checkCustom checks a custom object against its schema.
func (k *kind) checkCustom(o Object) field.ErrorList {
	validator := k.custom.validator()
	if validator == nil {
		return nil
	}
	var errs field.ErrorList
	for _, err := range validator.Validate(o).Errors {
		errs = append(errs, schemaError(err))
	}
	slices.SortStableFunc(errs, func(a, b *field.Error) int { return strings.Compare(a.Field, b.Field) })
	return errs
}

// validator is made when an object is written, which happens far more rarely than its kind is looked up.
func (c *custom) validator() *validate.SchemaValidator {
	raw, err := json.Marshal(c.schema)
	if err != nil {
		return nil
	}
	schema := new(spec.Schema)
	if json.Unmarshal(raw, schema) != nil {
		return nil
	}
	return validate.NewSchemaValidator(schema, nil, "", strfmt.Default)
}

// schemaError words an error of the validator as the API server does.
func schemaError(err error) *field.Error {
	var failed *openapierrors.Validation
	if !errors.As(err, &failed) {
		return field.Invalid(nil, "", err.Error())
	}
	var at *field.Path
	if name := strings.TrimPrefix(failed.Name, "."); name != "" {
		at = field.NewPath(name)
	}
	value := failed.Value
	if value == nil {
		value = ""
	}
	switch failed.Code() {
	case openapierrors.RequiredFailCode:
		return field.Required(at, "")
	case openapierrors.EnumFailCode:
		values := []string{}
		for _, v := range failed.Values {
			values = append(values, fmt.Sprint(v))
		}
		return field.NotSupported(at, value, values)
	case openapierrors.TooLongFailCode:
		return field.TooLong(at, "", -1)
	case openapierrors.InvalidTypeCode:
		return field.TypeInvalid(at, value, failed.Error())
	}
	return field.Invalid(at, value, failed.Error())
}
