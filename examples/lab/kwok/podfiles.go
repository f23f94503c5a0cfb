package kwok

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"runbook/examples/lab/layout"
)

//go:embed files/config.yaml
var compilerConfig []byte

// The cache of a compiler that has been at work for a while: some of it is old enough to be cleared away.
const (
	cacheEntries  = 40
	cacheInterval = 6 * time.Hour // between an entry and the one before
	cacheUnit     = 16 << 10      // bytes; an entry is one to five of them
)

// writePodFiles makes what a command in a pod finds, as relative paths: it starts in that folder, not in a root of its
// own. All pods share it.
func writePodFiles(folder string, now time.Time) error {
	config, cache := filepath.Join(folder, "etc", "photon-mlir"), filepath.Join(folder, "var", "cache", "photon-mlir")
	for _, path := range []string{config, cache, filepath.Join(folder, "tmp")} {
		if err := os.MkdirAll(path, layout.FolderMode); err != nil {
			return fmt.Errorf("make the folders in a pod: %w", err)
		}
	}
	if err := os.WriteFile(filepath.Join(config, "config.yaml"), compilerConfig, 0o600); err != nil {
		return fmt.Errorf("write the configuration in a pod: %w", err)
	}
	for i := range cacheEntries {
		path := filepath.Join(cache, fmt.Sprintf("c-%05d.mlirbc", 48120-i))
		if err := writeAged(path, i, now.Add(-time.Duration(i)*cacheInterval)); err != nil {
			return fmt.Errorf("write the cache in a pod: %w", err)
		}
	}
	return nil
}

// writeAged writes the i-th entry of the cache, last used at that time.
func writeAged(path string, i int, used time.Time) error {
	content := bytes.Repeat([]byte("ML\xefR"), (i%5+1)*cacheUnit/4) // as MLIR's own format begins
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return err
	}
	return os.Chtimes(path, used, used)
}
