package local

import (
	"bufio"
	"context"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"runbook/engine/files"
)

// Disk is the file system that a path lies on. A link is looked through, as df does.
func (*Files) Disk(_ context.Context, at string) (files.Disk, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(at, &st); err != nil {
		return files.Disk{}, files.Failed("look at the file system of", at, err)
	}
	block := int64(st.Frsize) //nolint:unconvert // its type is another on smaller machines
	if block == 0 {
		block = int64(st.Bsize) //nolint:unconvert // likewise
	}
	return files.Disk{
		Mount: mountPoint(at), Total: int64(st.Blocks) * block, Used: int64(st.Blocks-st.Bfree) * block, Free: int64(st.Bavail) * block,
		Inodes: int64(st.Files), InodesFree: int64(st.Ffree),
	}, nil
}

// mountPoint is where the file system of a path is mounted, "" if that cannot be known.
func mountPoint(at string) string {
	fd, err := unix.Open(at, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	f := newFolder(fd, "", 0)
	defer f.close()
	if id := mountID(f); id != 0 {
		return mountedAs(strconv.FormatUint(id, 10))
	}
	return ""
}

// mountedAs is where the mount of that number is.
func mountedAs(id string) string {
	in, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	defer func() { _ = in.Close() }() // it was only read
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if mount, point := files.MountIn(lines.Text()); mount == id {
			return point
		}
	}
	return ""
}
