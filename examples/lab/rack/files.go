package rack

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"runbook/examples/lab/layout"
)

const day = 24 * time.Hour

// The tree of the rack, below its own folder. The numbers of files are small, and the same in every lab.
const (
	oldArtifacts   = 96 // 8 to 39 days old
	freshArtifacts = 48 // up to 6 days old
)

// writeFiles writes what a machine that compiles has: a cache with old and new files, a model store that a link in the
// cache leads out to, and the configuration. Contents are the same in every lab; times are relative to now.
func writeFiles(dir layout.Dir, now time.Time) error {
	for _, f := range files(dir, now) {
		if err := f.write(dir.RackFiles()); err != nil {
			return fmt.Errorf("write the files of the rack: %w", err)
		}
	}
	cache := filepath.Join(dir.RackFiles(), "cache")
	// What an old file behind it is not: one of the cache. Who clears the cache must leave it alone.
	if err := os.Symlink(filepath.Join("..", "models"), filepath.Join(cache, "models")); err != nil {
		return fmt.Errorf("write the files of the rack: %w", err)
	}
	if err := os.Mkdir(filepath.Join(cache, "tmp"), layout.FolderMode); err != nil {
		return fmt.Errorf("write the files of the rack: %w", err)
	}
	return nil
}

// file is one of the tree.
type file struct {
	path     string // from the root of the tree
	content  []byte
	modified time.Time
}

func (f file) write(root string) error {
	path := filepath.Join(root, f.path)
	return errors.Join(
		os.MkdirAll(filepath.Dir(path), layout.FolderMode),
		os.WriteFile(path, f.content, 0o600),
		os.Chtimes(path, f.modified, f.modified),
	)
}

func files(dir layout.Dir, now time.Time) []file {
	all := []file{
		{"etc/config.yaml", config(dir), now.Add(-30 * day)},
		{"models/resnet50.mlirbc", artifact(1001, 96<<10), now.Add(-60 * day)},
		{"models/bert-base.mlirbc", artifact(1002, 128<<10), now.Add(-20 * day)},
		// Names that a careless script trips over.
		{"cache/artifacts/old copy (1).mlirbc", artifact(1003, 4<<10), now.Add(-12 * day)},
		{"cache/artifacts/-rf.mlirbc", artifact(1004, 4<<10), now.Add(-12 * day)},
		{"cache/index.json", []byte("{\"version\": 3, \"entries\": 144}\n"), now.Add(-time.Hour)},
	}
	for i := range oldArtifacts + freshArtifacts {
		// An hour off full days, so that none is within minutes of being seven days old.
		age := time.Duration(8+i%32)*day + time.Hour
		if i >= oldArtifacts {
			age = time.Duration(i%7)*day + time.Hour
		}
		path := fmt.Sprintf("cache/artifacts/%02x/kernel-%04d.mlirbc", i%8, i)
		all = append(all, file{path, artifact(i, (4+i%13)<<10), now.Add(-age)})
	}
	return all
}

// artifact is a compiled kernel to whoever only looks at its size.
func artifact(number, size int) []byte {
	header := fmt.Appendf(nil, "ML\xefR kernel %d\n", number)
	return append(header, bytes.Repeat([]byte{byte(number)}, size-len(header))...)
}

func config(dir layout.Dir) []byte {
	return fmt.Appendf(nil, `server:
  port: 8080
  workers: 8
cache:
  enabled: true
  directory: %q
  size_gb: 10
  max_age_days: 7
  eviction: lru
devices:
  log_directory: %q
  poll_seconds: 5
`, filepath.Join(dir.RackFiles(), "cache"), dir.DeviceLogs())
}
