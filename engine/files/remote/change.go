package remote

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"

	"runbook/engine/files"
)

// How stat tells what an entry is: type, identity, size and time.
const (
	exactForm = "%f,%d:%i,%s,%.9Y"
	plainForm = "%f,%d:%i,%s,%Y"
)

// A batch is at most so many entries of one folder, whose names are at most so long in all: what a command line can hold that ssh passes
// on as one argument.
const (
	batchEntries = 400
	batchBytes   = 32 << 10
)

// A batch is changes of one kind in one folder.
type batch struct {
	op      string
	to      string
	folder  string
	members []int // places among the changes
	bytes   int
}

// Change makes changes below a root, the deepest first.
func (f *Files) Change(ctx context.Context, root string, changes []files.Change) ([]error, error) {
	has, err := f.known(ctx)
	if err != nil {
		return nil, err
	}
	errs := make([]error, len(changes))
	var b batch
	flush := func() {
		if len(b.members) > 0 {
			f.batch(ctx, has, root, b, changes, errs)
		}
		b = batch{}
	}
	for _, i := range files.DeepestFirst(changes) {
		c := changes[i]
		folder, name, err := split(c.Was.Path)
		op := opOf(c)
		switch {
		case ctx.Err() != nil:
			errs[i] = files.NotChanged(ctx, c)
			continue
		case err != nil:
			errs[i] = files.FailedBelow(root, c.Op.Doing(), c.Was.Path, err)
			continue
		case c.Op == files.Rename:
			flush()
			errs[i] = f.rename(ctx, has, root, c)
			continue
		}
		if op != b.op || c.To != b.to || folder != b.folder || len(b.members) == batchEntries || b.bytes+len(name) > batchBytes {
			flush()
			b = batch{op: op, to: c.To, folder: folder}
		}
		b.members, b.bytes = append(b.members, i), b.bytes+len(name)
	}
	flush()
	return errs, nil
}

func opOf(c files.Change) string {
	if c.Op == files.Remove && c.Was.Kind == files.Folder {
		return "rmdir"
	}
	return string(c.Op)
}

// split is the folder that a path below a root is in, as a script takes it, and its name in it.
func split(at string) (folder, name string, err error) {
	for part := range strings.SplitSeq(at, "/") {
		if part == "" || part == "." || part == ".." {
			return "", "", files.ErrLeaves
		}
	}
	folder, name = path.Split(at)
	if folder == "" {
		return ".", "./" + name, nil
	}
	return "./" + strings.TrimSuffix(folder, "/"), "./" + name, nil
}

// batch makes changes in one folder, and notes what came of each.
func (f *Files) batch(ctx context.Context, has tools, root string, b batch, changes []files.Change, errs []error) {
	form, was := plainForm, make([]string, len(b.members))
	if has.exact {
		form = exactForm
	}
	args := []string{b.op, root, b.folder, form, orDot(b.to), ""}
	for i, at := range b.members {
		_, name, _ := split(changes[at].Was.Path) // it was split before
		was[i] = described(changes[at].Was, has)
		args = append(args, name)
	}
	args[5] = strings.Join(was, "\n")
	out, code, complaint, err := "", 0, "", error(nil)
	if b.op == string(files.Chown) {
		_, err = f.Knows(ctx, b.to)
	}
	if err == nil {
		out, code, complaint, err = f.output(ctx, changeScript, args...)
	}
	if err == nil && code != 0 {
		err = reason(code, complaint)
	}
	lines := strings.Split(out, "\n")
	for i, at := range b.members {
		c := changes[at]
		switch {
		case err != nil:
			errs[at] = files.Uncertain(root, c, err)
		case i >= len(lines):
			errs[at] = files.FailedBelow(root, c.Op.Doing(), c.Was.Path, errRecord)
		default:
			errs[at] = outcome(root, c, lines[i])
		}
	}
}

// outcome is what a line says of a change.
func outcome(root string, c files.Change, line string) error {
	mark, rest, _ := strings.Cut(line, " ")
	switch mark {
	case "ok":
		return nil
	case "gone":
		return files.FailedBelow(root, c.Op.Doing(), c.Was.Path, reason(exitNone, ""))
	case "differs":
		return files.Changed(c.Op.Doing(), c.Was.Path, differs(c.Was, rest))
	case "failed":
		return files.FailedBelow(root, c.Op.Doing(), c.Was.Path, reason(1, rest))
	}
	return files.FailedBelow(root, c.Op.Doing(), c.Was.Path, errRecord)
}

// modes are patterns for the modes of each kind, in hexadecimal digits.
var modes = map[files.Kind]string{files.File: "8???", files.Folder: "4???", files.Link: "a???", files.Other: "[126c]???"}

// anything is a pattern for what does not count.
const anything = "*"

// described is an entry as stat has to tell it: a pattern of the shell. Of a folder neither size nor time count.
func described(e files.Entry, has tools) string {
	size, at := strconv.FormatInt(e.Size, 10), strconv.FormatInt(e.Modified.Unix(), 10)
	if has.exact {
		at = fmt.Sprintf("%d.%09d", e.Modified.Unix(), e.Modified.Nanosecond())
	}
	if e.Kind == files.Folder {
		size, at = anything, anything
	}
	return strings.Join([]string{modes[e.Kind], e.ID, size, at}, ",")
}

// differs says in which way an entry is not what it was, by what stat says.
func differs(was files.Entry, line string) string {
	fields := strings.Split(line, ",")
	if len(fields) != 4 {
		return "it is another one now"
	}
	now := was
	now.Kind, now.ID = kindOf(fields[0]), fields[1]
	now.Size, _ = strconv.ParseInt(fields[2], 10, 64) // what is no number differs
	now.Modified, _ = timeOf(fields[3])
	if text := was.Differs(now); text != "" {
		return text
	}
	return "it is another one now"
}

// rename makes one rename.
func (f *Files) rename(ctx context.Context, has tools, root string, c files.Change) error {
	folder, name, err := split(c.Was.Path)
	if err != nil {
		return files.FailedBelow(root, c.Op.Doing(), c.Was.Path, err)
	}
	newFolder, newName, err := split(c.To)
	if err != nil {
		return files.FailedBelow(root, "rename to", c.To, err)
	}
	form := plainForm
	if has.exact {
		form = exactForm
	}
	out, code, complaint, err := f.output(ctx, renameScript, root, folder, name, newFolder, strings.TrimPrefix(newName, "./"), form, described(c.Was, has))
	switch line := strings.TrimSuffix(out, "\n"); {
	case err != nil:
		return files.Uncertain(root, c, err)
	case code != 0:
		return files.FailedBelow(root, "rename to", c.To, reason(code, complaint))
	case line != "ok":
		return files.Changed(c.Op.Doing(), c.Was.Path, differs(c.Was, line))
	}
	return nil
}
