package screen

import (
	"os"

	"golang.org/x/sys/unix"
)

// discardInput drops what was typed on a terminal and not read yet. If it fails, the question is asked all the same.
func discardInput(f *os.File) { _ = unix.IoctlSetInt(int(f.Fd()), unix.TCFLSH, unix.TCIFLUSH) }

// How the settings of a terminal are read and written.
const (
	getTermios = unix.TCGETS
	setTermios = unix.TCSETS
)
