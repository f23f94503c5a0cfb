package local

import "golang.org/x/sys/unix"

// forWay opens a folder to reach what is in it by name, which may be allowed where its names may not be read.
const forWay = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC
