package s3

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"runbook/engine/action"
	"runbook/engine/module"
)

func (b *binding) deleteFunc() module.Func {
	return module.Func{
		Name: "delete",
		Doc: `Removes an object, or the objects of a list, all of which are in one bucket.

Each is removed only if it is what it was when it was listed, or when this was decided. What is not there any more counts as removed. A list
is frozen in a plan: what is removed later is what was planned and is still there.`,
		Params: []module.Param{
			{Name: "what", Kind: module.Any, Required: true, Doc: `"s3://bucket/key", an object that came from head or list, or a list of them`},
		},
		Returns: module.Result{Type: "{ removed: integer, bytes: integer }", Doc: "how many objects are gone, and how many bytes were in them"},
		Errors:  append([]action.Code{action.CodeConflict, action.CodeUncertain}, asking...),
		Examples: []string{
			`s3.delete("s3://photon-mlir-backups/reports/daily.txt")`,
			`s3.delete(s3.list("s3://photon-mlir-backups/old/", { include = "*.tmp" }))`,
		},
		Risk:  action.Destructive,
		Act:   b.newDelete,
		Kinds: []string{objects},
	}
}

// A deletion is one call of delete.
type deletion struct {
	b      *binding
	bucket string
	keys   []string          // in order
	etags  map[string]string // of those of which they are known
	single bool              // it was asked for by name
}

func (b *binding) newDelete(args module.Args) (action.Action, error) {
	d := deletion{b: b, etags: map[string]string{}}
	list, several := args["what"].([]any)
	if m, empty := args["what"].(map[string]any); empty && len(m) == 0 {
		several = true
	}
	if !several {
		list, d.single = []any{args["what"]}, true
	}
	for _, one := range list {
		if err := d.add(one); err != nil {
			return nil, err
		}
	}
	if len(d.keys) == 0 {
		return nil, action.Errorf(action.CodeInvalid, "s3.delete: the list is empty: there is nothing to remove")
	}
	slices.Sort(d.keys)
	d.keys = slices.Compact(d.keys)
	return d, nil
}

// add takes in one object: its URI, or what came from the store.
func (d *deletion) add(one any) error {
	var o object
	switch one := one.(type) {
	case string:
		o = object{fieldURI: one}
	case map[string]any:
		o = one
	case json.RawMessage:
		if err := json.Unmarshal(one, &o); err != nil {
			return action.Errorf(action.CodeInvalid, "s3.delete: one of them is no object of a store")
		}
	}
	if textOf(o, fieldURI) == "" {
		return action.Errorf(action.CodeInvalid, `s3.delete: give "s3://bucket/key", an object that came from s3.list, or a list of them`)
	}
	read := parseObject
	if textOf(o, fieldETag) != "" { // it is one, also if its name ends as that of a folder does
		read = parse
	}
	at, err := read("s3.delete", textOf(o, fieldURI))
	if err != nil {
		return err
	}
	if d.bucket != "" && d.bucket != at.bucket {
		return action.Errorf(action.CodeInvalid, "s3.delete: the objects are in two buckets, %s and %s: remove them one after the other", d.bucket, at.bucket)
	}
	d.bucket, d.keys = at.bucket, append(d.keys, at.key)
	if etag := textOf(o, fieldETag); etag != "" {
		d.etags[at.key] = etag
	}
	return nil
}

// setArg is the name of the argument that is the set.
const setArg = "keys"

func (d deletion) Describe() action.Description {
	out := action.Description{Verb: "s3.delete", Target: d.target(), Risk: action.Destructive, Idempotent: true,
		Permissions: permissions(location{d.bucket, d.target().Name}, "GetObject", "DeleteObject")}
	if !d.single {
		out.Identity = []action.Arg{{Name: setArg, Value: d.keys, Set: true}}
	}
	return out
}

func (d deletion) target() action.Target {
	if d.single {
		return location{d.bucket, d.keys[0]}.target()
	}
	return action.Target{System: system, Kind: objects, Scope: d.bucket}
}

// Narrow is the removal of some of them only.
func (d deletion) Narrow(members []string) action.Action {
	d.keys = members
	return d
}

func (d deletion) question() question {
	purpose := fmt.Sprintf("remove %d objects in %s", len(d.keys), d.bucket)
	if d.single {
		purpose = "remove " + location{d.bucket, d.keys[0]}.String()
	}
	return question{purpose: purpose, target: d.target(), needs: "s3:DeleteObject", changes: true}
}

// Predict looks at each of them.
func (d deletion) Predict(ctx context.Context, view action.View) (action.Prediction, error) {
	there, err := d.there(ctx, view)
	if err != nil {
		return action.Prediction{}, err
	}
	p := action.Prediction{Label: action.Simulated, Evidence: action.Evidence{Old: map[string]any{}}}
	var bytes int64
	for _, key := range d.keys {
		o := there[key]
		if o == nil {
			continue
		}
		bytes += sizeOf(o)
		if d.single {
			p.Evidence.Old[fieldETag] = o[fieldETag]
		}
		p.Changes = append(p.Changes, action.Change{Target: location{d.bucket, key}.target(), Before: o})
	}
	p.Value = object{"removed": float64(len(p.Changes)), "bytes": float64(bytes)}
	if len(p.Changes) == 0 {
		p.Unchanged, p.Note = true, "there is no such object"
		return p, nil
	}
	p.Note = fmt.Sprintf("%s, %s", counted(len(p.Changes), "object"), size(bytes))
	return p, nil
}

// there are those of the objects that are there and are still what they were: one is looked at, many are listed.
func (d deletion) there(ctx context.Context, view action.View) (map[string]object, error) {
	q, out := d.question(), map[string]object{}
	q.changes, q.needs = false, "s3:GetObject"
	if len(d.keys) == 1 {
		o, _, _, err := d.b.look(ctx, view, location{d.bucket, d.keys[0]}, q)
		out[d.keys[0]] = o
		return out, cmp.Or(err, d.stale(o))
	}
	wanted := map[string]bool{}
	for _, key := range d.keys {
		wanted[key] = true
	}
	q.needs = "s3:ListBucket"
	err := d.b.each(ctx, view, location{d.bucket, commonPrefix(d.keys)}, q, false, 0, func(o object) error {
		if key := textOf(o, fieldKey); wanted[key] {
			out[key] = o
			return d.stale(o)
		}
		return nil
	})
	return out, err
}

// stale is an error for an object that is another one than was listed.
func (d deletion) stale(o object) error {
	if was := d.etags[textOf(o, fieldKey)]; o != nil && was != "" && was != textOf(o, fieldETag) {
		return action.Errorf(action.CodeConflict, "cannot remove %s: it has changed since it was listed", textOf(o, fieldURI)).
			On(location{d.bucket, textOf(o, fieldKey)}.target()).Try("list again, and look what it is now")
	}
	return nil
}

// commonPrefix is what all keys, which are in order, begin with.
func commonPrefix(keys []string) string {
	first, last := keys[0], keys[len(keys)-1]
	n := 0
	for n < min(len(first), len(last)) && first[n] == last[n] {
		n++
	}
	return first[:n]
}

// atOnceRemoved is how many objects one request removes at most.
const atOnceRemoved = 1000

// Apply removes what was seen.
func (d deletion) Apply(ctx context.Context, predicted action.Prediction) (action.Result, error) {
	l, err := d.b.link()
	if err != nil {
		return action.Result{}, err
	}
	ctx, stop := module.OutsideOf(ctx).WithTimeout(ctx, patience)
	defer stop()
	if d.single {
		seen, _ := predicted.Evidence.Old[fieldETag].(string)
		_, err := l.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &d.bucket, Key: &d.keys[0], IfMatch: ifMatch(seen)})
		if err != nil && !absent(err) {
			return action.Result{}, d.b.notReplaced(ctx, l, d.question(), err)
		}
		return action.Result{Value: predicted.Value}, nil
	}
	identifiers := make([]types.ObjectIdentifier, 0, len(predicted.Changes))
	for _, c := range predicted.Changes {
		before, _ := c.Before.(object)
		identifiers = append(identifiers, types.ObjectIdentifier{Key: aws.String(c.Target.Name), ETag: ifMatch(textOf(before, fieldETag))})
	}
	if err := d.removeAll(ctx, l, identifiers); err != nil {
		return action.Result{}, err
	}
	return action.Result{Value: predicted.Value}, nil
}

// removeAll removes objects, as many with one request as it takes.
func (d deletion) removeAll(ctx context.Context, l *link, all []types.ObjectIdentifier) error {
	gone := 0
	for some := range slices.Chunk(all, atOnceRemoved) {
		left, err := d.remove(ctx, l, some)
		gone += len(some) - left
		if err == nil {
			continue
		}
		if gone > 0 {
			err.Partly = fmt.Sprintf("%d of %s were removed", gone, counted(len(all), "object"))
		}
		return err
	}
	return nil
}

// remove removes some objects with one request, and tells how many of them are left. What is not there any more is removed.
func (d deletion) remove(ctx context.Context, l *link, some []types.ObjectIdentifier) (left int, because *action.Error) {
	out, err := l.client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &d.bucket, Delete: &types.Delete{Objects: some, Quiet: aws.Bool(true)}})
	if err != nil {
		return len(some), d.b.explain(ctx, l, d.question(), err)
	}
	var failed []types.Error
	for _, one := range out.Errors {
		if code := aws.ToString(one.Code); code != "NoSuchKey" && (code != "PreconditionFailed" || !d.gone(ctx, l, aws.ToString(one.Key))) {
			failed = append(failed, one)
		}
	}
	if len(failed) == 0 {
		return 0, nil
	}
	return len(failed), d.notRemoved(l, failed)
}

// gone tells whether an object is not there any more.
func (d deletion) gone(ctx context.Context, l *link, key string) bool {
	q := d.question()
	q.changes = false
	o, _, err := d.b.head(ctx, l, location{d.bucket, key}, q)
	return err == nil && o == nil
}

// notRemoved is why some objects were not removed.
func (d deletion) notRemoved(l *link, failed []types.Error) *action.Error {
	code := aws.ToString(failed[0].Code)
	e := action.Errorf(codeOf(0, code), "cannot %s: %d of them were not removed; the first is %s: %s: %s", d.question().purpose, len(failed),
		aws.ToString(failed[0].Key), code, aws.ToString(failed[0].Message)).On(d.target())
	switch {
	case code == "AccessDenied":
		e.Code = action.CodeForbidden
		return e.Try("the profile %s needs the permission s3:DeleteObject", l.settings.Profile)
	case e.Code == action.CodeThrottled, e.Code == action.CodeUnavailable:
		e = e.Again()
	}
	return e.Try("list again, and look what is left")
}

// Settle looks which of them are left.
func (d deletion) Settle(ctx context.Context, intent action.Intent) (action.Settlement, error) {
	there, err := d.there(ctx, nothing{})
	if err != nil && action.CodeOf(err) != action.CodeConflict {
		return action.Unknown, err
	}
	left := 0
	for _, o := range there {
		if o != nil {
			left++
		}
	}
	switch {
	case left == 0 && err == nil:
		return action.Done, nil
	case d.single && err == nil:
		return settled(there[d.keys[0]], intent.Evidence, func() bool { return false }), nil
	case err != nil:
		return action.Unknown, nil
	}
	return action.NotDone, nil // what is left can be removed again
}
