//go:build unix

package local

import (
	"errors"

	"golang.org/x/sys/unix"
)

// moveUnguarded gives an entry another name after a look that there is nothing. What comes there at the same moment is replaced.
func moveUnguarded(in *folder, name string, there *folder, newName string) error {
	var st unix.Stat_t
	switch err := there.stat(newName, &st); {
	case err == nil:
		return unix.EEXIST
	case !errors.Is(err, unix.ENOENT):
		return err
	}
	return unix.Renameat(in.fd, name, there.fd, newName)
}
