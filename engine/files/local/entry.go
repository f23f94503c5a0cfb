//go:build unix

package local

import (
	"io/fs"
	"os/user"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"runbook/engine/files"
)

// sector is the unit in which the space is counted that a file takes, whatever the file system's own.
const sector = 512

// entry makes an entry of what the system says of a name in a folder.
func (f *Files) entry(in *folder, name, as string, st *unix.Stat_t) files.Entry {
	e := files.Entry{
		Path: as, Kind: kindOf(uint32(st.Mode)), //nolint:unconvert // its type is another on other systems
		Size:     st.Size,
		Used:     int64(st.Blocks) * sector, //nolint:unconvert // likewise
		Modified: modified(st),
		Mode:     fs.FileMode(st.Mode) & fs.ModePerm,
		Links:    int(st.Nlink),
		ID:       identity(uint64(st.Dev), st.Ino), //nolint:unconvert // likewise
		Owner:    named(&f.users, st.Uid, userName),
		Group:    named(&f.groups, st.Gid, groupName),
	}
	if e.Kind == files.Link {
		e.Target = linkTarget(in, name, st.Size)
	}
	return e
}

func identity(device, inode uint64) string {
	text := make([]byte, 0, 32)
	text = strconv.AppendUint(text, device, 16)
	text = append(text, ':')
	return string(strconv.AppendUint(text, inode, 10))
}

func kindOf(mode uint32) files.Kind {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return files.File
	case unix.S_IFDIR:
		return files.Folder
	case unix.S_IFLNK:
		return files.Link
	}
	return files.Other
}

// linkTarget is where a link points, "" if it has gone meanwhile.
func linkTarget(in *folder, name string, size int64) string {
	buffer := make([]byte, max(size+1, unix.PathMax)) // the links of /proc say that they have no size
	n, err := unix.Readlinkat(in.fd, name, buffer)
	if err != nil {
		return ""
	}
	return string(buffer[:n])
}

// named is the name of a number, looked up once.
func named(known *sync.Map, id uint32, lookUp func(string) (string, error)) string {
	if name, ok := known.Load(id); ok {
		return name.(string)
	}
	number := strconv.FormatUint(uint64(id), 10)
	name, err := lookUp(number)
	if err != nil {
		name = number
	}
	known.Store(id, name)
	return name
}

func userName(id string) (string, error) {
	u, err := user.LookupId(id)
	if err != nil {
		return "", err
	}
	return u.Username, nil
}

func groupName(id string) (string, error) {
	g, err := user.LookupGroupId(id)
	if err != nil {
		return "", err
	}
	return g.Name, nil
}

func modified(st *unix.Stat_t) time.Time { return time.Unix(st.Mtim.Unix()) }
