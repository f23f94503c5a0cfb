// Package build compiles the control plane from the versions that the lab's go.mod pins, once, into a cache folder.
//
// It never downloads a binary, never rebuilds what is there, and never leaves a half-written program under a
// component's name.
//
// Read next: component.go, what is built; build.go, how.
package build

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Modules are the module files that pin what is built.
type Modules struct {
	Mod []byte
	Sum []byte
}

// DefaultDir is where the programs of these very versions are kept.
func (m Modules) DefaultDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for the programs: %w; name one with --bin", err)
	}
	return filepath.Join(cache, "runbook-lab", m.digest(), "bin"), nil
}

// digest covers all that decides what is built. Not go.sum alone: it keeps the checksums of versions that go.mod has
// left behind.
func (m Modules) digest() string {
	hash := sha256.New()
	hash.Write(requirements(m.Mod))
	hash.Write(m.Sum)
	for _, c := range components {
		fmt.Fprint(hash, c.Package, c.tags)
		if c.amended != nil {
			fmt.Fprint(hash, *c.amended)
		}
	}
	return hex.EncodeToString(hash.Sum(nil))[:16]
}

// requirements is a go.mod without what says who of the lab's packages needs a module: its order and its comments.
func requirements(mod []byte) []byte {
	var lines []string
	for line := range strings.Lines(string(mod)) {
		line, _, _ = strings.Cut(line, "//")
		lines = append(lines, strings.TrimSpace(line))
	}
	slices.Sort(lines)
	return []byte(strings.Join(slices.Compact(lines), "\n"))
}

// kubernetesVersion is the pinned release, which a build from its own repository would stamp into the programs.
func (m Modules) kubernetesVersion() (string, error) {
	for lines := bufio.NewScanner(bytes.NewReader(m.Mod)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) >= 2 && fields[0] == "k8s.io/kubernetes" {
			return fields[1], nil
		}
	}
	return "", fmt.Errorf("find the version of k8s.io/kubernetes in the lab's go.mod: it requires none")
}

// writeTo lays the module files where the go command can read them.
func (m Modules) writeTo(dir string) error {
	for name, content := range map[string][]byte{"go.mod": m.Mod, "go.sum": m.Sum} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
