package journal

import (
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/stretchr/testify/require"
)

// A crashDisk is a real disk that remembers what a crash of the machine would leave: of each file the bytes that were
// synced, and only if the folder with its name was synced too. When budget is spent, writes fail with fault.
type crashDisk struct {
	realDisk

	mu     sync.Mutex
	cached map[string][]byte // path: what was written
	disk   map[string][]byte // path: what was synced
	named  map[string]bool   // path: whether its folder was synced since it was created
	syncs  []string          // files and folders in the order in which they were synced

	budget   int // bytes that may still be written; negative: no limit
	fault    error
	syncTrap error         // what the next Sync of a file returns
	gate     chan struct{} // when set, each Sync of a file waits for a value
}

func newCrashDisk() *crashDisk {
	return &crashDisk{cached: map[string][]byte{}, disk: map[string][]byte{}, named: map[string]bool{}, budget: -1}
}

func (d *crashDisk) Open(path string, flag int) (file, error) {
	f, err := d.realDisk.Open(path, flag)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cached[path] = nil
	return &crashFile{file: f, disk: d, path: path}, nil
}

func (d *crashDisk) SyncDir(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.syncs = append(d.syncs, path)
	for name := range d.cached {
		if filepath.Dir(name) == path {
			d.named[name] = true
		}
	}
	return d.realDisk.SyncDir(path)
}

// synced is what a crash would leave of the file at path.
func (d *crashDisk) synced(path string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return string(d.disk[path])
}

// crash lays out in a new folder what survives, and returns that folder.
func (d *crashDisk) crash(t require.TestingT, base string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	left, err := os.MkdirTemp(base, "crashed")
	require.NoError(t, err)
	for name, content := range d.disk {
		if !d.named[name] {
			continue
		}
		rel, err := filepath.Rel(base, name)
		require.NoError(t, err)
		to := filepath.Join(left, rel)
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o700))
		require.NoError(t, os.WriteFile(to, content, 0o600))
	}
	return left
}

type crashFile struct {
	file
	disk *crashDisk
	path string
}

// Write writes as much as the budget allows, as a full disk does.
func (f *crashFile) Write(p []byte) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	var fault error
	if f.disk.budget >= 0 && len(p) > f.disk.budget {
		p, fault = p[:f.disk.budget], &os.PathError{Op: "write", Path: f.path, Err: f.disk.fault}
	}
	if f.disk.budget >= 0 {
		f.disk.budget -= len(p)
	}
	f.disk.cached[f.path] = append(f.disk.cached[f.path], p...)
	n, err := f.file.Write(p)
	if fault != nil {
		return n, fault
	}
	return n, err
}

func (f *crashFile) Sync() error {
	if f.disk.gate != nil {
		<-f.disk.gate
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	f.disk.syncs = append(f.disk.syncs, f.path)
	if f.disk.syncTrap != nil {
		return f.disk.syncTrap
	}
	f.disk.disk[f.path] = slices.Clone(f.disk.cached[f.path])
	return nil
}
