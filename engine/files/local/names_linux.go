package local

import (
	"encoding/binary"
	"strings"

	"golang.org/x/sys/unix"

	"runbook/engine/files"
)

// What the kernel says of an entry of a folder: struct linux_dirent64 of getdents(2).
const (
	lengthAt = 16
	typeAt   = 18
	nameAt   = 19
)

// names reads some names of a folder into what who asks keeps for it; none at its end. They are good until it is read into again.
func (f *folder) names(into *listing) ([]name, error) {
	n, err := retried(func() (int, error) { return unix.ReadDirent(f.fd, into.buffer) })
	if err != nil || n <= 0 {
		return nil, err
	}
	into.names = into.names[:0]
	all := string(into.buffer[:n]) // all names are parts of it, as the kernel ends them, with a zero byte: statListed needs that
	for at := 0; at+nameAt < n; {
		length := int(binary.NativeEndian.Uint16(into.buffer[at+lengthAt:]))
		if length <= nameAt || at+length > n {
			break
		}
		text, _, _ := strings.Cut(all[at+nameAt:at+length], "\x00")
		if text != "." && text != ".." {
			into.names = append(into.names, name{text, kindOfType(into.buffer[at+typeAt])})
		}
		at += length
	}
	if len(into.names) == 0 {
		return f.names(into) // a folder's own names alone are not its end
	}
	return into.names, nil
}

// kindOfType is "" for what a file system does not tell.
func kindOfType(t byte) files.Kind {
	switch t {
	case unix.DT_UNKNOWN:
		return ""
	case unix.DT_REG:
		return files.File
	case unix.DT_DIR:
		return files.Folder
	case unix.DT_LNK:
		return files.Link
	}
	return files.Other
}
