package s3

import (
	"context"
	"crypto/md5" //nolint:gosec // an ETag of S3 is one
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"runbook/engine/action"
	"runbook/engine/module"
)

// mostPut is how large a text is that is stored by put: it stands in records as well.
const mostPut = 1 << 20

// textType is what a text is said to be.
const textType = "text/plain; charset=utf-8"

// The options of what is stored.
var (
	typeParam     = module.Param{Name: "content_type", Kind: module.String, Doc: "what it is, such as application/json"}
	classParam    = module.Param{Name: "storage_class", Kind: module.String, Doc: "such as STANDARD_IA; the store's usual one if not given"}
	metadataParam = module.Param{Name: "metadata", Kind: module.Object, Doc: "texts of one's own by names in lower case, such as { ticket = \"INC-7\" }"}
)

func (b *binding) putFunc() module.Func {
	return module.Func{
		Name: "put",
		Doc: `Stores a text as an object, in place of what is there.

What is there is replaced only if it is what it was when this was decided. A file is stored by copy.`,
		Params: []module.Param{
			uriParam("s3://bucket/key"),
			{Name: "text", Kind: module.String, Required: true, Doc: "what is to be in it, at most 1 MiB"},
			{Name: "options", Kind: module.Object, Doc: "what it is", Fields: []module.Param{typeParam, classParam, metadataParam}},
		},
		Returns: module.Result{Type: "s3.Object", Doc: "the object: uri, bucket, key, size, etag, content_type"},
		Errors:  append([]action.Code{action.CodeConflict, action.CodeUncertain}, asking...),
		Examples: []string{
			`s3.put("s3://photon-mlir-backups/reports/daily.txt", "all is well\n")`,
			`s3.put("s3://photon-mlir-backups/reports/daily.json", json.encode({ ok = true }), { content_type = "application/json", metadata = { ticket = "INC-7" } })`,
		},
		Risk:  action.Disruptive,
		Act:   b.newPut,
		Kinds: []string{objects},
	}
}

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

// A putting is one call of put.
type putting struct {
	b    *binding
	at   location
	text string
	as   properties
}

func (b *binding) newPut(args module.Args) (action.Action, error) {
	at, err := parseObject("s3.put", args.String("uri"))
	if err != nil {
		return nil, err
	}
	as, err := newProperties("s3.put", args)
	if err != nil {
		return nil, err
	}
	if as.contentType == "" {
		as.contentType = textType
	}
	p := putting{b, at, args.String("text"), as}
	if len(p.text) > mostPut {
		return nil, action.Errorf(action.CodeInvalid, "s3.put: the text has %s, and at most 1 MiB is stored by put", size(int64(len(p.text)))).
			Try("write it to a file, and store that: s3.copy(path, %q)", at.String())
	}
	return p, nil
}

func (p putting) Describe() action.Description {
	sum := sha256.Sum256([]byte(p.text))
	return action.Description{
		Verb: "s3.put", Target: p.at.target(), Risk: action.Disruptive, Idempotent: true,
		Permissions: permissions(p.at, "GetObject", "PutObject"),
		Identity: append([]action.Arg{
			{Name: "sha256", Value: hex.EncodeToString(sum[:])}, {Name: "size", Value: float64(len(p.text))},
		}, p.as.args()...),
	}
}

// permissions are those on an object. Nobody can be asked for them beforehand: S3 has no such question.
func permissions(at location, verbs ...string) (out []action.Permission) {
	for _, verb := range verbs {
		out = append(out, action.Permission{System: system, Verb: verb, Resource: objects, Scope: at.bucket, Name: at.key})
	}
	return out
}

func (p putting) question() question {
	return question{purpose: "put " + p.at.String(), target: p.at.target(), needs: "s3:PutObject", changes: true}
}

// etag is that of a text that is put as one, unless the store encrypts it with keys of its own.
func (p putting) etag() string {
	sum := md5.Sum([]byte(p.text)) //nolint:gosec // see above
	return hex.EncodeToString(sum[:])
}

// Predict looks at what is there. Whether the store would take the text nobody can ask.
func (p putting) Predict(ctx context.Context, view action.View) (action.Prediction, error) {
	q := p.question()
	q.changes = false
	before, known, intended, err := p.b.look(ctx, view, p.at, q)
	if err != nil {
		return action.Prediction{}, err
	}
	after := newObject(p.at, int64(len(p.text)), module.Now(ctx), p.etag())
	after[fieldType], after[fieldClass], after[fieldMetadata], after[fieldText] = p.as.contentType, class(p.as.class), asObject(p.as.metadata), p.text
	predicted := action.Prediction{Evidence: evidenceOf(before), Value: shown(after), Label: action.Simulated}
	if !intended && p.isIn(before, known) && sameObject(before, after) {
		predicted.Value, predicted.Unchanged, predicted.Note = shown(before), true, "it is stored like that already"
		return predicted, nil
	}
	predicted.Changes = []action.Change{{Target: p.at.target(), Before: asAny(before), After: after}}
	return predicted, nil
}

// asAny keeps an object that is not there from being one that is.
func asAny(o object) any {
	if o == nil {
		return nil
	}
	return o
}

// evidenceOf is what an object is known again by.
func evidenceOf(o object) action.Evidence {
	if o == nil {
		return action.Evidence{Old: map[string]any{fieldETag: nil}}
	}
	return action.Evidence{Old: map[string]any{fieldETag: o[fieldETag]}}
}

// isIn tells whether the text is what is in an object, as far as the store knows: its ETag is no hash where it encrypts with keys of its own.
func (p putting) isIn(o object, known sums) bool {
	v := newVerifier(known, 0)
	if o == nil || v == nil || sizeOf(o) != int64(len(p.text)) {
		return false
	}
	_, _ = io.WriteString(v, p.text) // it never fails
	return v.check(p.question()) == nil
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

// A condition is what must be there when an object is replaced.
type condition struct{ match, none *string }

// over is the condition that what is there is what the evidence says.
func over(seen action.Evidence) condition {
	etag, known := seen.Old[fieldETag]
	text, _ := etag.(string)
	switch {
	case !known:
		return condition{}
	case text == "":
		return condition{none: aws.String("*")}
	}
	return condition{match: aws.String(`"` + text + `"`)}
}

// Apply stores the text over what was seen.
func (p putting) Apply(ctx context.Context, predicted action.Prediction) (action.Result, error) {
	l, err := p.b.link()
	if err != nil {
		return action.Result{}, err
	}
	only := over(predicted.Evidence)
	ctx, stop := module.OutsideOf(ctx).WithTimeout(ctx, patience)
	defer stop()
	out, err := l.client.PutObject(ctx, p.as.onPut(&s3.PutObjectInput{
		Bucket: &p.at.bucket, Key: &p.at.key, Body: strings.NewReader(p.text), IfMatch: only.match, IfNoneMatch: only.none,
	}))
	if err != nil {
		return action.Result{}, p.b.notReplaced(ctx, l, p.question(), err)
	}
	value := shown(newObject(p.at, int64(len(p.text)), module.OutsideOf(ctx).Now(), aws.ToString(out.ETag)))
	value[fieldType], value[fieldClass], value[fieldMetadata] = p.as.contentType, class(p.as.class), asObject(p.as.metadata)
	return action.Result{Value: value}, nil
}

// onPut says the properties with which something is stored.
func (p properties) onPut(in *s3.PutObjectInput) *s3.PutObjectInput {
	if p.contentType != "" {
		in.ContentType = &p.contentType
	}
	in.StorageClass, in.Metadata = types.StorageClass(p.class), p.metadata
	return in
}

// notReplaced is why an object was not written. That what is there is another one than was seen is the conflict that the gate knows; an
// object that was there and is not is no other than that.
func (b *binding) notReplaced(ctx context.Context, l *link, q question, err error) *action.Error {
	e := b.explain(ctx, l, q, err)
	if e.Code == action.CodeConflict {
		e.Message = "cannot " + q.purpose + ": the object has changed since it was looked at"
		e = e.Try("look at it again: s3.head(%q)", scheme+q.target.Scope+"/"+q.target.Name)
	}
	if e.Code == action.CodeNotFound && strings.Contains(e.Message, "NoSuchKey") {
		e.Code, e.Message = action.CodeConflict, "cannot "+q.purpose+": the object that was to be replaced is not there any more"
	}
	return e
}

// Settle compares what is there now with what was to be stored.
func (p putting) Settle(ctx context.Context, intent action.Intent) (action.Settlement, error) {
	now, known, err := p.b.lookAgain(ctx, p.at)
	if err != nil {
		return action.Unknown, err
	}
	return settled(now, intent.Evidence, func() bool { return p.isIn(now, known) }), nil
}

// lookAgain is what is really there.
func (b *binding) lookAgain(ctx context.Context, at location) (object, sums, error) {
	l, err := b.link()
	if err != nil {
		return nil, sums{}, err
	}
	return b.head(ctx, l, at, question{purpose: "look at " + at.String(), target: at.target(), needs: "s3:GetObject"})
}

// settled tells from what is there now, and from what was there before, whether something was written. What is neither as before nor as
// wanted may be the work of others.
func settled(now object, before action.Evidence, asWanted func() bool) action.Settlement {
	old, _ := before.Old[fieldETag].(string)
	switch {
	case now != nil && asWanted():
		return action.Done
	case now == nil && old == "", now != nil && textOf(now, fieldETag) == old:
		return action.NotDone
	}
	return action.Unknown
}
