//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly

package screen

import (
	"errors"
	"os"
)

// hush cannot be done on this system, so that no secret is asked for where everybody would see it.
func hush(*os.File) (restore func(), err error) { return nil, errors.ErrUnsupported }
