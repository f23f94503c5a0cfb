package s3

import (
	"context"

	"runbook/engine/action"
	"runbook/engine/module"
)

func (b *binding) headFunc() module.Func {
	return module.Func{
		Name:   "head",
		Doc:    "Looks at one object without reading it: its size, its age, its metadata and the checksum that the store keeps.",
		Params: []module.Param{uriParam("s3://bucket/key")},
		Returns: module.Result{
			Type: "s3.Object?",
			Doc:  "uri, bucket, key, size in bytes, modified in seconds since 1970, etag, storage_class, content_type, metadata, and checksum {algorithm, value, of_parts} where the store has one; nil if there is no such object",
		},
		Errors: asking,
		Examples: []string{
			`local o = s3.head("s3://photon-mlir-backups/latest/index.json"); if o then log(o.size .. " " .. o.etag) end`,
		},
		Read: func(args module.Args) (action.Read, error) {
			at, err := parseObject("s3.head", args.String("uri"))
			return headed{b, at}, err
		},
	}
}

type headed struct {
	b  *binding
	at location
}

func (r headed) Describe() action.Description {
	return action.Description{Verb: "s3.head", Target: r.at.target(), Idempotent: true}
}

// Read looks at the object, as it is intended to be.
func (r headed) Read(ctx context.Context, view action.View) (any, error) {
	o, _, _, err := r.b.look(ctx, view, r.at, question{purpose: "look at " + r.at.String(), target: r.at.target(), needs: "s3:GetObject"})
	if err != nil || o == nil {
		return nil, err
	}
	return shown(o), nil
}
