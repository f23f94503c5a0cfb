//go:build unix && !linux

package local

import (
	"context"

	"golang.org/x/sys/unix"

	"runbook/engine/files"
)

// Disk is the file system that a path lies on. A link is looked through, as df does.
func (*Files) Disk(_ context.Context, at string) (files.Disk, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(at, &st); err != nil {
		return files.Disk{}, files.Failed("look at the file system of", at, err)
	}
	block := int64(st.Bsize)
	return files.Disk{
		Mount: unix.ByteSliceToString(st.Mntonname[:]), Total: int64(st.Blocks) * block, Used: int64(st.Blocks-st.Bfree) * block,
		Free: int64(st.Bavail) * block, Inodes: int64(st.Files), InodesFree: int64(st.Ffree),
	}, nil
}
