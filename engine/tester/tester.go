// Package tester runs the tests of runbooks: Lua files beside the scripts, each test in a simulated site of its own, and the checks that
// every runbook with scenarios gets without a line of Lua.
//
// A test runs the runbook exactly as the command line would, dry or for real, and looks at the records of the run: there is no other
// truth about what a runbook did. Nothing here simulates anything, and nothing here talks to a real site. Read next: api.go for what a
// test may call, trial.go for one test under way, automatic.go for the checks without Lua, engine/world for the simulated sites.
package tester

import (
	"context"
	"regexp"
	"time"

	"runbook/engine"
	"runbook/engine/catalog"
	"runbook/engine/redact"
	"runbook/engine/watchdog"
	"runbook/engine/world/outbox"
	"runbook/engine/world/scenario"
)

// A Site is a simulated site, opened for one test.
type Site interface {
	engine.Simulation // its time, which stands still while anything runs
	// Library is what a run on the site may require.
	Library(context.Context, Use) engine.Library
	// Identity says which site it is, as records have it.
	Identity() map[string]string
	// Outbox are the messages that arrived at the site's receivers so far.
	Outbox() []outbox.Message
	// Change makes something happen now, as an entry of a scenario's timeline would.
	Change(ctx context.Context, event scenario.Event) error
	Close() error
}

// A Use is what a site is used for by one run.
type Use struct {
	Run      string // its id
	Rehearse bool   // nothing but reads may be sent
	Secrets  *redact.Redactor
}

// A Config is what all tests need.
type Config struct {
	// Library is what scripts may require, as data: enough to load them, not to call anything.
	Library engine.Library
	// Shelves are where a runbook's scenarios are found by name.
	Shelves func(*catalog.Entry) scenario.Shelves
	Open    func(context.Context, *scenario.Scenario) (Site, error)
	Limits  watchdog.Limits // of one test
	Workers int             // how many tests run at once
	Only    *regexp.Regexp  // names of tests; nil for every test
	Version string          // of the program, as records have it
}

// A Book is one runbook with what tests it.
type Book struct {
	Entry *catalog.Entry
	Tests string // name of the test file in the runbook's folder; "" if there is none
}

// BookOf finds what tests a runbook: NAME_test.lua beside NAME.lua.
func BookOf(e *catalog.Entry) (Book, error) {
	file := testFile(e.File)
	found, err := exists(e.Folder, file)
	if err != nil || !found {
		return Book{Entry: e}, err
	}
	return Book{Entry: e, Tests: file}, nil
}

// defaultLimit is how long a test may take where nobody says. Time in a site is simulated, so a test takes milliseconds.
const defaultLimit = 10 * time.Second
