//go:build linux && (amd64 || arm64)

package local

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// statListed looks at a name as names listed it. The kernel is given the name where it stands, where a zero byte follows: to copy each
// one takes a tenth of the time that a large cache takes.
func (f *folder) statListed(n *name, st *unix.Stat_t) error {
	_, _, failed := unix.Syscall6(unix.SYS_NEWFSTATAT, uintptr(f.fd), //nolint:gosec // both stay where they are while the call lasts
		uintptr(unsafe.Pointer(unsafe.StringData(n.text))), uintptr(unsafe.Pointer(st)), unix.AT_SYMLINK_NOFOLLOW, 0, 0)
	if failed != 0 {
		return failed
	}
	return nil
}
