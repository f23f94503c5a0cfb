package s3

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"runbook/engine/action"
	"runbook/engine/module"
)

// The options of what is stored.
var (
	typeParam     = module.Param{Name: "content_type", Kind: module.String, Doc: "what it is, such as application/json"}
	classParam    = module.Param{Name: "storage_class", Kind: module.String, Doc: "such as STANDARD_IA; the store's usual one if not given"}
	metadataParam = module.Param{Name: "metadata", Kind: module.Object, Doc: "texts of one's own by names in lower case, such as { ticket = \"INC-7\" }"}
)

// Properties are what an object has beside its content.
type properties struct {
	contentType, class string
	metadata           map[string]string
}

func newProperties(function string, args module.Args) (properties, error) {
	p := properties{contentType: args.String("content_type"), class: args.String("storage_class")}
	given, _ := args["metadata"].(map[string]any)
	for name, value := range given {
		text, ok := value.(string)
		if !ok || name != strings.ToLower(name) || name == "" {
			return p, action.Errorf(action.CodeInvalid, "%s: metadata: %q must be a text, by a name in lower case", function, name)
		}
		if p.metadata == nil {
			p.metadata = map[string]string{}
		}
		p.metadata[name] = text
	}
	return p, nil
}

// args are the properties as arguments of an operation.
func (p properties) args() (out []action.Arg) {
	if p.contentType != "" {
		out = append(out, action.Arg{Name: "content_type", Value: p.contentType})
	}
	if p.class != "" {
		out = append(out, action.Arg{Name: "storage_class", Value: p.class})
	}
	if len(p.metadata) > 0 {
		out = append(out, action.Arg{Name: "metadata", Value: asObject(p.metadata)})
	}
	return out
}

func asObject(texts map[string]string) object {
	out := object{}
	for name, value := range texts {
		out[name] = value
	}
	return out
}

// onPut says the properties with which something is stored.
func (p properties) onPut(in *s3.PutObjectInput) *s3.PutObjectInput {
	if p.contentType != "" {
		in.ContentType = &p.contentType
	}
	in.StorageClass, in.Metadata = types.StorageClass(p.class), p.metadata
	return in
}

// sameObject tells whether an object is already said to be what it is to be.
func sameObject(is, wanted object) bool {
	if is == nil {
		return false
	}
	for _, field := range []string{fieldType, fieldClass, fieldMetadata} {
		if action.Text(is[field]) != action.Text(wanted[field]) {
			return false
		}
	}
	return true
}
