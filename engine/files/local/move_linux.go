package local

import (
	"errors"

	"golang.org/x/sys/unix"
)

// move gives an entry another name, at which there must be nothing.
func move(in *folder, name string, there *folder, newName string) error {
	err := unix.Renameat2(in.fd, name, there.fd, newName, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return moveUnguarded(in, name, there, newName) // the file system cannot
	}
	return err
}
