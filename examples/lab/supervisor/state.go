package supervisor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"runbook/examples/lab/layout"
	"runbook/examples/lab/process"
	"runbook/examples/lab/replace"
)

// State is what a lab must remember to be stopped by another run of this program, even after a crash.
type State struct {
	Started   time.Time        `json:"started"`
	Complete  bool             `json:"complete"` // everything was ready once
	Ports     map[string]int   `json:"ports"`    // on loopback, by the name that a part gave it
	Processes []process.Record `json:"processes"`
}

// whole tells whether the lab is as its start left it.
func (s State) whole() bool {
	return s.Complete && len(process.Alive(s.Processes)) == len(s.Processes)
}

// URL is where the server of that port answers, in plain HTTP.
func (s State) URL(port string) string { return fmt.Sprintf("http://%s:%d", Loopback, s.Ports[port]) }

// Has tells whether the lab has that port: a part may be absent.
func (s State) Has(port string) bool { _, ok := s.Ports[port]; return ok }

// ReadState returns a zero State where no lab is.
func ReadState(dir layout.Dir) (State, error) {
	var state State
	data, err := os.ReadFile(dir.State())
	if errors.Is(err, fs.ErrNotExist) {
		return state, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &state)
	}
	if err != nil {
		return state, fmt.Errorf("read what runs in the lab from %s: %w", dir.State(), err)
	}
	return state, nil
}

// write keeps the state beyond the end of this program.
func (s State) write(dir layout.Dir) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := replace.File(dir.State(), append(data, '\n')); err != nil {
		return fmt.Errorf("record what runs in the lab: %w", err)
	}
	return nil
}
