package cluster

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	"runbook/engine/workload"
)

// The ways in which unknown and duplicate fields are taken.
const (
	strict  = metav1.FieldValidationStrict
	warning = metav1.FieldValidationWarn
	ignored = metav1.FieldValidationIgnore
)

// decode reads an object from a request's body, as the kind's Go type would hold it. What is wrong with it in ways that do no harm
// comes back as warnings, unless the client wants to be refused.
func (k *kind) decode(contentType string, body []byte, validation string) (o Object, warnings []string, err error) {
	media, err := mediaOf(contentType)
	if err != nil {
		return nil, nil, err
	}
	if k.typed() {
		return k.decodeTyped(media, body, validation)
	}
	return k.decodeUntyped(media, body, validation)
}

// typed tells whether the Go type of the kind is known.
func (k *kind) typed() bool { return k.custom == nil && !k.is(untypedTrait) }

func mediaOf(contentType string) (string, error) {
	if contentType == "" {
		return "application/json", nil
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil || !slices.Contains(mediaTypes, media) {
		return "", unsupported(mediaTypes)
	}
	return media, nil
}

// mediaTypes are what a body may be.
var mediaTypes = []string{"application/json", "application/yaml", "application/vnd.kubernetes.protobuf"}

func unsupported(accepted []string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusUnsupportedMediaType, Reason: metav1.StatusReasonUnsupportedMediaType,
		Message: "the body of the request was in an unknown format - accepted media types include: " + strings.Join(accepted, ", "),
	}}
}

func (k *kind) decodeTyped(media string, body []byte, validation string) (Object, []string, error) {
	info, _ := runtime.SerializerInfoForMediaType(scheme.Codecs.SupportedMediaTypes(), media)
	serializer := info.Serializer
	if validation != ignored && info.StrictSerializer != nil {
		serializer = info.StrictSerializer
	}
	expected := k.gvk()
	typed, gvk, err := serializer.Decode(body, &expected, nil)
	var warnings []string
	if harmless, ok := runtime.AsStrictDecodingError(err); ok && typed != nil && validation == warning {
		for _, problem := range harmless.Errors() {
			warnings = append(warnings, problem.Error())
		}
		err = nil
	}
	switch {
	case err != nil && gvk != nil && gvk.Kind != "":
		return nil, nil, k.unhandled(*gvk, err)
	case err != nil:
		return nil, nil, k.unrecognized(body, err)
	case gvk.GroupVersion() != k.groupVersion() && gvk.Kind == k.name:
		return nil, nil, apierrors.NewBadRequest(fmt.Sprintf("the API version in the data (%s) does not match the expected API version (%s)",
			gvk.GroupVersion(), k.groupVersion()))
	case gvk.Kind != k.name:
		return nil, nil, k.unhandled(*gvk, fmt.Errorf("converting (%s.%s) to (%s.%s): unknown conversion", gvk.Version, gvk.Kind, k.pack(), k.name))
	}
	o, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	if err != nil {
		return nil, nil, apierrors.NewInternalError(err)
	}
	return k.stamped(o), warnings, nil
}

// An unhandled is the refusal of a body that cannot be read as the kind. What a patch leaves is refused for its cause alone.
type unhandled struct {
	*apierrors.StatusError
	cause error
}

func (k *kind) unhandled(gvk schema.GroupVersionKind, cause error) error {
	return unhandled{apierrors.NewBadRequest(fmt.Sprintf("%s in version %q cannot be handled as a %s: %v", gvk.Kind, gvk.Version, k.name, cause)), cause}
}

// pack is the name of the Go package that a server has the kind in.
func (k *kind) pack() string {
	name, _, _ := strings.Cut(k.group, ".")
	return cmp.Or(name, "core")
}

// stamped is the object with its kind written in, and without nulls, which mean nothing.
func (k *kind) stamped(o Object) Object {
	o = workload.WithoutNulls(o).(Object)
	o["apiVersion"], o["kind"] = k.groupVersion().String(), k.name
	return o
}

func (k *kind) unrecognized(body []byte, err error) error {
	const most = 30
	text := string(body)
	switch {
	case text == "":
		text = "<empty>"
	case len(text) > most:
		text = text[:most] + " ..."
	}
	return apierrors.NewBadRequest(fmt.Sprintf("the object provided is unrecognized (must be of type %s): %v (%s)", k.name, err, text))
}

// tidyMetadata drops what no metadata has, and refuses what does not fit in.
func (k *kind) tidyMetadata(o Object) (Object, error) {
	meta, err := metaOf(o)
	if err != nil {
		return nil, err
	}
	tidy, err := runtime.DefaultUnstructuredConverter.ToUnstructured(meta)
	if err != nil {
		return nil, err
	}
	return workload.With(o, workload.WithoutNulls(tidy), "metadata"), nil
}

// metaOf is the metadata of an object in its Go type.
func metaOf(o Object) (*metav1.ObjectMeta, error) {
	meta := new(metav1.ObjectMeta)
	raw := workload.Map(o, "metadata")
	if raw == nil {
		raw = Object{}
	}
	err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, meta)
	return meta, err
}

// tidy is an object as decode would give it, for one that was made here: by a patch, or by a scenario.
func (k *kind) tidy(o Object) (Object, error) {
	o, _, err := k.tidyAs(o, strict)
	return o, err
}

func (k *kind) tidyAs(o Object, validation string) (Object, []string, error) {
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, nil, apierrors.NewBadRequest(err.Error())
	}
	return k.decode("", raw, validation)
}

// decodeAny reads a body that is an object of a type of the API's own, such as options or a review, which clients send in any form.
func decodeAny(contentType string, body []byte) (Object, error) {
	media, err := mediaOf(contentType)
	if err != nil {
		return nil, err
	}
	if media != mediaTypes[2] {
		o, err := decodeMap(body)
		if err != nil {
			return nil, apierrors.NewBadRequest(err.Error())
		}
		return o, nil
	}
	info, _ := runtime.SerializerInfoForMediaType(scheme.Codecs.SupportedMediaTypes(), media)
	typed, gvk, err := info.Serializer.Decode(body, nil, nil)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	o, err := toMap(typed)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	o["kind"] = gvk.Kind
	return o, nil
}

// decodeMap reads JSON or YAML that is one object.
func decodeMap(body []byte) (Object, error) {
	raw, err := yaml.YAMLToJSON(body)
	if err != nil {
		return nil, err
	}
	var o Object
	if err := kjson.Unmarshal(raw, &o); err != nil {
		return nil, err
	}
	if o == nil {
		return nil, errors.New("it is no object")
	}
	return o, nil
}
