package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/world/scenario"
)

// Files are those of a simulated machine. They stay what they are when the world is rewound, and are then as the scenario says again.
type Files struct {
	name    string
	section scenario.Host
	now     func() time.Time

	mu     sync.Mutex // of all that follows
	time   time.Time  // that it is, for who holds it
	tree   *tree
	disks  map[string]scenario.Disk
	holds  map[string]*holding // what the disks hold, as far as it has been counted
	drafts map[*draft]bool     // that are being written
	known  map[string]bool     // users and groups
}

var _ files.System = (*Files)(nil)

// NewFiles makes the files of a machine of a scenario. Rewind has to come before anything else. Now is the time, at which everything has
// happened that was to happen by then, to these files too.
func NewFiles(name string, section scenario.Host, now func() time.Time) *Files {
	return &Files{name: name, section: section, now: now}
}

// Rewind makes the files what the scenario says that they are when it starts.
func (f *Files) Rewind(starts time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.time, f.tree, f.known = starts, newTree(starts), map[string]bool{superuser: true}
	f.disks, f.drafts, f.holds = maps.Clone(f.section.Disks), map[*draft]bool{}, map[string]*holding{}
	for _, name := range f.section.Users {
		f.known[name] = true
	}
	for mount := range f.section.Disks {
		if _, err := f.tree.folder(mount, func() time.Time { return starts }); err != nil {
			return unable("mount", mount, err)
		}
	}
	for _, one := range f.section.Files {
		if err := f.place(one, starts); err != nil {
			return fmt.Errorf("%s%w", one.Where, unable("place", one.Path, err))
		}
	}
	for _, mount := range slices.Sorted(maps.Keys(f.disks)) {
		bytes, count := f.held(mount)
		switch said := f.disks[mount]; {
		case bytes+int64(said.Used) > int64(cmp.Or(said.Size, defaultDisk)):
			return action.Errorf(action.CodeInvalid, "the disk at %s is too small for what is on it: its files take %d bytes, and what else is used is %d", mount, bytes, said.Used).
				Try("%s: {size: …}", f.where("disks."+mount))
		case said.Inodes > 0 && count+said.InodesUsed > said.Inodes:
			return action.Errorf(action.CodeInvalid, "the disk at %s cannot hold so many files: %d of the scenario, and %d others", mount, count, said.InodesUsed).
				Try("%s: {inodes: …}", f.where("disks."+mount))
		}
	}
	return nil
}

// unable says that what a scenario says cannot be. There is no machine on which a person could look why.
func unable(doing, at string, err error) error {
	e := files.Failed(doing, at, err)
	e.Hint = ""
	return e
}

// begin takes the lock for a call from outside, at a time at which everything has happened that was to happen by then. It is found out
// before the lock is taken: what happens may be to these files.
func (f *Files) begin() {
	now := f.now()
	f.mu.Lock()
	f.time = now
}

// where is where the scenario has something of this machine.
func (f *Files) where(what string) string { return placeOf(f.name) + "." + what }

// place makes one file of the scenario, or as many as it stands for.
func (f *Files) place(one scenario.File, starts time.Time) error {
	for _, at := range one.Paths() {
		modified := starts.Add(-one.Age)
		in, err := f.tree.folder(path.Dir(at), func() time.Time { return modified })
		if err != nil {
			return err
		}
		n := f.tree.node(kindOf(one), modified)
		n.text, n.lead, n.target = []byte(one.Content), int64(one.Size), files.Unspell(one.Link)
		if one.Mode != 0 {
			n.mode = fs.FileMode(one.Mode) & fs.ModePerm
		}
		f.give(n, one.Owner)
		switch was := in.in[path.Base(at)]; {
		case was == nil:
		case was.kind == files.Folder && n.kind == files.Folder:
			n.in = was.in
		case was.kind == files.Folder || n.kind == files.Folder:
			return syscall.EEXIST // and one of both would be lost
		}
		in.in[path.Base(at)] = n
	}
	return nil
}

func kindOf(one scenario.File) files.Kind {
	switch {
	case one.Link != "":
		return files.Link
	case one.Folder:
		return files.Folder
	}
	return files.File
}

// give gives a file to user:group. Who is named in a scenario is known on its machine.
func (f *Files) give(n *node, to string) {
	user, group, _ := strings.Cut(to, ":")
	for _, name := range []string{user, group} {
		if name != "" {
			f.known[name] = true
		}
	}
	if user != "" {
		n.owner = user
	}
	if group != "" {
		n.group = group
	}
}

// Machine is its name.
func (f *Files) Machine(context.Context) (string, error) { return f.name, nil }

// Look looks at what there is at a path.
func (f *Files) Look(_ context.Context, at string) (files.Entry, error) {
	f.begin()
	defer f.mu.Unlock()
	n, err := f.tree.look(at, false)
	if err != nil {
		return files.Entry{}, files.Failed("look at", at, err)
	}
	return n.entry(at, f.mount(at)), nil
}

// Link is the first link on the way to a path.
func (f *Files) Link(ctx context.Context, at string) (link, target string, err error) {
	link, target = files.FirstLink(ctx, f, at)
	return link, target, nil
}

// Walk finds what is below a root.
func (f *Files) Walk(ctx context.Context, root string, only files.Filter, visit func([]files.Entry) error) (files.Walked, error) {
	if err := only.Check("walk"); err != nil {
		return files.Walked{}, err
	}
	found, walked, err := f.find(root, only)
	if err != nil {
		return files.Walked{}, files.Failed("look into", root, err)
	}
	if ctx.Err() != nil {
		return walked, context.Cause(ctx)
	}
	if len(found) > 0 {
		err = visit(found)
	}
	return walked, err
}

// Usage counts what is below a root.
func (f *Files) Usage(ctx context.Context, root string, stay bool) (files.Usage, error) {
	return files.Count(ctx, f, root, stay)
}

func (f *Files) find(root string, only files.Filter) (found []files.Entry, walked files.Walked, err error) {
	f.begin()
	defer f.mu.Unlock()
	start, err := f.tree.folder(root, nil)
	if err != nil {
		return nil, walked, err
	}
	home := f.mount(root)
	var into func(n *node, at string, depth int)
	into = func(n *node, at string, depth int) {
		for _, name := range sortedNames(n.in) {
			inner, below := n.in[name], path.Join(at, name)
			disk := f.mount(path.Join(root, below))
			walked.Seen++
			if only.LeavesOut(name) || only.Stay && disk != home {
				continue
			}
			if e := inner.entry(below, disk); only.Named(name, inner.kind) && only.Fits(&e) {
				found = append(found, e)
			}
			if inner.kind == files.Folder && only.Reaches(depth+1) {
				into(inner, below, depth+1)
			}
		}
	}
	into(start, "", 1)
	return found, walked, nil
}

func sortedNames(in map[string]*node) []string {
	out := make([]string, 0, len(in))
	for name := range in {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Open reads a file.
func (f *Files) Open(_ context.Context, at string, offset int64) (io.ReadCloser, error) {
	f.begin()
	defer f.mu.Unlock()
	n, err := f.open(at)
	if err != nil {
		return nil, files.Failed("read", at, err)
	}
	if offset < 0 {
		offset = max(n.length()+offset, 0)
	}
	return io.NopCloser(&reader{file: n, at: min(offset, n.length())}), nil
}

// open is a file as it is now, through links.
func (f *Files) open(at string) (*node, error) {
	n, err := f.tree.look(at, true)
	if err == nil && n.kind != files.File {
		err = files.ErrNoFile
	}
	if err != nil {
		return nil, err
	}
	frozen := *n
	return &frozen, nil
}

// A reader reads a file as it was when it was opened.
type reader struct {
	file *node
	at   int64
}

func (r *reader) Read(p []byte) (int, error) {
	if r.at >= r.file.length() {
		return 0, io.EOF
	}
	n := copy(p, r.file.content(r.at, int64(len(p))))
	r.at += int64(n)
	return n, nil
}

// Change makes changes below a root, the deepest first.
func (f *Files) Change(ctx context.Context, root string, changes []files.Change) ([]error, error) {
	f.begin()
	defer f.mu.Unlock()
	start, err := f.tree.folder(root, nil)
	if err != nil {
		return nil, files.Failed("look into", root, err)
	}
	errs := make([]error, len(changes))
	for _, i := range files.DeepestFirst(changes) {
		if ctx.Err() != nil {
			errs[i] = files.NotChanged(ctx, changes[i])
			continue
		}
		errs[i] = f.change(start, root, changes[i])
	}
	return errs, nil
}

func (f *Files) change(root *node, rootPath string, c files.Change) error {
	at := c.Was.Path
	failed := func(err error) error { return files.Failed(c.Op.Doing(), at, err) }
	in, name, err := f.tree.below(root, at, nil)
	if err != nil {
		return failed(err)
	}
	n, there := in.in[name]
	if !there {
		return failed(syscall.ENOENT)
	}
	if differs := c.Was.Differs(n.entry(at, f.mount(path.Join(rootPath, at)))); differs != "" {
		return files.Changed(c.Op.Doing(), at, differs)
	}
	switch c.Op {
	case files.Remove:
		return f.remove(in, name, at, path.Join(rootPath, at))
	case files.Chown:
		return f.chown(n, c.To)
	case files.Rename:
		return f.rename(root, in, name, path.Join(rootPath, at), path.Join(rootPath, c.To), c.To)
	}
	return action.Errorf(action.CodeInternal, "files cannot be changed by %q", c.Op)
}

func (f *Files) remove(in *node, name, at, whole string) error {
	if _, mounted := f.disks[whole]; mounted {
		return files.Failed(files.Remove.Doing(), at, syscall.EBUSY)
	}
	if len(in.in[name].in) > 0 {
		return files.Failed(files.Remove.Doing(), at, syscall.ENOTEMPTY)
	}
	f.hold(f.mount(whole), -in.in[name].used(), -1)
	delete(in.in, name)
	in.modified = f.time
	return nil
}

func (f *Files) chown(n *node, to string) error {
	if err := f.knows(to); err != nil {
		return err
	}
	f.give(n, to)
	return nil
}

// Knows refuses an owner that the machine does not know. Numbers have no names there.
func (f *Files) Knows(_ context.Context, to string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return to, f.knows(to)
}

func (f *Files) knows(to string) error {
	user, group, _ := strings.Cut(to, ":")
	for _, who := range []struct{ what, name string }{{"user", user}, {"group", group}} {
		if _, err := strconv.ParseUint(who.name, 10, 31); who.name != "" && err != nil && !f.known[who.name] {
			return files.NoOwner(who.what, who.name)
		}
	}
	return nil
}

// rename gives what is at a path another one. Whole are both from the root of the machine, to is as it was asked for.
func (f *Files) rename(root, in *node, name, whole, wholeTo, to string) error {
	there, newName, err := f.tree.below(root, to, nil)
	_, mounted := f.disks[whole]
	switch {
	case err != nil:
	case there.in[newName] != nil:
		err = syscall.EEXIST
	case mounted:
		err = syscall.EBUSY
	case f.mount(whole) != f.mount(wholeTo):
		err = syscall.EXDEV
	case in.in[name].contains(there):
		err = syscall.EINVAL
	}
	if err != nil {
		return files.Failed("rename to", to, err)
	}
	clear(f.holds) // disks may be mounted in it
	there.in[newName] = in.in[name]
	delete(in.in, name)
	in.modified, there.modified = f.time, f.time
	return nil
}

// Create begins a file below a root.
func (f *Files) Create(_ context.Context, root, at string) (files.Draft, error) {
	f.begin()
	defer f.mu.Unlock()
	made := func() time.Time {
		clear(f.holds)
		return f.time
	}
	start, err := f.tree.folder(root, made)
	if err != nil {
		return nil, files.Failed("write", at, err)
	}
	in, name, err := f.tree.below(start, at, made)
	d := &draft{files: f, in: in, name: name, disk: f.mount(path.Join(root, at)), about: at}
	switch {
	case err != nil:
	case in.in[name] != nil && in.in[name].kind == files.Folder:
		err = syscall.EISDIR
	case !f.fits(d.disk, 0, 1):
		err = syscall.ENOSPC
	}
	if err != nil {
		return nil, files.Failed("write", at, err)
	}
	f.drafts[d] = true
	return d, nil
}

// A draft is a file that is being written.
type draft struct {
	files *Files
	in    *node
	name  string
	disk  string
	about string
	text  []byte
	over  bool
}

// errOver is what comes of writing to a draft that has ended.
var errOver = errors.New("it has been kept or dropped")

func (d *draft) Write(p []byte) (int, error) {
	d.files.begin()
	defer d.files.mu.Unlock()
	if d.over {
		return 0, files.Failed("write", d.about, errOver)
	}
	has := int64(len(d.text))
	if more := files.Taken(has+int64(len(p))) - files.Taken(has); more > 0 && !d.files.fits(d.disk, more, 0) {
		return 0, files.Failed("write", d.about, syscall.ENOSPC)
	}
	d.text = append(d.text, p...)
	return len(p), nil
}

// Keep makes it the file.
func (d *draft) Keep(ctx context.Context, a files.Attributes) error {
	if err := a.Allowed(ctx); err != nil {
		_ = d.Drop(ctx) // it never fails
		return err
	}
	d.files.begin()
	defer d.files.mu.Unlock()
	if d.over {
		return nil
	}
	d.end()
	n := d.files.tree.node(files.File, d.files.time)
	n.text = d.text
	if was := d.in.in[d.name]; was != nil {
		d.files.hold(d.disk, -was.used(), -1)
		if was.kind == files.File {
			n.mode = was.mode
		}
	}
	d.files.hold(d.disk, n.used(), 1)
	if a.Mode != 0 {
		n.mode = a.Mode & fs.ModePerm
	}
	if !a.Modified.IsZero() {
		n.modified = a.Modified
	}
	d.in.in[d.name] = n
	d.in.modified = d.files.time
	return nil
}

// end takes it off the disk, as something that is being written.
func (d *draft) end() {
	d.over = true
	delete(d.files.drafts, d)
}

// Drop removes it.
func (d *draft) Drop(context.Context) error {
	d.files.begin()
	defer d.files.mu.Unlock()
	d.end()
	return nil
}
