package host

import (
	"context"
	"strings"

	"runbook/engine/files"
)

// defaultDisk is how many bytes a disk has where a scenario does not say.
const defaultDisk = 100 << 30

// Disk is the file system that a path lies on.
func (f *Files) Disk(_ context.Context, at string) (files.Disk, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.tree.look(at, true); err != nil {
		return files.Disk{}, files.Failed("look at the file system of", at, err)
	}
	return f.space(f.mount(at)), nil
}

// mount is where the disk of a path is mounted: the nearest of those that the scenario names, or else the machine's first.
func (f *Files) mount(at string) string {
	best := "/"
	for mount := range f.section.Disks {
		if (at == mount || strings.HasPrefix(at, strings.TrimSuffix(mount, "/")+"/")) && len(mount) > len(best) {
			best = mount
		}
	}
	return best
}

// space is what there is on a disk. Its files take some, and what else does the scenario says.
func (f *Files) space(mount string) files.Disk {
	said := f.section.Disks[mount]
	d := files.Disk{Mount: mount, Total: said.Size, Used: said.Used, Inodes: said.Inodes}
	if d.Total == 0 {
		d.Total = defaultDisk
	}
	used, count := f.held(mount)
	d.Used += used
	d.Free = max(d.Total-d.Used, 0)
	if d.Inodes > 0 {
		d.InodesFree = max(d.Inodes-said.InodesUsed-count, 0)
	}
	return d
}

// held is how much the files of a disk take, and how many there are.
func (f *Files) held(mount string) (bytes, count int64) {
	var into func(n *node, at string)
	into = func(n *node, at string) {
		for name, inner := range n.in {
			below := at + "/" + name
			if f.mount(below) == mount {
				count++
				if inner.kind == files.File {
					bytes += files.Taken(inner.size)
				}
			}
			into(inner, below)
		}
	}
	into(f.tree.root, "")
	return bytes, count
}
