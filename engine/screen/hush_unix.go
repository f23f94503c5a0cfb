//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package screen

import (
	"os"

	"golang.org/x/sys/unix"
)

// hush keeps a terminal from showing what is typed, but for the end of the line, until restore is called. It is done here and at
// once, not by term.ReadPassword, because the read that follows may outlive its question: a late echo-off would stay for ever.
func hush(f *os.File) (restore func(), err error) {
	fd := int(f.Fd())
	was, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil, err
	}
	silent := *was
	silent.Lflag &^= unix.ECHO
	silent.Lflag |= unix.ECHONL | unix.ICANON | unix.ISIG
	if err := unix.IoctlSetTermios(fd, setTermios, &silent); err != nil {
		return nil, err
	}
	return func() { _ = unix.IoctlSetTermios(fd, setTermios, was) }, nil // a terminal that is gone needs no restoring
}
