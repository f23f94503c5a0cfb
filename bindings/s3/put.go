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

	"runbook/engine/action"
	"runbook/engine/module"
)

// mostPut is how large a text is that is stored by put: it stands in records as well.
const mostPut = 1 << 20

// textType is what a text is said to be.
const textType = "text/plain; charset=utf-8"

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

// isIn tells whether the text is what is in an object, as far as the store knows: its ETag is no hash where it encrypts with keys of its own.
func (p putting) isIn(o object, known sums) bool {
	v := newVerifier(known, 0)
	if o == nil || v == nil || sizeOf(o) != int64(len(p.text)) {
		return false
	}
	_, _ = io.WriteString(v, p.text) // it never fails
	return v.check(p.question()) == nil
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

// Settle compares what is there now with what was to be stored.
func (p putting) Settle(ctx context.Context, intent action.Intent) (action.Settlement, error) {
	now, known, err := p.b.lookAgain(ctx, p.at)
	if err != nil {
		return action.Unknown, err
	}
	return settled(now, intent.Evidence, func() bool { return p.isIn(now, known) }), nil
}
