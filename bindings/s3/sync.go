package s3

import (
	"context"
	"fmt"
	"strings"

	"runbook/engine/action"
	"runbook/engine/module"
)

// How many objects are transferred at once.
const (
	usualAtOnce = 16
	mostAtOnce  = 64
	largeAtOnce = 2 // of those that are transferred in parts: more are not faster, and more of them are half done when something breaks
)

func (b *binding) syncFunc() module.Func {
	return module.Func{
		Name: "sync",
		Doc: `Makes a folder the same as a prefix of a bucket, a prefix the same as a folder, or a prefix the same as another one.

What is copied is decided as s5cmd does: what is not there, what has another size, and what is newer where it comes from. What is only at the
other end stays, unless delete is set; then it is removed after everything was copied, and never if there is nothing at all to copy from. Links
in a folder are not followed, and not copied; one in a file's place is replaced by it. What changed at the other end since that was decided is
neither replaced nor removed.

Before anything is copied, the room on the disk is compared with what is to come, in bytes and in files, with the folders that are made.
Checksums are compared, files appear only when they are whole, and have the time of their object. Of what is
received no more than 64 MiB are held in memory, and of what is sent, however many are transferred at once; a part that is larger, as those of
files of more than 600 GiB are, is held alone.

What broke off goes on with what is not whole yet when it is called again: also when the server was busy for a moment, or the run is taken up
again. A large file goes on with the parts of it that are there: those that the store has of an upload, and those that the disk has of a
download, which are read again past the checksum of the whole; on another machine, where it has the tool flock. Of an object that the store has no
checksum of, and whose ETag is no MD5, only the run that wrote them goes on with them: ETag and length would not tell what became of them since.
Parts of an upload whose file is another one by now stay in the store until a rule of the bucket removes them.

A dry run says how many files and bytes would be copied, and names what would be removed.`,
		Params: []module.Param{
			{Name: "from", Kind: module.String, Required: true, Doc: "s3://bucket/prefix, or the absolute path of a folder"},
			{Name: "to", Kind: module.String, Required: true, Doc: "likewise; not both are folders"},
			{Name: "options", Kind: module.Object, Doc: "what, how and where", Fields: []module.Param{
				onParam, includeParam, excludeParam,
				{Name: "delete", Kind: module.Boolean, Doc: "remove at the other end what is not where it comes from"},
				{Name: "size_only", Kind: module.Boolean, Doc: "compare sizes alone, and no times"},
				{Name: "at_once", Kind: module.Integer, Default: int64(usualAtOnce), Min: module.Bound(1), Max: module.Bound(mostAtOnce), Doc: "how many objects are transferred at once: 16 if not given"},
				classParam,
			}},
		},
		Returns: module.Result{
			Type: "{ copied: integer, bytes: integer, removed: integer, unchanged: integer, unverified: integer }",
			Doc:  "how many files were copied, with how many bytes, how many were removed, how many were as they should be, and for how many of the copied the store has no checksum to compare",
		},
		Errors: append([]action.Code{action.CodeConflict}, asking...),
		Examples: []string{
			`local done = s3.sync("s3://photon-mlir-backups/20261124/", "/var/lib/photon/restore"); log(done.copied .. " files, " .. done.bytes .. " bytes")`,
			`s3.sync("/var/lib/photon/cache", "s3://photon-mlir-backups/cache/", { exclude = "*.tmp", delete = true })`,
			`s3.sync("s3://photon-mlir-backups/latest/", "/srv/models", { on = "rack-1", include = "*.bin" })`,
		},
		Risk:  action.Disruptive,
		Act:   b.newSync,
		Kinds: []string{objects, hostFiles},
	}
}

// A syncing is one call of sync.
type syncing struct {
	b        *binding
	from, to end
	only     patterns
	given    []action.Arg // the options that make it this one
	remove   bool
	sizeOnly bool
	atOnce   int
	as       properties
	job      *job           // what Predict found is to be done, for Apply
	left     *action.Intent // what an earlier part of the run was to do, and has not done all of; nil for nothing
}

func (b *binding) newSync(args module.Args) (action.Action, error) {
	from, to, err := b.ends("s3.sync", args)
	if err != nil {
		return nil, err
	}
	only, err := newPatterns("s3.sync", args)
	if err != nil {
		return nil, err
	}
	from.at, to.at = from.at.folder(), to.at.folder()
	if from.isStore() && to.isStore() && from.at.bucket == to.at.bucket && (strings.HasPrefix(from.at.key, to.at.key) || strings.HasPrefix(to.at.key, from.at.key)) {
		return nil, action.Errorf(action.CodeInvalid, "s3.sync: one of %s and %s is inside of the other", from, to)
	}
	if to.path == "/" && args.Bool("delete") {
		return nil, action.Errorf(action.CodeInvalid, "s3.sync: delete in / would remove all of the machine").Try("name the folder that is meant")
	}
	n, _ := args.Int("at_once")
	s := &syncing{
		b: b, from: from, to: to, only: only, remove: args.Bool("delete"), sizeOnly: args.Bool("size_only"), atOnce: int(n),
		as: properties{class: args.String("storage_class")},
	}
	if !to.isStore() && s.as.class != "" {
		return nil, action.Errorf(action.CodeInvalid, "s3.sync: storage_class is for what is stored, and %s is a folder", to)
	}
	for _, option := range []string{"include", "exclude"} {
		if list := args.Strings(option); list != nil {
			s.given = append(s.given, action.Arg{Name: option, Value: list})
		}
	}
	for _, option := range []string{"delete", "size_only"} {
		if args.Bool(option) {
			s.given = append(s.given, action.Arg{Name: option, Value: true})
		}
	}
	s.given = append(s.given, s.as.args()...)
	return s, nil
}

// folder is a location whose key is a whole part of a path: what is synced is in it, and not what only begins like it.
func (l location) folder() location {
	if l.key != "" && !strings.HasSuffix(l.key, "/") {
		l.key += "/"
	}
	return l
}

func (s *syncing) Describe() action.Description {
	d := action.Description{
		Verb: "s3.sync", Target: s.to.target(), Risk: s.risk(), Idempotent: true,
		Identity: append([]action.Arg{{Name: "from", Value: s.from.String()}}, s.given...),
	}
	for _, e := range []end{s.from, s.to} {
		if e.isStore() {
			d.Permissions = append(d.Permissions, action.Permission{System: system, Verb: "ListBucket", Resource: buckets, Name: e.at.bucket})
		}
	}
	if s.from.isStore() {
		d.Permissions = append(d.Permissions, permissions(s.from.at, "GetObject")...)
	}
	if s.to.isStore() {
		d.Permissions = append(d.Permissions, permissions(s.to.at, "PutObject")...)
	}
	return d
}

func (s *syncing) risk() action.Risk {
	if s.remove {
		return action.Destructive
	}
	return action.Disruptive
}

// named is how many of those that would be removed are named; the others are counted, and stand in the record.
const named = 20

// Predict compares both ends.
func (s *syncing) Predict(ctx context.Context, view action.View) (action.Prediction, error) {
	j, err := s.compare(ctx, view)
	if err != nil {
		return action.Prediction{}, err
	}
	p := action.Prediction{
		Evidence: action.Evidence{Old: j.evidence()}, Value: j.result(), Label: action.Simulated, Note: j.summary(), Warnings: j.warnings,
	}
	if s.left != nil && j.rests(*s.left) {
		p.Evidence, p.Value = s.left.Evidence, j.result() // it is the same, of which something is done
	}
	if len(j.copies)+len(j.removals) == 0 {
		p.Unchanged = true
		if j.unchanged == 0 {
			p.Note = "there is nothing to copy from, and nothing to remove"
			return p, nil
		}
		p.Note = fmt.Sprintf("it is the same already: %s", counted(j.unchanged, "file"))
		return p, nil
	}
	s.job, p.Parts = j, j.parts()
	if !s.to.isStore() {
		p.Changes, err = j.onDisk(ctx, view, s.to, s.room(j), s.Describe().Identity)
		return p, err
	}
	for i, r := range j.removals {
		if i == named {
			p.Warnings = append(p.Warnings, fmt.Sprintf("would remove %d more", len(j.removals)-named))
			break
		}
		p.Warnings = append(p.Warnings, fmt.Sprintf("would remove %s, %s", s.to.below(r.rel), size(r.size)))
	}
	p.Changes = s.inStore(j)
	return p, nil
}

// below is what lies below an end, as a person types it.
func (e end) below(rel string) end {
	if e.isStore() {
		e.at.key += rel
		return e
	}
	e.path = strings.TrimSuffix(e.path, "/") + "/" + rel
	return e
}

// inStore is what becomes of the objects of a store. It follows from the one action: nobody reads three thousand diffs.
func (s *syncing) inStore(j *job) []action.Change {
	out := make([]action.Change, 0, len(j.copies)+len(j.removals))
	for _, c := range j.copies {
		to := s.to.below(c.rel)
		out = append(out, action.Change{Target: to.target(), Before: asAny(c.before(to)), After: c.after(s.from.below(c.rel), to), Derived: true})
	}
	for _, r := range j.removals {
		to := s.to.below(r.rel)
		out = append(out, action.Change{Target: to.target(), Before: r.object(to), Derived: true})
	}
	return out
}

// Apply copies what is not whole yet, and then removes.
func (s *syncing) Apply(ctx context.Context, _ action.Prediction) (action.Result, error) {
	l, err := s.b.link()
	if err != nil {
		return action.Result{}, err
	}
	if s.job == nil {
		if s.job, err = s.compare(ctx, nothing{}); err != nil {
			return action.Result{}, err
		}
	}
	j := s.job
	if !s.to.isStore() {
		if _, err := s.to.enough(ctx, nothing{}, s.room(j)); err != nil {
			return action.Result{}, err
		}
	}
	if err := s.transfer(ctx, l, j); err != nil {
		return action.Result{}, err
	}
	if err := s.clear(ctx, l, j); err != nil {
		return action.Result{}, err
	}
	s.tidy(ctx, j)
	out := action.Result{Value: j.result()}
	if n := j.unverified(); n > 0 {
		out.Note = fmt.Sprintf("of %s the store has no checksum that could be compared", counted(n, "file"))
	}
	return out, nil
}

// room is what is left of a job takes.
func (s *syncing) room(j *job) room { return j.room(s.atOnce, s.begun(j)) }

// Settle compares both ends again: what is left to be done can be done by the same call.
func (s *syncing) Settle(ctx context.Context, intent action.Intent) (action.Settlement, error) {
	s.left = &intent
	j, err := s.compare(ctx, nothing{})
	switch {
	case err != nil:
		return action.Unknown, err
	case len(j.copies)+len(j.removals) == 0:
		return action.Done, nil
	}
	return action.NotDone, nil
}
