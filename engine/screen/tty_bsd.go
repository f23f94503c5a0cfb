//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package screen

import (
	"os"

	"golang.org/x/sys/unix"
)

// readQueue is FREAD of sys/fcntl.h: the queue of what was typed.
const readQueue = 1

// discardInput drops what was typed on a terminal and not read yet. If it fails, the question is asked all the same.
func discardInput(f *os.File) { _ = unix.IoctlSetPointerInt(int(f.Fd()), unix.TIOCFLUSH, readQueue) }

// How the settings of a terminal are read and written.
const (
	getTermios = unix.TIOCGETA
	setTermios = unix.TIOCSETA
)
