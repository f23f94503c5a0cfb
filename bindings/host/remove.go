package host

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/dustin/go-humanize"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/files/intended"
	"runbook/engine/module"
)

func (b *binding) removeFunc() module.Func {
	return module.Func{
		Name: "remove",
		Doc: `Removes what is below a folder, by what it is or by what was found.

What is a filter as find takes it, or what find returned, or some of its files. A dry run names what would go, with how many and how much.
A plan holds what was found when it was made: what matches later only is not removed. Each entry is looked at again right before it is
removed, and stays if it is not what it was: another file, another size, another time. Nothing is removed outside of the root, through a
link, or on another file system below it; of a link only the link goes. A folder goes only if it is empty by then: folders are found only
where kind says so, or a filter says nothing else. For those who know find: find DIR -type f -mtime +7 -delete is
host.remove(DIR, { kind = "file", older_than = "8d" }).`,
		Params: []module.Param{
			pathParam("root", "the folder, which itself stays"),
			{Name: "what", Kind: module.Any, Required: true, Doc: "a filter with at least one field, what find returned, or a list of its files"},
			{Name: "options", Kind: module.Object, Doc: "where", Fields: []module.Param{onParam}},
		},
		Returns: module.Result{
			Type: "{ removed: integer, size: integer, freed: integer, left: { path: string, error: string }[] }",
			Doc:  "how many went, the bytes that they held, the bytes that this freed, and those that had changed meanwhile, which stayed",
		},
		Errors: changeErrors,
		Examples: []string{
			`host.remove("/var/cache/photon-mlir", { kind = "file", older_than = "8d" })`,
			`local old = host.find("/var/log/photon-mlir", { name = "*.gz", older_than = "30d" }, { on = "rack-1" })
host.remove("/var/log/photon-mlir", old, { on = "rack-1" })`,
		},
		Risk:  action.Destructive,
		Kinds: []string{filesKind},
		Act: func(args module.Args) (action.Action, error) {
			return b.newRemoval(args)
		},
	}
}

// A removal is one call of remove.
type removal struct {
	shelf
	root    string
	only    filter
	listed  []entry  // nil for what a filter finds
	members []string // of the set that it is narrowed to; nil for all
	seen    *sight
}

func (b *binding) newRemoval(args module.Args) (action.Action, error) {
	const function = "host.remove"
	at, err := b.shelf(args)
	if err != nil {
		return nil, err
	}
	r := removal{shelf: at, seen: &sight{}}
	if r.root, err = rootOf(function, args); err != nil {
		return nil, err
	}
	what, err := normalised(args["what"])
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "%s: cannot read what is to be removed: %w", function, err)
	}
	if object, is := what.(map[string]any); is && object["files"] == nil && object["path"] == nil {
		r.only, err = anyFilter(function, args["what"])
		return r, err
	}
	r.listed, err = r.list(function, what)
	return r, err
}

// anyFilter is a filter that says something: nobody means everything by saying nothing.
func anyFilter(function string, value any) (filter, error) {
	options, err := asTable(value)
	if err != nil {
		return filter{}, err
	}
	args, err := module.BindOptions(function, filterFields, options)
	if err != nil {
		return filter{}, err
	}
	if len(args) == 0 {
		return filter{}, action.Errorf(action.CodeInvalid, "%s: the filter is empty, and would remove everything", function).
			Try(`if that is meant, say so: { name = "*" }`)
	}
	return filterOf(function, args)
}

// list is what a script was given by find, checked.
func (r removal) list(function string, what any) ([]entry, error) {
	var whole found
	err := decoded(what, &whole)
	switch one, isList := what.([]any); {
	case isList:
		err = decoded(one, &whole.Files)
	case err == nil && whole.Truncated:
		return nil, action.Errorf(action.CodeInvalid, "%s: find gave only the first %d of %d files", function, len(whole.Files), whole.Count).
			Try("give the filter itself, or find them all: { limit = %d }", whole.Count)
	case err == nil && whole.Root != "" && whole.Root != files.Spell(r.root):
		return nil, action.Errorf(action.CodeInvalid, "%s: these files were found below %s, not below %s", function, whole.Root, files.Spell(r.root))
	case err == nil && whole.On != "" && whole.On != r.name:
		return nil, action.Errorf(action.CodeInvalid, "%s: these files were found on %s, and would be removed on %s", function, whole.On, r.name).
			Try("{ on = %q }", whole.On)
	}
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "%s: what is to be removed is no filter, and nothing that find returned", function).
			Try(`give a filter, as in { name = "*.tmp" }, or what was found: host.remove(root, host.find(root, { … }))`)
	}
	for _, e := range whole.Files {
		if e.Path == "" || e.ID == "" || path.IsAbs(e.Path) {
			return nil, action.Errorf(action.CodeInvalid, "%s: a file to be removed is given as find gives it, with path and id, not %s", function, action.Text(e))
		}
	}
	return append([]entry{}, whole.Files...), nil
}

func (r removal) Describe() action.Description {
	d := action.Description{
		Verb: "host.remove", Target: r.target(r.root), Risk: action.Destructive, Idempotent: true, Permissions: r.needs,
		Identity: r.only.identity(),
	}
	if r.listed != nil {
		paths := make([]string, len(r.listed))
		for i, e := range r.listed {
			paths[i] = e.Path
		}
		slices.Sort(paths)
		d.Identity = []action.Arg{{Name: "files", Value: paths, Set: true}}
	}
	return d
}

// Narrow is the removal of some of the files only.
func (r removal) Narrow(members []string) action.Action {
	r.members = append([]string{}, members...)
	r.seen = &sight{}
	if r.listed != nil {
		wanted := make(map[string]bool, len(members))
		for _, m := range members {
			wanted[m] = true
		}
		r.listed = slices.DeleteFunc(slices.Clone(r.listed), func(e entry) bool { return !wanted[e.Path] })
	}
	return r
}

// Predict finds what would go.
func (r removal) Predict(ctx context.Context, view action.View) (action.Prediction, error) {
	root, err := r.as(view).Look(ctx, r.root)
	if err != nil {
		return action.Prediction{}, r.about(r.root, err)
	}
	list, warnings, err := r.find(ctx, view, module.Now(ctx))
	if err != nil {
		return action.Prediction{}, r.about(r.root, err)
	}
	r.seen.entries = list
	p := action.Prediction{Label: action.Simulated, Warnings: warnings, Members: membersOf(list)}
	if p.Evidence, err = r.evidence(ctx, root); err != nil {
		return action.Prediction{}, r.about(r.root, err)
	}
	total := sumOf(list)
	if p.Value, err = raw(removedValue(total, nil)); err != nil {
		return action.Prediction{}, err
	}
	if len(list) == 0 {
		p.Unchanged, p.Note = true, "there is nothing of that to remove"
		return p, nil
	}
	disk, err := r.as(view).Disk(ctx, r.root)
	if err != nil {
		return action.Prediction{}, r.about(r.root, err)
	}
	p.Note = total.said()
	change, err := r.edit(ctx, view, list, disk, total)
	if err != nil {
		return action.Prediction{}, r.about(r.root, err)
	}
	p.Changes = []action.Change{change}
	return p, nil
}

// edit is the change of what the run intends.
func (r removal) edit(ctx context.Context, view action.View, list []files.Entry, disk files.Disk, total sum) (action.Change, error) {
	e := intended.Edit{Op: intended.Removed, Disk: disk.Mount, Bytes: total.frees, Entries: total.entries}
	for _, one := range list {
		e.Paths = append(e.Paths, below(r.root, one.Path))
	}
	before := listed(r.root, "files", list, func(e files.Entry) string {
		if e.Kind != files.File {
			return string(e.Kind) + ", changed " + e.Modified.UTC().Format(time.DateTime)
		}
		return humanBytes(e.Size) + ", changed " + e.Modified.UTC().Format(time.DateTime)
	})
	return r.as(view).Change(ctx, r.root, e, before, map[string]any{"in": before["in"]})
}

// find finds what is to go, at a time.
func (r removal) find(ctx context.Context, view action.View, now time.Time) (list []files.Entry, warnings []string, err error) {
	if r.listed != nil {
		return r.again(ctx, view)
	}
	only := r.only.until(now)
	only.Stay = true
	if list, warnings, err = r.walked(ctx, view, r.root, only); err != nil {
		return nil, nil, err
	}
	if list, err = r.emptied(ctx, view, narrowed(list, r.members)); err != nil {
		return nil, nil, err
	}
	return list, append(warnings, otherNames(list)...), nil
}

// again looks at what was found before. What is not any more what it was stays.
func (r removal) again(ctx context.Context, view action.View) (list []files.Entry, warnings []string, err error) {
	wanted := make(map[string]entry, len(r.listed))
	for _, e := range r.listed {
		wanted[files.Unspell(e.Path)] = e
	}
	changed := 0
	_, err = r.as(view).Walk(ctx, r.root, files.Filter{Stay: true}, func(some []files.Entry) error {
		for _, now := range some {
			was, asked := wanted[now.Path]
			switch {
			case asked && was.is(entryOf(now)):
				list = append(list, now)
			case asked:
				changed++
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	if changed > 0 {
		warnings = append(warnings, fmt.Sprintf("%s changed since they were found, and stay", counted(int64(changed))))
	}
	if gone := len(wanted) - len(list) - changed; gone > 0 {
		warnings = append(warnings, fmt.Sprintf("%s gone since they were found", counted(int64(gone))))
	}
	if list, err = r.emptied(ctx, view, list); err != nil {
		return nil, nil, err
	}
	return list, append(warnings, otherNames(list)...), nil
}

// emptied leaves out folders in which something stays.
func (r removal) emptied(ctx context.Context, view action.View, list []files.Entry) ([]files.Entry, error) {
	if !slices.ContainsFunc(list, func(e files.Entry) bool { return e.Kind == files.Folder }) {
		return list, nil
	}
	goes := make(map[string]bool, len(list))
	for _, e := range list {
		goes[e.Path] = true
	}
	stays := map[string]bool{}
	walked, err := r.as(view).Walk(ctx, r.root, files.Filter{}, func(some []files.Entry) error {
		for _, e := range some {
			if !goes[e.Path] {
				keepAbove(stays, e.Path)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, u := range walked.Unlooked {
		stays[u.Path] = true
		keepAbove(stays, u.Path)
	}
	return slices.DeleteFunc(list, func(e files.Entry) bool { return e.Kind == files.Folder && stays[e.Path] }), nil
}

// keepAbove keeps the folders that something is in.
func keepAbove(stays map[string]bool, at string) {
	for above := path.Dir(at); above != "." && above != "/" && !stays[above]; above = path.Dir(above) {
		stays[above] = true
	}
}

// otherNames warns of files whose content stays, because it has other names.
func otherNames(list []files.Entry) []string {
	names := map[string]int{}
	for _, e := range list {
		if e.Links > 1 && e.Kind != files.Folder {
			names[e.ID]++
		}
	}
	kept := int64(0)
	for _, e := range list {
		if n := names[e.ID]; n > 0 && n < e.Links {
			kept++
		}
	}
	if kept == 0 {
		return nil
	}
	return []string{humanize.Comma(kept) + " of these are names of files that have other names too: what is in them stays, and takes its space"}
}

// removedBy is what the call returns.
type removedBy struct {
	Removed int64      `json:"removed"`
	Size    int64      `json:"size"`
	Freed   int64      `json:"freed"`
	Left    []unlooked `json:"left"`
}

func removedValue(total sum, left []unlooked) removedBy {
	return removedBy{total.entries, total.size, total.frees, append([]unlooked{}, left...)}
}

// Apply removes what was predicted, as far as it still is what it was.
func (r removal) Apply(ctx context.Context, predicted action.Prediction) (action.Result, error) {
	out, err := r.apply(ctx, predicted)
	if err != nil {
		return action.Result{}, r.about(r.root, err)
	}
	return out, nil
}

func (r removal) apply(ctx context.Context, predicted action.Prediction) (action.Result, error) {
	err := r.stillThere(ctx, "remove anything in", r.root, predicted.Evidence)
	if err == nil {
		r.seen.did.again()
		err = r.change(ctx, r.root, r.seen.pending(files.Remove, ""), &r.seen.did)
	}
	return r.seen.came("removed", err, r.Account)
}

// Account is what was removed in all. What has gone since it was sent for removal was removed by that.
func (r removal) Account() action.Result {
	did := &r.seen.did
	total := sumOf(did.done)
	if did.earlier.entries > 0 {
		total.entries += did.earlier.entries
		total.size += max(did.earlier.sent.Size-did.earlier.stays.size, 0)
		total.frees += max(did.earlier.sent.Freed-did.earlier.stays.frees, 0)
	}
	value, _ := raw(removedValue(total, did.left)) // it holds nothing that could fail
	return action.Result{Value: value, Note: total.said() + did.remark()}
}

// Settle looks whether anything is left of it. What is can be removed again.
func (r removal) Settle(ctx context.Context, intent action.Intent) (action.Settlement, error) {
	left, err := r.remaining(ctx, intent)
	if said, ok := errors.AsType[*action.Error](err); ok && said.Code == action.CodeNotFound {
		return action.Unknown, nil // the root is gone: somebody else was here
	}
	switch {
	case err != nil:
		return action.Unknown, r.about(r.root, err)
	case left == 0:
		return action.Done, nil
	}
	return action.NotDone, nil
}

// remaining is how many are left of what was to be removed: of what was sent for removal, or, where it was an earlier part of the run that
// sent it, of what is found as it was found then.
func (r removal) remaining(ctx context.Context, intent action.Intent) (int, error) {
	did := &r.seen.did
	unsure := len(did.unsure) > 0
	if err := r.settle(ctx, r.root, did, intent, func(_ files.Entry, stays bool) bool { return !stays }, map[string]files.Entry{}); err != nil {
		return 0, err
	}
	if unsure {
		return len(did.failed), nil
	}
	list, _, err := r.find(ctx, nil, intent.Sent)
	return len(list), err
}
