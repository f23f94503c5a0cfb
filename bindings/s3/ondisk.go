package s3

import (
	"context"
	"strings"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/files/intended"
)

// onDisk is what becomes of the files of a machine, if there is room for them: what is written, and what is removed after that.
// Given is what makes the action this one, which a person is shown with it.
func (j *job) onDisk(ctx context.Context, view action.View, to end, needs room, given []action.Arg) ([]action.Change, error) {
	disk, err := to.enough(ctx, view, needs)
	if err != nil {
		return nil, err
	}
	seen := to.seen(view)
	var out []action.Change
	if len(j.copies) > 0 {
		e := j.written(to)
		e.Disk = disk.Mount
		shown := to.shown(len(j.copies), func(i int) item { return j.copies[i].item })
		for _, arg := range given {
			shown[arg.Name] = plainly(arg.Value)
		}
		change, err := seen.Change(ctx, to.path, e, object{"in": shown["in"]}, shown)
		if err != nil {
			return nil, err
		}
		out = append(out, change)
	}
	if len(j.removals) > 0 {
		e := intended.Edit{Op: intended.Removed, Disk: disk.Mount, Entries: int64(len(j.removals))}
		for _, r := range j.removals {
			e.Paths = append(e.Paths, to.below(r.rel).path)
			e.Bytes += r.entry.Used
		}
		shown := to.shown(len(j.removals), func(i int) item { return j.removals[i] })
		change, err := seen.Change(ctx, to.path, e, shown, object{"in": shown["in"]})
		if err != nil {
			return nil, err
		}
		out = append(out, change)
	}
	return out, nil
}

// written is the edit that copies are, with the folders that are made for them.
func (j *job) written(to end) intended.Edit {
	e := intended.Edit{Op: intended.Written, Paths: j.missing, Entries: -int64(len(j.missing)), Bytes: -int64(len(j.missing)) * files.BlockSize}
	for _, c := range j.copies {
		e.Made = append(e.Made, intended.Made{Path: to.below(c.rel).path, Size: c.size, Modified: c.modified})
		e.Bytes -= files.Taken(c.size)
		if c.over == nil {
			e.Entries--
		} else {
			e.Bytes += c.over.entry.Used
		}
	}
	return e
}

// shown is what a person is shown of the files at an end: the first of them by name, and how many more there are.
func (e end) shown(count int, at func(int) item) object {
	names := object{}
	for i := range min(count, named) {
		one := at(i)
		names[files.Spell(one.rel)] = strings.TrimSpace(size(one.size) + ", changed " + one.modified.UTC().Format("2006-01-02 15:04:05"))
	}
	out := object{"in": e.String(), "files": names}
	if more := count - named; more > 0 {
		out["more"] = counted(more, "other")
	}
	return out
}

// plainly is a value as JSON has it.
func plainly(value any) any {
	list, isList := value.([]string)
	if !isList {
		return value
	}
	out := make([]any, len(list))
	for i, one := range list {
		out[i] = one
	}
	return out
}
