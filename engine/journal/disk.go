package journal

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// A disk is what a File needs of the file system. Tests put one in its place that fails, or that remembers what was made
// durable.
type disk interface {
	// MakeAll creates a folder, and those above it, for the user alone.
	MakeAll(path string) error
	// Make creates one folder for the user alone and fails if there is one.
	Make(path string) error
	// Open opens a file for writing, creating it for the user alone.
	Open(path string, flag int) (file, error)
	// Find fails where there is no such file.
	Find(path string) error
	// SyncDir makes the entries of a folder durable: without it, a file that was synced can still lose its name in a crash.
	SyncDir(path string) error
}

// A file is what a File writes to. *os.File is one.
type file interface {
	io.Writer
	Sync() error
	Close() error
}

type realDisk struct{}

func (realDisk) MakeAll(path string) error { return os.MkdirAll(path, 0o700) }

func (realDisk) Make(path string) error { return os.Mkdir(path, 0o700) }

func (realDisk) Open(path string, flag int) (file, error) {
	return os.OpenFile(path, flag|os.O_WRONLY, 0o600)
}

func (realDisk) Find(path string) error {
	_, err := os.Stat(path)
	return err
}

func (realDisk) SyncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil // some network file systems cannot sync a folder and do not need to
	}
	return errors.Join(err, d.Close())
}
