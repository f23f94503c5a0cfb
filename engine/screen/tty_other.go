//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly

package screen

import "os"

// discardInput does nothing: there is no way to drop what was typed on this system.
func discardInput(*os.File) {}
