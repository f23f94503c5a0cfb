package s3

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"runbook/engine/action"
	"runbook/engine/module"
)

// How many objects a list may have.
const (
	usualLimit = 100_000
	mostListed = 5_000_000
)

func (b *binding) listFunc() module.Func {
	return module.Func{
		Name: "list",
		Doc: `Lists the objects whose keys begin with a prefix, by key, page after page.

With folders, only what is right below the prefix is listed: objects, and folders for what lies deeper. Without a limit of its own a list
ends with an error at 100,000, rather than silently.`,
		Params: []module.Param{
			uriParam("s3://bucket, or s3://bucket/prefix: all that begins with it, also in the middle of a name"),
			{Name: "options", Kind: module.Object, Doc: "which, and how many", Fields: []module.Param{
				{Name: "folders", Kind: module.Boolean, Doc: "only what is right below the prefix"},
				includeParam, excludeParam,
				{Name: "limit", Kind: module.Integer, Min: module.Bound(1), Max: module.Bound(mostListed), Doc: "no more than that many: the first by key"},
			}},
		},
		Returns: module.Result{
			Type: "s3.Object[]",
			Doc:  "uri, bucket, key, size in bytes, modified in seconds since 1970, etag, storage_class; of a folder uri, bucket, key and folder = true",
		},
		Errors: asking,
		Examples: []string{
			`for _, o in ipairs(s3.list("s3://photon-mlir-backups/")) do log(o.key .. " " .. o.size) end`,
			`local days = s3.list("s3://photon-mlir-backups/", { folders = true })`,
			`local dumps = s3.list("s3://photon-mlir-backups/", { include = "*.dump", limit = 1000 })`,
		},
		Read: b.newList,
	}
}

// A listing is one call of list.
type listing struct {
	b       *binding
	at      location
	folders bool
	only    patterns
	limit   int64
}

func (b *binding) newList(args module.Args) (action.Read, error) {
	at, err := parse("s3.list", args.String("uri"))
	if err != nil {
		return nil, err
	}
	only, err := newPatterns("s3.list", args)
	if err != nil {
		return nil, err
	}
	limit, _ := args.Int("limit")
	return listing{b, at, args.Bool("folders"), only, limit}, nil
}

func (r listing) Describe() action.Description {
	return action.Description{
		Verb: "s3.list", Target: action.Target{System: system, Kind: objects, Scope: r.at.bucket}, Idempotent: true,
		Identity: []action.Arg{{Name: "prefix", Value: r.at.key}},
	}
}

// Read lists what is there, with what is intended laid over it.
func (r listing) Read(ctx context.Context, view action.View) (any, error) {
	found := []any{}
	folders := map[string]bool{}
	add := func(o object) error {
		key := textOf(o, fieldKey)
		if head, _, deeper := strings.Cut(key[len(r.at.key):], "/"); r.folders && deeper {
			folder := r.at.key + head + "/"
			if !folders[folder] {
				folders[folder] = true
				found = append(found, object{fieldURI: location{r.at.bucket, folder}.String(), fieldBucket: r.at.bucket, fieldKey: folder, "folder": true})
			}
		} else if r.only.match(key[len(r.at.key):]) {
			found = append(found, shown(o))
		}
		if int64(len(found)) > cmp.Or(r.limit, usualLimit) && r.limit == 0 {
			return action.Errorf(action.CodeRejected, "more than %d objects begin with %s", usualLimit, r.at).
				Try("ask for less: a longer prefix, folders = true, include; or say how many: { limit = 1000000 }")
		}
		return nil
	}
	q := question{purpose: "list " + r.at.String(), target: r.Describe().Target, needs: "s3:ListBucket"}
	// What is intended may take away of what is listed, or add to it: only then is the end not known before.
	enough := r.limit
	if len(view.Intended(system, objects, r.at.bucket)) > 0 || !r.only.all() {
		enough = 0
	}
	if err := r.b.each(ctx, view, r.at, q, r.folders, enough, add); err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, c any) int { return cmp.Compare(textOf(a.(object), fieldKey), textOf(c.(object), fieldKey)) })
	if r.limit > 0 && int64(len(found)) > r.limit {
		found = found[:r.limit]
	}
	return found, nil
}

// each calls visit with every object below a prefix, in no order: those that are there and those that are intended. With folders, an object
// stands for all of its folder. Enough is how many are wanted, 0 for all.
func (b *binding) each(ctx context.Context, view action.View, at location, q question, folders bool, enough int64, visit func(object) error) error {
	seen := map[string]bool{}
	intended := view.Intended(system, objects, at.bucket)
	err := b.pages(ctx, at, q, folders && len(intended) == 0, enough, func(o object) error {
		if len(intended) > 0 {
			seen[textOf(o, fieldKey)] = true
			laid, _ := view.Lay(location{at.bucket, textOf(o, fieldKey)}.target(), o)
			if o = laid; o == nil {
				return nil
			}
		}
		return visit(o)
	})
	if err != nil {
		return err
	}
	for _, t := range intended {
		if seen[t.Name] || !strings.HasPrefix(t.Name, at.key) {
			continue
		}
		if o, _ := view.Lay(t, nil); o != nil {
			if err := visit(o); err != nil {
				return err
			}
		}
	}
	return nil
}

// pages lists what is really there. With folders it asks the store to fold them, and shows one as the object that would be in it.
func (b *binding) pages(ctx context.Context, at location, q question, folders bool, enough int64, visit func(object) error) error {
	l, err := b.link()
	if err != nil {
		return err
	}
	// Keys are not asked for in an encoding: versitygw says that it encodes them, and does not.
	in := &s3.ListObjectsV2Input{Bucket: &at.bucket}
	if at.key != "" {
		in.Prefix = &at.key
	}
	if folders {
		in.Delimiter = aws.String("/")
	}
	for n := int64(0); enough == 0 || n <= enough; {
		page, err := b.page(ctx, l, in, q)
		if err != nil {
			return err
		}
		for _, one := range page.Contents {
			o := newObject(location{at.bucket, aws.ToString(one.Key)}, aws.ToInt64(one.Size), aws.ToTime(one.LastModified), aws.ToString(one.ETag))
			o[fieldClass] = class(string(one.StorageClass))
			if err := visit(o); err != nil {
				return err
			}
			n++
		}
		for _, folder := range page.CommonPrefixes {
			if err := visit(object{fieldBucket: at.bucket, fieldKey: aws.ToString(folder.Prefix)}); err != nil {
				return err
			}
			n++
		}
		if !aws.ToBool(page.IsTruncated) || page.NextContinuationToken == nil {
			return nil
		}
		in.ContinuationToken = page.NextContinuationToken
	}
	return nil
}

// page asks for one page.
func (b *binding) page(ctx context.Context, l *link, in *s3.ListObjectsV2Input, q question) (*s3.ListObjectsV2Output, error) {
	ctx, stop := module.OutsideOf(ctx).WithTimeout(ctx, patience)
	defer stop()
	page, err := l.client.ListObjectsV2(ctx, in)
	if err != nil {
		return nil, b.explain(ctx, l, q, err)
	}
	return page, nil
}
