package scenario

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"runbook/engine/files"
)

// counter stands in a path for the number of a file.
const counter = "{n}"

// filesAtMost is how many files one entry may stand for.
const filesAtMost = 200_000

// Paths are those of the files that this stands for, as the machine has them.
func (f File) Paths() []string {
	at := files.Unspell(strings.TrimRight(f.Path, "/"))
	if f.Count == 0 {
		return []string{at}
	}
	out := make([]string, f.Count)
	for i := range out {
		out[i] = strings.ReplaceAll(at, counter, strconv.Itoa(i+1))
	}
	return out
}

// filesOver is base with what own has at the same path in its place, and the rest of own after it.
func filesOver(own, base []File) []File {
	return replaced(base, own, func(f File) string { return f.Path })
}

func disksOver(own, base map[string]Disk) map[string]Disk {
	if base == nil {
		return own
	}
	out := maps.Clone(base)
	maps.Copy(out, own)
	return out
}

// Prints tells whether the scenario says of a program what it prints on the machine.
func (h Host) Prints(program string) bool {
	return slices.ContainsFunc(h.Commands, func(a Answer) bool { return a.Argv[0] == program })
}

func (h Host) checkFiles(f file, at []any) error {
	for i, one := range h.Files {
		if field, err := one.check(); err != nil {
			return f.at(err, slices.Concat(at, []any{"files", i, field})...)
		}
	}
	for _, mount := range slices.Sorted(maps.Keys(h.Disks)) {
		field, err := h.Disks[mount].check()
		if !path.IsAbs(mount) || path.Clean(mount) != mount {
			field, err = "", fmt.Errorf("%q is no place to mount a disk at, such as / or /var", mount)
		}
		if err != nil {
			return f.at(err, slices.Concat(at, []any{"disks", mount, field})...)
		}
	}
	return nil
}

func (f File) check() (field string, err error) {
	clean := strings.TrimSuffix(f.Path, "/")
	switch {
	case !path.IsAbs(f.Path) || path.Clean(clean) != clean || clean == "":
		return "path", fmt.Errorf("%q is no absolute path such as /var/log/app.log", f.Path)
	case strings.HasSuffix(f.Path, "/"):
		return "path", errors.New("a folder is one by saying so: folder: true")
	case f.Count < 0 || f.Count > filesAtMost:
		return "count", fmt.Errorf("a count is from 0 to %d", filesAtMost)
	case f.Count > 0 != strings.Contains(f.Path, counter):
		return "count", fmt.Errorf("many files have a count, and %s in their path where the number is", counter)
	case f.Mode > uint32(fs.ModePerm):
		return "mode", errors.New("a mode is the permissions alone, such as 0o640")
	case strings.Count(f.Owner, ":") > 1 || f.Owner == ":":
		return "owner", fmt.Errorf("%q is no owner such as photon or photon:photon", f.Owner)
	case f.Folder && f.Link != "":
		return "link", errors.New("a folder is no link")
	case (f.Folder || f.Link != "") && (f.Content != "" || f.Size != 0):
		return "content", errors.New("only a file has content, or a size")
	case f.Content != "" && f.Size != 0:
		return "size", errors.New("a file has a content or a size")
	case f.Age < 0:
		return "age", errors.New("a duration is not negative here")
	}
	return "", nil
}

func (d Disk) check() (field string, err error) {
	if d.Size > 0 && d.Used > d.Size {
		return "used", errors.New("more is used than there is")
	}
	for _, one := range []struct {
		field string
		value int64
	}{{"inodes", d.Inodes}, {"inodes_used", d.InodesUsed}} {
		if one.value < 0 {
			return one.field, errors.New("a number of files is not negative")
		}
	}
	return "", nil
}
