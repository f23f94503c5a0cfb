package host

import (
	"cmp"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"syscall"
	"time"

	"runbook/engine/files"
)

// A node is what there is at a path of a simulated machine. Whoever holds the machine's lock may look at it and change it.
type node struct {
	id       int64
	kind     files.Kind
	modified time.Time
	mode     fs.FileMode
	owner    string
	group    string
	lead     int64  // bytes that a file begins with, of which nobody knows more than how many they are: they read as zeros
	text     []byte // what comes after them; only ever appended to, so that who reads it has what there was
	target   string // of a link
	in       map[string]*node
}

// What files are where a scenario does not say.
const (
	superuser  = "root"
	fileMode   = 0o644
	folderMode = 0o755
	linkMode   = 0o777
)

// A tree is the files of a machine.
type tree struct {
	root *node
	last int64 // inode given
}

func newTree(now time.Time) *tree {
	t := &tree{}
	t.root = t.node(files.Folder, now)
	return t
}

func (t *tree) node(kind files.Kind, now time.Time) *node {
	t.last++
	n := &node{id: t.last, kind: kind, modified: now, mode: fileMode, owner: superuser, group: superuser}
	switch kind {
	case files.Folder:
		n.mode, n.in = folderMode, map[string]*node{}
	case files.Link:
		n.mode = linkMode
	}
	return n
}

// linksAtMost is how many links lead to one place before there is thought to be a circle.
const linksAtMost = 40

// look finds what there is at a path, through links above it, and through itself if that is wanted.
func (t *tree) look(at string, through bool) (*node, error) {
	return t.lookFrom(at, through, linksAtMost)
}

func (t *tree) lookFrom(at string, through bool, left int) (*node, error) {
	now, where := t.root, "/"
	parts := partsOf(at)
	for i, name := range parts {
		if now.kind != files.Folder {
			return nil, syscall.ENOTDIR
		}
		next, there := now.in[name]
		if !there {
			return nil, syscall.ENOENT
		}
		if last := i == len(parts)-1; next.kind == files.Link && (through || !last) {
			if left == 0 {
				return nil, syscall.ELOOP
			}
			to := next.target
			if !path.IsAbs(to) {
				to = path.Join(where, to)
			}
			return t.lookFrom(path.Join(append([]string{to}, parts[i+1:]...)...), through, left-1)
		}
		now, where = next, path.Join(where, name)
	}
	return now, nil
}

func partsOf(at string) []string {
	return strings.FieldsFunc(at, func(r rune) bool { return r == '/' })
}

// below finds the folder that a path below a folder is in, through no link, and the path's last part. Made has folders made.
func (t *tree) below(root *node, at string, made func() time.Time) (*node, string, error) {
	parts := strings.Split(at, "/")
	last := parts[len(parts)-1]
	if last == "" || last == "." || last == ".." {
		return nil, "", files.ErrLeaves
	}
	now := root
	for _, name := range parts[:len(parts)-1] {
		switch name {
		case "", ".":
			continue
		case "..":
			return nil, "", files.ErrLeaves
		}
		next, there := now.in[name]
		switch {
		case !there && made == nil:
			return nil, "", syscall.ENOENT
		case !there:
			next = t.node(files.Folder, made())
			now.in[name] = next
		case next.kind != files.Folder:
			return nil, "", syscall.ENOTDIR
		}
		now = next
	}
	return now, last, nil
}

// folder finds a folder, and makes it and those above it where they are not there and made says when.
func (t *tree) folder(at string, made func() time.Time) (*node, error) {
	found, err := t.look(at, true)
	switch {
	case err == nil && found.kind != files.Folder:
		return nil, syscall.ENOTDIR
	case err == nil || made == nil || err != syscall.ENOENT: //nolint:errorlint // it is not wrapped
		return found, err
	}
	above, err := t.folder(path.Dir(at), made)
	if err != nil {
		return nil, err
	}
	if above.in[path.Base(at)] != nil {
		return nil, syscall.EEXIST // a link that leads nowhere
	}
	n := t.node(files.Folder, made())
	above.in[path.Base(at)] = n
	return n, nil
}

// entry is a node as others see it, on a disk.
func (n *node) entry(at, disk string) files.Entry {
	return files.Entry{
		Path: at, Kind: n.kind, Size: n.length(), Used: n.used(), Modified: n.modified, Mode: n.mode, Owner: n.owner, Group: n.group,
		Links: 1, ID: cmp.Or(disk, "/") + ":" + strconv.FormatInt(n.id, 10), Target: n.target,
	}
}

func (n *node) length() int64 {
	switch n.kind {
	case files.Folder:
		return files.BlockSize
	case files.Link:
		return int64(len(n.target))
	}
	return n.lead + int64(len(n.text))
}

// inInode is how long the target of a link may be that is kept in its inode, where it takes no block.
const inInode = 60

// used is the space that it takes.
func (n *node) used() int64 {
	if n.kind == files.Link && n.length() < inInode {
		return 0
	}
	return files.Taken(n.length())
}

// content is what a file holds from an offset that is in it.
func (n *node) content(from, most int64) []byte {
	out := make([]byte, min(most, n.length()-from))
	if unknown := max(n.lead-from, 0); unknown < int64(len(out)) {
		copy(out[unknown:], n.text[from+unknown-n.lead:])
	}
	return out
}

// contains tells whether a folder is another one, or above it.
func (n *node) contains(other *node) bool {
	if n == other {
		return true
	}
	for _, inner := range n.in {
		if inner.kind == files.Folder && inner.contains(other) {
			return true
		}
	}
	return false
}
