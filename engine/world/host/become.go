package host

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"runbook/engine/files"
	"runbook/engine/module"
	"runbook/engine/world/scenario"
)

// Become lets something become of a file, at a time. One that is not there is made, where it gets some content.
func (f *Files) Become(at string, said scenario.FileChange, now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.time = now
	at = files.Unspell(at)
	if said.Gone {
		return f.vanish(at)
	}
	n, err := f.tree.look(at, true)
	switch {
	case err == syscall.ENOENT && said.Fills(): //nolint:errorlint // it is not wrapped
		n, err = f.appear(at)
	case err == nil && n.kind != files.File && said.Fills():
		err = files.ErrNoFile
	}
	if err != nil {
		return unable("change", at, err)
	}
	if said.Mode != 0 {
		n.mode = fs.FileMode(said.Mode) & fs.ModePerm
	}
	f.give(n, said.Owner)
	if said.Fills() {
		f.fill(n, f.mount(at), said)
	}
	return nil
}

// vanish removes what is at a path, with all that is in it.
func (f *Files) vanish(at string) error {
	in, err := f.tree.look(path.Dir(at), true)
	if err == nil && in.in[path.Base(at)] == nil {
		err = syscall.ENOENT
	}
	if err != nil {
		return unable("remove", at, err)
	}
	clear(f.holds)
	delete(in.in, path.Base(at))
	in.modified = f.time
	return nil
}

// appear makes an empty file, with the folders above it.
func (f *Files) appear(at string) (*node, error) {
	in, err := f.tree.folder(path.Dir(at), func() time.Time { return f.time })
	if err != nil {
		return nil, err
	}
	if in.in[path.Base(at)] != nil {
		return nil, syscall.EEXIST // a link that leads nowhere
	}
	clear(f.holds)
	n := f.tree.node(files.File, f.time)
	in.in[path.Base(at)], in.modified = n, f.time
	return n, nil
}

// fill changes what is in a file. Where its disk has no room, whoever writes there is told so, and the file stays as it is.
func (f *Files) fill(n *node, disk string, said scenario.FileChange) {
	now := *n
	switch {
	case said.Content != nil:
		now.lead, now.text = 0, []byte(*said.Content)
	case said.Size != nil:
		now.lead, now.text = int64(*said.Size), nil
	case said.Grows > 0:
		now.lead, now.text = n.length()+int64(said.Grows), nil
	default:
		now.text = append(now.text, stamped(*said.Append, f.time)...)
	}
	more := now.used() - n.used()
	if more > 0 && !f.fits(disk, more, 0) {
		return
	}
	f.hold(disk, more, 0)
	n.lead, n.text, n.modified = now.lead, now.text, f.time
}

// stamped is a text with the time in it.
func stamped(text string, now time.Time) string {
	return strings.ReplaceAll(text, "{time}", now.UTC().Format("2006-01-02T15:04:05.000Z"))
}

// Fill lets something become of a disk.
func (f *Files) Fill(mount string, said scenario.DiskChange) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	d, known := f.disks[mount]
	if !known {
		return fmt.Errorf("the machine has no disk at %q%s: the scenario names those that it has in %s",
			mount, module.Suggest(mount, slices.Sorted(maps.Keys(f.disks))), f.where("disks"))
	}
	if said.Size != nil {
		d.Size = *said.Size
	}
	if said.Used != nil {
		d.Used = *said.Used
	}
	if said.Inodes != nil {
		d.Inodes = *said.Inodes
	}
	if said.InodesUsed != nil {
		d.InodesUsed = *said.InodesUsed
	}
	f.disks[mount] = d
	d.Used += scenario.Size(min(int64(said.Grows), f.space(mount).Free)) // what does not fit is not written
	f.disks[mount] = d
	return nil
}

// Log adds to a log of something on the machine, at a time. The file is made if it is not there.
func (f *Files) Log(at, text string, now time.Time) error {
	return f.Become(at, scenario.FileChange{Append: &text}, now)
}
