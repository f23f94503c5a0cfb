package s3

import (
	"context"
	"path"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/module"
)

func (b *binding) copyFunc() module.Func {
	return module.Func{
		Name: "copy",
		Doc: `Copies one object: to another one, to a file of a machine, or from one.

What is large goes in parts, several at once. A checksum is compared on the way; a file, and an object, appears only when it is whole. A file
has the time of the object that it is of. A copy in the store has the tags and the other properties of what it is of, but for its storage class,
its access and its encryption, which are the usual ones there; to copy the tags of what is larger than 5 GiB takes the permission
s3:GetObjectTagging, even where it has none.`,
		Params: []module.Param{
			{Name: "from", Kind: module.String, Required: true, Doc: "s3://bucket/key, or the absolute path of a file"},
			{Name: "to", Kind: module.String, Required: true, Doc: "likewise; not both are files"},
			{Name: "options", Kind: module.Object, Doc: "where the file is, and what the object is", Fields: []module.Param{onParam, typeParam, classParam, metadataParam}},
		},
		Returns: module.Result{Type: "{ from: string, to: string, bytes: integer, verified: boolean }", Doc: "what was copied; verified is false where the store has no checksum to compare a file with"},
		Errors:  append([]action.Code{action.CodeConflict, action.CodeUncertain}, asking...),
		Examples: []string{
			`s3.copy("s3://photon-mlir-backups/latest/cache.tar", "/var/tmp/cache.tar")`,
			`s3.copy("/var/log/photon/compiler.log", "s3://photon-mlir-backups/incidents/7/compiler.log", { metadata = { ticket = "INC-7" } })`,
			`s3.copy("s3://photon-mlir-backups/a", "s3://photon-mlir-archive/a", { storage_class = "STANDARD_IA" })`,
		},
		Risk:  action.Disruptive,
		Act:   b.newCopy,
		Kinds: []string{objects, hostFiles},
	}
}

// A copying is one call of copy.
type copying struct {
	b        *binding
	from, to end
	as       properties
}

func (b *binding) newCopy(args module.Args) (action.Action, error) {
	from, to, err := b.ends("s3.copy", args)
	if err != nil {
		return nil, err
	}
	for _, e := range []end{from, to} {
		if e.isStore() {
			if _, err := parseObject("s3.copy", e.at.String()); err != nil {
				return nil, err
			}
		}
	}
	as, err := newProperties("s3.copy", args)
	if err != nil {
		return nil, err
	}
	if !to.isStore() && len(as.args()) > 0 {
		return nil, action.Errorf(action.CodeInvalid, "s3.copy: %s is for what is stored, and %s is a file", as.args()[0].Name, to)
	}
	return copying{b, from, to, as}, nil
}

func (c copying) Describe() action.Description {
	d := action.Description{
		Verb: "s3.copy", Target: c.to.target(), Risk: action.Disruptive, Idempotent: true,
		Identity: append([]action.Arg{{Name: "from", Value: c.from.String()}}, c.as.args()...),
	}
	if c.from.isStore() {
		d.Permissions = append(d.Permissions, permissions(c.from.at, "GetObject")...)
	}
	if c.to.isStore() {
		d.Permissions = append(d.Permissions, permissions(c.to.at, "PutObject")...)
	}
	return d
}

// Predict looks at both ends.
func (c copying) Predict(ctx context.Context, view action.View) (action.Prediction, error) {
	bytes, from, err := c.origin(ctx, view)
	if err != nil {
		return action.Prediction{}, err
	}
	p := action.Prediction{Label: action.Simulated, Evidence: action.Evidence{Old: map[string]any{}}, Value: c.value(bytes, true)}
	var before, after object
	if c.to.isStore() {
		before, _, _, err = c.b.look(ctx, view, c.to.at, question{purpose: "look at " + c.to.String(), target: c.to.target(), needs: "s3:GetObject"})
		p.Evidence = evidenceOf(before)
		after = newObject(c.to.at, bytes, module.Now(ctx), textOf(from, fieldETag))
		after[fieldFrom] = from
		if c.as.contentType != "" {
			after[fieldType] = c.as.contentType
		}
	} else {
		before, err = c.to.look(ctx, view)
		if before != nil && before[fileKind] == string(files.Folder) {
			return p, action.Errorf(action.CodeRejected, "cannot copy to %s: it is a folder", c.to).On(c.to.target()).Try("name the file: %s/%s", c.to, path.Base(c.from.at.key))
		}
		p.Evidence.Old["there"] = fileEvidence(before)
	}
	if err != nil {
		return action.Prediction{}, err
	}
	p.Evidence.Old["from"] = originEvidence(from)
	p.Note = size(bytes)
	p.Changes = []action.Change{{Target: c.to.target(), Before: asAny(before), After: after}}
	if !c.to.isStore() {
		p.Changes, err = c.written(ctx, view, bytes, from)
	}
	return p, err
}

// written is the change of the file that is copied to.
func (c copying) written(ctx context.Context, view action.View, bytes int64, from object) ([]action.Change, error) {
	j, err := c.job(ctx, view, bytes, from)
	if err != nil {
		return nil, err
	}
	return j.onDisk(ctx, view, c.folder(), c.room(ctx, j), c.Describe().Identity)
}

// folder is where the file is that is copied to.
func (c copying) folder() end {
	folder := c.to
	folder.path = path.Dir(c.to.path)
	return folder
}

// job is the copy as a sync of one file to its folder.
func (c copying) job(ctx context.Context, view action.View, bytes int64, from object) (*job, error) {
	one := &transfer{item: item{rel: path.Base(c.to.path), size: bytes, modified: fromSeconds(modifiedOf(from)), etag: textOf(from, fieldETag)}}
	if there, err := c.to.seen(view).Look(ctx, c.to.path); err == nil {
		one.over = &item{rel: one.rel, entry: there}
	}
	missing, err := c.to.seen(view).Missing(ctx, c.to.path)
	return &job{copies: []*transfer{one}, missing: missing}, err
}

// room is what the copy takes. What is there of a large file that broke off is not taken again.
func (c copying) room(ctx context.Context, j *job) room {
	one := j.copies[0]
	if one.size <= partSize {
		return j.room(1, 0)
	}
	draft := c.folder().below(files.DraftOf(source{c.from.at, one.size, one.etag}.token(landing{path: one.rel}))).path
	begun, err := c.to.machine.Look(ctx, draft)
	if err != nil {
		begun.Size = 0
	}
	return j.room(1, min(begun.Size, one.size))
}

func (c copying) value(bytes int64, verified bool) object {
	return object{"from": c.from.String(), "to": c.to.String(), "bytes": float64(bytes), "verified": verified}
}

func modifiedOf(from object) float64 {
	m, _ := from[fieldModified].(float64)
	return m
}

// fileEvidence is what a file is known again by, nil for none.
func fileEvidence(o object) any {
	if o == nil {
		return nil
	}
	return object{fileSize: o[fileSize], fileModified: o[fileModified]}
}

// originEvidence is what the origin of a copy is known again by.
func originEvidence(from object) any {
	if etag := textOf(from, fieldETag); etag != "" {
		return etag
	}
	return object{fileSize: from[fileSize], fileModified: from[fileModified]}
}

// origin is what is to be copied: how large it is, and how to find it again.
func (c copying) origin(ctx context.Context, view action.View) (int64, object, error) {
	if c.from.isStore() {
		q := question{purpose: "copy " + c.from.String(), target: c.from.target(), needs: "s3:GetObject"}
		o, _, _, err := c.b.look(ctx, view, c.from.at, q)
		if err == nil && o == nil {
			err = noObject(c.from.at, q)
		}
		if err != nil {
			return 0, nil, err
		}
		return sizeOf(o), object{fieldURI: c.from.String(), fieldETag: o[fieldETag], fieldModified: o[fieldModified]}, nil
	}
	o, err := c.from.look(ctx, view)
	switch {
	case err != nil:
		return 0, nil, err
	case o == nil:
		return 0, nil, action.Errorf(action.CodeNotFound, "cannot copy %s: there is no such file", c.from).On(c.from.target())
	case o[fileKind] != string(files.File):
		return 0, nil, action.Errorf(action.CodeRejected, "cannot copy %s: it is a %v, and no file", c.from, o[fileKind]).On(c.from.target())
	}
	return sizeOf(o), object{"path": o["path"], "on": c.from.on, fileSize: o[fileSize], fileModified: o[fileModified]}, nil
}

// Apply copies what was seen.
func (c copying) Apply(ctx context.Context, predicted action.Prediction) (action.Result, error) {
	l, err := c.b.link()
	if err != nil {
		return action.Result{}, err
	}
	bytes, from, err := c.origin(ctx, nothing{})
	if err != nil {
		return action.Result{}, err
	}
	if was, known := predicted.Evidence.Old["from"]; known && action.Text(was) != action.Text(originEvidence(from)) {
		return action.Result{}, action.Errorf(action.CodeConflict, "cannot copy %s: it has changed since it was looked at", c.from).On(c.from.target())
	}
	m := c.b.mover(l, progressOf(ctx, bytes))
	verified := true
	switch {
	case c.from.isStore() && c.to.isStore():
		_, err = m.copyWithin(ctx, source{c.from.at, bytes, textOf(from, fieldETag)}, errand{c.to.at, over(predicted.Evidence), c.as})
	case c.to.isStore():
		var entry files.Entry
		if entry, err = c.from.machine.Look(ctx, c.from.path); err == nil {
			_, err = m.upload(ctx, stored{c.from.machine, c.from.path, bytes, entry}, errand{c.to.at, over(predicted.Evidence), c.as})
		}
	default:
		verified, err = c.download(ctx, m, predicted, bytes, from)
	}
	if err != nil {
		return action.Result{}, err
	}
	out := action.Result{Value: c.value(bytes, verified)}
	if !verified {
		out.Note = "the store has no checksum of it that could be compared"
	}
	return out, nil
}

// download copies to a file, over what was seen there.
func (c copying) download(ctx context.Context, m mover, predicted action.Prediction, bytes int64, from object) (bool, error) {
	there, err := c.to.machine.Look(ctx, c.to.path)
	over := &there
	if action.CodeOf(err) == action.CodeNotFound {
		over, err = nil, nil
	}
	if err != nil {
		return false, err
	}
	var now object
	if over != nil {
		now = fileObject(c.to, c.to.path, there)
	}
	if was, known := predicted.Evidence.Old["there"]; known && action.Text(was) != action.Text(fileEvidence(now)) {
		return false, action.Errorf(action.CodeConflict, "cannot copy to %s: what is there has changed since it was looked at", c.to).On(c.to.target())
	}
	j, err := c.job(ctx, nothing{}, bytes, from)
	if err != nil {
		return false, err
	}
	if _, err := c.to.enough(ctx, nothing{}, c.room(ctx, j)); err != nil {
		return false, err
	}
	root, name := path.Split(c.to.path)
	return m.download(ctx, source{c.from.at, bytes, textOf(from, fieldETag)}, landing{c.to, path.Clean(root), name, fromSeconds(from[fieldModified]), over})
}

// Settle compares both ends: by size and time for a file, by what is there for an object.
func (c copying) Settle(ctx context.Context, intent action.Intent) (action.Settlement, error) {
	if !c.to.isStore() {
		now, err := c.to.look(ctx, nothing{})
		if err != nil {
			return action.Unknown, err
		}
		bytes, from, err := c.origin(ctx, nothing{})
		switch {
		case err != nil:
			return action.Unknown, nil
		case now != nil && sizeOf(now) == bytes && now[fileModified] == modifiedOf(from):
			return action.Done, nil
		case action.Text(intent.Evidence.Old["there"]) == action.Text(fileEvidence(now)):
			return action.NotDone, nil
		}
		return action.Unknown, nil
	}
	now, _, err := c.b.lookAgain(ctx, c.to.at)
	if err != nil {
		return action.Unknown, err
	}
	bytes, _, err := c.origin(ctx, nothing{})
	return settled(now, intent.Evidence, func() bool {
		old, _ := intent.Evidence.Old[fieldETag].(string)
		return err == nil && sizeOf(now) == bytes && textOf(now, fieldETag) != old && !fromSeconds(now[fieldModified]).Before(intent.Sent.Truncate(secondsKept))
	}), nil
}
