package cluster

import (
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	strictjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"runbook/engine/workload"
)

func (k *kind) decodeUntyped(media string, body []byte, validation string) (Object, []string, error) {
	switch media {
	case "application/yaml":
		raw, err := yaml.YAMLToJSON(body)
		if err != nil {
			return nil, nil, apierrors.NewBadRequest(err.Error())
		}
		body = raw
	case "application/json":
	default:
		return nil, nil, unsupported(mediaTypes[:2])
	}
	var o Object
	problems, err := strictjson.UnmarshalStrict(body, &o)
	if err != nil || o == nil {
		return nil, nil, k.unrecognized(body, errors.Join(err, errors.New("it is no JSON object")))
	}
	var warnings []string
	for _, problem := range problems {
		warnings = append(warnings, problem.Error())
	}
	if k.custom != nil && k.custom.schema != nil {
		var unknown []string
		o, unknown = pruned(k.custom.schema, o)
		for _, path := range unknown {
			warnings = append(warnings, fmt.Sprintf("unknown field %q", path))
		}
	}
	if validation == ignored {
		warnings = nil
	}
	if len(warnings) > 0 && validation == strict {
		return nil, nil, k.unhandled(k.gvk(), errors.New("strict decoding error: "+strings.Join(warnings, ", ")))
	}
	if version := workload.Text(o, "apiVersion"); version != "" && version != k.groupVersion().String() {
		return nil, nil, apierrors.NewBadRequest(fmt.Sprintf("the API version in the data (%s) does not match the expected API version (%s)",
			version, k.groupVersion()))
	}
	if name := workload.Text(o, "kind"); name != "" && name != k.name {
		return nil, nil, apierrors.NewBadRequest(fmt.Sprintf("the kind in the data (%s) does not match the expected kind (%s)", name, k.name))
	}
	if o, err = k.tidyMetadata(k.stamped(o)); err != nil {
		return nil, nil, apierrors.NewBadRequest(err.Error())
	}
	return o, warnings, nil
}
