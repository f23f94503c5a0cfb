// Package driver is what a driver of devices is: which commands of a vendor's tool there are and what for, what each of them may change,
// in which state it is expected to leave a device, and what is made of what it prints.
//
// It runs nothing and reads no file. A driver is a Lua script (devices/), which engine/script loads and which anybody may replace by one of
// their own; bindings/device runs its commands. Read next: argv.go, reading.go, then devices/lightmatter-envise/lightmatter-envise.lua.
package driver

import (
	"context"
	"slices"
	"time"

	"runbook/engine/action"
)

// A Driver knows the tool of one kind of device. It is safe for concurrent use.
type Driver interface {
	// About is what it says of itself.
	About() *About
	// Read makes data of what a command printed. It does not fail: what it cannot read is in the reading as it was printed.
	Read(ctx context.Context, command Purpose, said Said) Reading
}

// About is what a driver says of itself. It is data, checked when the driver is loaded.
type About struct {
	Name         string
	Path         string // of its script, as a person finds it
	Title        string // first line of the comment at the top of the script
	Description  string // the rest of that comment
	Summary      string
	Formats      string // where what it knows of the tool's output comes from
	Base         string // the driver from which it has the commands that are not its own; "" for none
	Placeholders []Placeholder
	Commands     []Command // in the order of Purposes
}

// Command is the command for a purpose; nil if there is none.
func (a *About) Command(p Purpose) *Command {
	for i := range a.Commands {
		if a.Commands[i].Purpose == p {
			return &a.Commands[i]
		}
	}
	return nil
}

// A Placeholder is a word in argv that every device fills in for itself, beside those that all drivers have.
type Placeholder struct {
	Name    string
	Help    string
	Default string // may name the placeholders that all drivers have; "" if every device must say it
}

// A Purpose is what a command is for.
type Purpose string

// The purposes. The site's functions are named after them.
const (
	List      Purpose = "list"      // what devices the tool knows, without asking each
	Status    Purpose = "status"    // how one device is, or all of the tool's
	Reconnect Purpose = "reconnect" // bring a lost link back
	Reset     Purpose = "reset"     // start the device anew
	Calibrate Purpose = "calibrate" // measure anew how the device has to be set
	Verify    Purpose = "verify"    // look whether the calibration holds
	Diagnose  Purpose = "diagnose"  // check the parts of a device
	Logs      Purpose = "logs"      // the last lines of what a device logged
)

// Purposes are all, in the order in which they are shown.
var Purposes = []Purpose{List, Status, Reconnect, Reset, Calibrate, Verify, Diagnose, Logs}

// Changes tells whether a command for that purpose changes a device. The others only look.
func (p Purpose) Changes() bool { return slices.Contains([]Purpose{Reconnect, Reset, Calibrate}, p) }

// A Command is one command of a tool.
type Command struct {
	Purpose Purpose
	Argv    []string      // with placeholders: "{id}"
	Risk    action.Risk   // of one that changes something
	Expects State         // what a device is expected to be after it; "" if it is not known
	Within  time.Duration // how long that may take; zero for at once
	Begins  time.Duration // of a reset: how long it may take until the tool shows that it has begun
	Unless  []State       // in which there is nothing for it to do
	Needs   []State       // in which alone it can do anything; nil for any
	Timeout time.Duration // after which it is ended
	Answers []int         // exit codes with which it has said what was asked
	Refuses map[int]action.Code
	From    string // the driver that it is of
}

// AnswersWith tells whether an exit code comes with an answer.
func (c *Command) AnswersWith(code int) bool { return slices.Contains(c.Answers, code) }
