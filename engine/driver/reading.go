package driver

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A State is what a device seems to be.
type State string

// The states.
const (
	Online    State = "online"
	Degraded  State = "degraded" // it works, less well than it should
	Offline   State = "offline"
	Resetting State = "resetting"
	Unknown   State = "unknown" // nobody could tell
)

// States are all of them.
var States = []State{Online, Degraded, Offline, Resetting, Unknown}

// Known tells whether a state is one of these.
func (s State) Known() bool { return slices.Contains(States, s) }

// Said is what a command printed, and what it was asked about.
type Said struct {
	ID             string // as the tool calls the device; "" for all
	Stdout, Stderr string
	ExitCode       int
	Cut            bool // it printed more than is kept
}

// controls are what a program writes into its lines for a terminal: to colour them, to clear what stood there, to hide its cursor while it
// counts, to be called something in the title of a window.
var controls = regexp.MustCompile(`\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)`)

// Plain is what a program printed without what is for the terminal, which is no part of what it says.
func Plain(text string) string { return controls.ReplaceAllString(text, "") }

// A Reading is what was understood of it. It may be that of others too, who were told the same: nobody changes it.
type Reading struct {
	Devices []Observation // in the order in which they were told of
	Unread  []string      // lines that were not understood, as they were printed
	Fault   string        // why the driver itself failed; "" if it did not
}

// Of is what was said of a device; nil if nothing was.
func (r *Reading) Of(id string) *Observation {
	for i := range r.Devices {
		if r.Devices[i].ID == id {
			return &r.Devices[i]
		}
	}
	return nil
}

// An Observation is what was said of one device.
type Observation struct {
	ID     string
	State  State          // "" if nothing was said of it
	Said   string         // the tool's own word for it
	Serial string         // what the device itself is, whatever it is called
	Starts string         `json:",omitempty"` // what is another after each start of it: a count, or when it was
	Passed *bool          // how a diagnosis or a verification ended; nil if this was none
	Checks []Check        // what a diagnosis looked at
	Fields map[string]any // all else: texts, numbers, booleans
}

// A Check is one part of a diagnosis.
type Check struct {
	Name   string
	Passed bool
	Detail string
}

// How much is kept of what was not understood: enough to see what it is, and not a file that a tool printed.
const (
	keptLines  = 200
	keptLength = 500
)

// Shortens tells whether a line of a text is longer than what Kept keeps of it: half a secret would not be recognised later, so who knows
// secrets hides them before.
func Shortens(text string) bool {
	for line := range strings.Lines(text) {
		if len(line) > keptLength {
			return true
		}
	}
	return false
}

// Kept are the lines of texts that were not understood, without blank ones, and with a line in the place of those that are too many.
func Kept(texts ...string) []string {
	var out []string
	more := 0
	for _, text := range texts {
		for line := range strings.Lines(text) {
			line = strings.TrimRight(line, "\r\n")
			switch {
			case strings.TrimSpace(line) == "":
			case len(out) == keptLines:
				more++
			case len(line) > keptLength:
				out = append(out, strings.ToValidUTF8(line[:keptLength], "")+"…")
			default:
				out = append(out, line)
			}
		}
	}
	if more > 0 {
		out = append(out, fmt.Sprintf("… and %d lines more", more))
	}
	return out
}
