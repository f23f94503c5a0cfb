package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// A lab is the site on whose servers both sides do their work.
type lab struct {
	folder string
	ports  map[string]int
}

// openLab reads what a lab's folder says of it.
func openLab(folder string) (lab, error) {
	text, err := os.ReadFile(filepath.Join(folder, "state.json"))
	if err != nil {
		return lab{}, fmt.Errorf("find the lab (make lab starts one): %w", err)
	}
	var state struct{ Ports map[string]int }
	if err := json.Unmarshal(text, &state); err != nil {
		return lab{}, fmt.Errorf("read what the lab says of itself: %w", err)
	}
	return lab{folder, state.Ports}, nil
}

func (l lab) kubeconfig() string { return filepath.Join(l.folder, "kubeconfig") }

// site is the lab's site file.
func (l lab) site() string { return filepath.Join(l.folder, "runbook.yaml") }

// prometheus is where the lab's Prometheus answers.
func (l lab) prometheus() string { return fmt.Sprintf("http://127.0.0.1:%d", l.ports["prometheus"]) }
