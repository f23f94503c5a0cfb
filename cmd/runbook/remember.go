package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/adrg/xdg"

	"runbook/engine/catalog"
	"runbook/engine/script"
)

// A memory is what a runbook said of itself when it was loaded last. It is a cache: translating scripts takes most of the time of a list.
// It holds for the program that kept it, and as long as every file that was loaded is what it was. It is never an error.
type memory struct {
	Program string            `json:"program"`
	Files   map[string]string `json:"files"` // digests, by the path in the runbook's folder
	Learned learned           `json:"learned"`
}

// learned is what a list tells of a runbook beyond where it is.
type learned struct {
	Summary  string   `json:"summary"`
	Severity string   `json:"severity,omitempty"`
	Alerts   []string `json:"alerts"`
	Tags     []string `json:"tags"`
}

func learnedOf(h *script.Header) learned {
	return learned{h.Summary, h.Severity, append([]string{}, h.Alerts...), append([]string{}, h.Tags...)}
}

// memoryOf is the file of what is remembered of a runbook.
func memoryOf(e *catalog.Entry) string {
	path := e.Path
	if whole, err := filepath.Abs(path); err == nil && e.Origin != catalog.Shipped {
		path = whole // two projects have a folder of the same name
	}
	return filepath.Join(xdg.CacheHome, "runbook", "headers", digestOf([]byte(e.Origin + " " + path))[:32]+".json")
}

// program tells this program from any other, one that was built a moment later too.
func program() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	about, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s %d %s", path, about.Size(), about.ModTime().UTC().Format(time.RFC3339Nano))
}

func digestOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// recall is what a runbook says of itself, if that is remembered and still holds.
func recall(e *catalog.Entry) (about learned, known bool) {
	text, err := os.ReadFile(memoryOf(e))
	if err != nil {
		return about, false
	}
	var m memory
	if err := json.Unmarshal(text, &m); err != nil || m.Program == "" || m.Program != program() || len(m.Files) == 0 {
		return about, false
	}
	for file, digest := range m.Files {
		now, err := fs.ReadFile(e.Folder, file)
		if err != nil || digestOf(now) != digest {
			return about, false
		}
	}
	return m.Learned, true
}

// remember keeps for the next time what was learned of a runbook from those files.
func remember(e *catalog.Entry, about learned, sources []script.Source) {
	m := memory{Program: program(), Files: map[string]string{}, Learned: about}
	for _, s := range sources {
		switch {
		case s.Library:
		case s.Name == e.Path:
			m.Files[e.File] = digestOf([]byte(s.Text))
		default:
			m.Files[s.Name] = digestOf([]byte(s.Text))
		}
	}
	text, err := json.Marshal(m)
	if err != nil {
		return
	}
	keep(memoryOf(e), text)
}

// keep writes a file that is whole or not there. Where it cannot be written, there is nothing to remember by, which is no harm.
func keep(path string, text []byte) {
	if os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return
	}
	draft, err := os.CreateTemp(filepath.Dir(path), ".*")
	if err != nil {
		return
	}
	_, err = draft.Write(text)
	if draft.Close() != nil || err != nil || os.Rename(draft.Name(), path) != nil {
		_ = os.Remove(draft.Name())
	}
}
