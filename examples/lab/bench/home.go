package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// A home is the folder that the measured programs take for the user's own: they find no files of a user's, and leave none. A peer's
// caches stay from run to run, as they would.
type home struct {
	dir string
	env []string
}

func newHome(kubeconfig string) (home, error) {
	dir, err := os.MkdirTemp("", "runbook-bench-")
	if err != nil {
		return home{}, fmt.Errorf("make a folder to measure in: %w", err)
	}
	h := home{dir: dir}
	h.env = append(os.Environ(), "HOME="+dir, "KUBECONFIG="+kubeconfig, "XDG_STATE_HOME="+h.state())
	for _, name := range []string{"XDG_DATA_HOME", "XDG_DATA_DIRS", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"} {
		h.env = append(h.env, name+"="+filepath.Join(dir, "empty"))
	}
	return h, nil
}

func (h home) remove() { _ = os.RemoveAll(h.dir) } // a folder for temporary files: the system clears what is left

// state is where runs leave their journals.
func (h home) state() string { return filepath.Join(h.dir, "state") }

// tidy forgets the journals of the runs so far, so that their way to the disk does not fall into the next run.
func (h home) tidy() error { return os.RemoveAll(h.state()) }

// output makes an empty file for what the next program says.
func (h home) output() (*os.File, error) { return os.Create(filepath.Join(h.dir, "output")) }
