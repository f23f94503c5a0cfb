package s3

import (
	"cmp"
	"context"
	"path"
	"slices"

	"runbook/engine/action"
	"runbook/engine/files"
)

// A room is what something takes of a disk at the worst.
type room struct {
	bytes   int64
	entries int64 // files and folders
}

// room is what is left to be copied takes, with so many transferred at once, and begun of it there already. A file that is replaced goes only
// when the new one is whole: so each takes what it is larger by, and those that are under way, or are left half done by what failed, take what
// they replace besides. What other names or snapshots of the replaced files hold nobody can tell; folders that are made take a block each.
func (j *job) room(atOnce int, begun int64) room {
	out := room{bytes: int64(len(j.missing))*files.BlockSize - begun, entries: int64(len(j.missing))}
	var twice []int64
	for _, c := range j.left() {
		if c.over == nil {
			out.bytes += files.Taken(c.size)
			out.entries++
			continue
		}
		takes, frees := files.Taken(c.size), c.frees()
		out.bytes += max(takes-frees, 0)
		twice = append(twice, min(takes, frees))
	}
	slices.SortFunc(twice, func(a, b int64) int { return cmp.Compare(b, a) })
	underWay := min(len(twice), atOnce+largeAtOnce+mostFailures)
	for _, n := range twice[:underWay] {
		out.bytes += n
	}
	out.entries += int64(underWay)
	out.bytes = max(out.bytes, 0)
	return out
}

// frees is what becomes free when it replaces what is there: nothing of what has another name.
func (t *transfer) frees() int64 {
	if t.over.entry.Links > 1 {
		return 0
	}
	return t.over.entry.Used
}

// enough is the disk that something is to be copied to, and an error where it has less room than that takes.
func (e end) enough(ctx context.Context, view action.View, needs room) (files.Disk, error) {
	disk, err := e.disk(ctx, view)
	switch {
	case err != nil:
		return disk, err
	case needs.bytes > disk.Free:
		return disk, action.Errorf(action.CodeRejected, "cannot copy to %s: it takes %s, and %s are free on %s", e, size(needs.bytes), size(disk.Free), disk.Mount).
			On(e.target()).Try("make room, or copy to another disk")
	case disk.Inodes > 0 && needs.entries > disk.InodesFree:
		return disk, action.Errorf(action.CodeRejected, "cannot copy to %s: it takes %d files and folders more, and %s has room for %d (inodes)", e, needs.entries, disk.Mount, disk.InodesFree).
			On(e.target()).Try("remove files that nobody needs, or copy to another disk")
	}
	return disk, nil
}

// disk is the one that a path lies on, or will: its folder need not be there yet.
func (e end) disk(ctx context.Context, view action.View) (files.Disk, error) {
	seen := e.seen(view)
	for at := e.path; ; at = path.Dir(at) {
		disk, err := seen.Disk(ctx, at)
		if err == nil || action.CodeOf(err) != action.CodeNotFound || at == "/" {
			return disk, err
		}
	}
}
