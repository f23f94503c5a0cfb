package host

import (
	"cmp"
	"context"
	"strings"

	"runbook/engine/action"
	"runbook/engine/files"
)

// defaultDisk is how many bytes a disk has where a scenario does not say.
const defaultDisk = 100 << 30

// Disk is the file system that a path lies on.
func (f *Files) Disk(_ context.Context, at string) (files.Disk, error) {
	f.begin()
	defer f.mu.Unlock()
	if f.section.Prints(diskTool) {
		return files.Disk{}, action.Errorf(action.CodeRejected, "cannot look at the file system of %s: the scenario says what df prints on this machine, and not which disks it has",
			files.Spell(at)).Try("write %s instead of the command: df answers from them", f.where("disks"))
	}
	if _, err := f.tree.look(at, true); err != nil {
		return files.Disk{}, files.Failed("look at the file system of", at, err)
	}
	return f.space(f.mount(at)), nil
}

// mount is where the disk of a path is mounted: the nearest of those that the scenario names, or else the machine's first.
func (f *Files) mount(at string) string {
	best := "/"
	for mount := range f.disks {
		if (at == mount || strings.HasPrefix(at, strings.TrimSuffix(mount, "/")+"/")) && len(mount) > len(best) {
			best = mount
		}
	}
	return best
}

// space is what there is on a disk. Its files take some, and what else does the scenario says.
func (f *Files) space(mount string) files.Disk {
	said := f.disks[mount]
	d := files.Disk{Mount: mount, Total: int64(cmp.Or(said.Size, defaultDisk)), Inodes: said.Inodes}
	bytes, count := f.held(mount)
	d.Used = min(bytes+int64(said.Used), d.Total)
	d.Free = d.Total - d.Used
	if d.Inodes > 0 {
		d.InodesFree = max(d.Inodes-said.InodesUsed-count, 0)
	}
	return d
}

// fits tells whether so much more, and so many more files, can be on a disk.
func (f *Files) fits(mount string, bytes, count int64) bool {
	d := f.space(mount)
	return bytes <= d.Free && (d.Inodes == 0 || count <= d.InodesFree)
}

// A holding is how much the files of a disk take, and how many there are.
type holding struct{ bytes, count int64 }

// held is what a disk holds, with what is being written.
func (f *Files) held(mount string) (bytes, count int64) {
	if f.holds[mount] == nil {
		f.holds[mount] = f.counted(mount)
	}
	bytes, count = f.holds[mount].bytes, f.holds[mount].count
	for d := range f.drafts {
		if d.disk == mount {
			bytes += files.Taken(int64(len(d.text)))
			count++
		}
	}
	return bytes, count
}

// hold notes that a disk holds so much more, which may be negative. Who changes more than that forgets all holdings instead.
func (f *Files) hold(mount string, bytes, count int64) {
	if h := f.holds[mount]; h != nil {
		h.bytes, h.count = h.bytes+bytes, h.count+count
	}
}

// counted is what the files of a disk take, all of them counted.
func (f *Files) counted(mount string) *holding {
	h := &holding{}
	var into func(n *node, at string)
	into = func(n *node, at string) {
		for name, inner := range n.in {
			below := at + "/" + name
			if f.mount(below) == mount && below != mount {
				h.count++
				h.bytes += inner.used()
			}
			into(inner, below)
		}
	}
	into(f.tree.root, "")
	return h
}
