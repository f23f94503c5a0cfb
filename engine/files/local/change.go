//go:build unix

package local

import (
	"context"
	"os/user"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"runbook/engine/action"
	"runbook/engine/files"
)

// A changer makes changes below one root. It keeps the folder open that it changed something in last: most changes are in the same.
type changer struct {
	files *Files
	root  *folder
	below string  // where the root is
	last  *folder // nil for none
	where string  // of last, as it was asked for
}

// Change makes changes below a root, the deepest first.
func (f *Files) Change(ctx context.Context, root string, changes []files.Change) ([]error, error) {
	opened, err := openWay(root)
	if err != nil {
		return nil, files.Failed("look into", root, err)
	}
	c := &changer{files: f, root: opened, below: root}
	defer c.close()
	errs := make([]error, len(changes))
	for _, i := range files.DeepestFirst(changes) {
		if ctx.Err() != nil {
			errs[i] = files.NotChanged(ctx, changes[i])
			continue
		}
		errs[i] = c.change(changes[i])
	}
	return errs, nil
}

func (c *changer) close() {
	if c.last != nil {
		c.last.close()
	}
	c.root.close()
}

// change makes one change, if what it is about is what it was. Between the look and the change there is no time to speak of, and both are
// by the name in a folder that is held open.
func (c *changer) change(one files.Change) error {
	at := one.Was.Path
	failed := func(err error) error { return files.FailedBelow(c.below, one.Op.Doing(), at, err) }
	in, name, err := c.in(at)
	if err != nil {
		return failed(err)
	}
	now, err := c.files.named(in, name, at, at)
	if err != nil {
		return err
	}
	if differs := one.Was.Differs(now); differs != "" {
		return files.Changed(one.Op.Doing(), at, differs)
	}
	switch one.Op {
	case files.Remove:
		err = remove(in, name, now.Kind)
	case files.Chown:
		err = chown(in, name, one.To)
	case files.Rename:
		err = c.rename(in, name, one.To)
	default:
		err = action.Errorf(action.CodeInternal, "files cannot be changed by %q", one.Op)
	}
	if err != nil {
		return failed(err)
	}
	return nil
}

// in is the folder that a path is in, open.
func (c *changer) in(at string) (*folder, string, error) {
	where, name := splitLast(at)
	if c.last != nil && c.where == where && name != "" && name != "." && name != ".." {
		return c.last, name, nil
	}
	in, name, err := c.root.parent(at)
	if err != nil {
		return nil, "", err
	}
	if c.last != nil {
		c.last.close()
	}
	c.last, c.where = in, where
	return in, name, nil
}

func remove(in *folder, name string, kind files.Kind) error {
	flags := 0
	if kind == files.Folder {
		flags = unix.AT_REMOVEDIR
	}
	return unix.Unlinkat(in.fd, name, flags)
}

func (c *changer) rename(in *folder, name, to string) error {
	there, newName, err := c.root.parent(to)
	if err != nil {
		return files.FailedBelow(c.below, "rename to", to, err)
	}
	defer there.close()
	if err := move(in, name, there, newName); err != nil {
		return files.FailedBelow(c.below, "rename to", to, err)
	}
	return nil
}

// chown gives an entry to another owner.
func chown(in *folder, name, to string) error {
	uid, gid, err := owner(to)
	if err != nil {
		return err
	}
	return unix.Fchownat(in.fd, name, uid, gid, unix.AT_SYMLINK_NOFOLLOW)
}

// Knows refuses an owner that this machine does not know, and returns it by name.
func (f *Files) Knows(_ context.Context, to string) (string, error) {
	uid, gid, err := owner(to)
	if err != nil {
		return "", err
	}
	user, group, grouped := strings.Cut(to, ":")
	if uid != same {
		user = named(&f.users, uint32(uid), userName)
	}
	if gid != same {
		group = named(&f.groups, uint32(gid), groupName)
	}
	if grouped {
		group = ":" + group
	}
	return user + group, nil
}

// same leaves an owner or a group as it is.
const same = -1

// owner are the numbers of user, user:group or :group. A name that is none may be a number.
func owner(text string) (uid, gid int, err error) {
	who, group, _ := strings.Cut(text, ":")
	if uid, err = number(who, "user", func(name string) (string, error) {
		u, err := user.Lookup(name)
		if err != nil {
			return "", err
		}
		return u.Uid, nil
	}); err != nil {
		return 0, 0, err
	}
	gid, err = number(group, "group", func(name string) (string, error) {
		g, err := user.LookupGroup(name)
		if err != nil {
			return "", err
		}
		return g.Gid, nil
	})
	return uid, gid, err
}

func number(name, what string, lookUp func(string) (string, error)) (int, error) {
	if name == "" {
		return same, nil
	}
	text, err := lookUp(name)
	if err != nil {
		text = name
	}
	id, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, files.NoOwner(what, name)
	}
	return int(id), nil
}
