package s3

import (
	"bytes"
	"context"
	"io"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"runbook/engine/action"
	"runbook/engine/files/intended"
	"runbook/engine/module"
)

// How much of an object may be read as text.
const (
	usualText = 8 << 20
	mostText  = 64 << 20
)

func (b *binding) getFunc() module.Func {
	return module.Func{
		Name: "get",
		Doc: `Reads an object as text: a manifest, a list, a report. Its checksum is verified.

What is no text is an error, as is what is larger than max_bytes: copy such an object to a file.`,
		Params: []module.Param{
			uriParam("s3://bucket/key"),
			{Name: "options", Kind: module.Object, Doc: "how much", Fields: []module.Param{
				{Name: "max_bytes", Kind: module.Integer, Default: int64(usualText), Min: module.Bound(1), Max: module.Bound(mostText),
					Doc: "how large the object may be: 8 MiB if not given, at most 64 MiB"},
			}},
		},
		Returns: module.Result{Type: "string", Doc: "what is in it"},
		Errors:  append([]action.Code{action.CodeConflict}, asking...),
		Examples: []string{
			`local index = s3.get("s3://photon-mlir-backups/latest/index.json"); log(#index)`,
			`local text, err = try(s3.get, "s3://photon-mlir-backups/latest/SHA256SUMS", { max_bytes = 65536 })`,
		},
		Read: func(args module.Args) (action.Read, error) {
			at, err := parseObject("s3.get", args.String("uri"))
			limit, _ := args.Int("max_bytes")
			return reading{b, at, limit}, err
		},
	}
}

type reading struct {
	b     *binding
	at    location
	limit int64
}

func (r reading) Describe() action.Description {
	return action.Description{Verb: "s3.get", Target: r.at.target(), Idempotent: true}
}

// Read reads the object as it is intended to be.
func (r reading) Read(ctx context.Context, view action.View) (any, error) {
	q := question{purpose: "read " + r.at.String(), target: r.at.target(), needs: "s3:GetObject"}
	o, _, intended, err := r.b.look(ctx, view, r.at, q)
	switch {
	case err != nil:
		return nil, err
	case o == nil:
		return nil, noObject(r.at, q)
	case sizeOf(o) > r.limit:
		return nil, action.Errorf(action.CodeRejected, "cannot %s: it has %s, and at most %s are read as text", q.purpose, size(sizeOf(o)), size(r.limit)).On(q.target).
			Try(`copy it to a file: s3.copy(%q, "/var/tmp/…")`, r.at.String())
	}
	text, err := r.content(ctx, view, o, intended, q)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(text) {
		return nil, action.Errorf(action.CodeRejected, "cannot %s: it is no text", q.purpose).On(q.target).
			Try(`copy it to a file: s3.copy(%q, "/var/tmp/…")`, r.at.String())
	}
	return string(text), nil
}

// content is what is in an object, or will be in one that is intended.
func (r reading) content(ctx context.Context, view action.View, o object, isIntended bool, q question) ([]byte, error) {
	if !isIntended {
		return r.b.fetch(ctx, r.at, textOf(o, fieldETag), q)
	}
	if text, known := o[fieldText].(string); known {
		return []byte(text), nil
	}
	from, _ := o[fieldFrom].(object)
	if uri := textOf(from, fieldURI); uri != "" {
		at, err := parseObject("s3.get", uri)
		if err != nil {
			return nil, err
		}
		return r.b.fetch(ctx, at, textOf(from, fieldETag), q)
	}
	if path := textOf(from, "path"); path != "" {
		return r.b.slurp(ctx, view, textOf(from, "on"), path, r.limit)
	}
	return r.b.fetch(ctx, r.at, textOf(o, fieldETag), q)
}

// fetch reads a small object that is still the one that was looked at.
func (b *binding) fetch(ctx context.Context, at location, etag string, q question) ([]byte, error) {
	l, err := b.link()
	if err != nil {
		return nil, err
	}
	ctx, stop := module.OutsideOf(ctx).WithTimeout(ctx, patience)
	defer stop()
	out, err := l.client.GetObject(ctx, &s3.GetObjectInput{
		Bucket: &at.bucket, Key: &at.key, IfMatch: aws.String(`"` + etag + `"`), ChecksumMode: types.ChecksumModeEnabled,
	})
	if err != nil {
		return nil, b.explain(ctx, l, q, err)
	}
	defer out.Body.Close()
	var text bytes.Buffer
	if _, err := io.Copy(&text, out.Body); err != nil {
		return nil, b.explain(ctx, l, q, err)
	}
	return text.Bytes(), checkETag(text.Bytes(), out, q)
}

// slurp reads a small file as it is intended.
func (b *binding) slurp(ctx context.Context, view action.View, on, path string, limit int64) ([]byte, error) {
	machine, err := b.Machines.On(on)
	if err != nil {
		return nil, err
	}
	in, err := intended.Over(machine, view, on).Open(ctx, path, 0)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(io.LimitReader(in, limit))
}
