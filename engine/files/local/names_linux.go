package local

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"

	"runbook/engine/files"
)

// What the kernel says of an entry of a folder: struct linux_dirent64 of getdents(2).
const (
	lengthAt = 16
	typeAt   = 18
	nameAt   = 19
)

// names reads some names of a folder, into a buffer of who asks; none at its end.
func (f *folder) names(buffer []byte) ([]name, error) {
	n, err := retried(func() (int, error) { return unix.ReadDirent(f.fd, buffer) })
	if err != nil || n <= 0 {
		return nil, err
	}
	var out []name
	for rest := buffer[:n]; len(rest) > nameAt; {
		length := int(binary.NativeEndian.Uint16(rest[lengthAt:]))
		if length <= nameAt || length > len(rest) {
			break
		}
		text, _, _ := bytes.Cut(rest[nameAt:length], []byte{0})
		if s := string(text); s != "." && s != ".." {
			out = append(out, name{s, kindOfType(rest[typeAt])})
		}
		rest = rest[length:]
	}
	if out == nil {
		return f.names(buffer) // a folder's own names alone are not its end
	}
	return out, nil
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
