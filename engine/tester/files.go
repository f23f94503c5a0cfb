package tester

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"runbook/engine/action"
	"runbook/engine/catalog"
	"runbook/engine/world/scenario"
)

const (
	scriptSuffix = ".lua"
	testSuffix   = "_test.lua"
	// scenarioFolder is where a runbook's own scenarios are, in its folder.
	scenarioFolder = "scenarios"
)

// testFile is the name of the file that tests a script.
func testFile(script string) string { return strings.TrimSuffix(script, scriptSuffix) + testSuffix }

// ScriptOf is the script that a test file tests, by their paths; ok is false for what is no test file.
func ScriptOf(tests string) (script string, ok bool) {
	base, ok := strings.CutSuffix(tests, testSuffix)
	return base + scriptSuffix, ok && filepath.Base(tests) != testSuffix
}

func exists(fsys fs.FS, file string) (bool, error) {
	_, err := fs.Stat(fsys, file)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, action.Errorf(action.CodeNotFound, "cannot look for %s: %w", file, err)
	}
	return true, nil
}

// path is the test file as a person finds it.
func (b Book) path() string { return b.Entry.Where(b.Tests) }

// OwnShelf is the folder of a runbook's own scenarios, which need not exist.
func OwnShelf(e *catalog.Entry) (scenario.Shelf, error) {
	folder, err := fs.Sub(e.Folder, scenarioFolder)
	if err != nil {
		return scenario.Shelf{}, action.Errorf(action.CodeInternal, "cannot open the folder %s: %w", scenarioFolder, err)
	}
	return scenario.Shelf{Path: e.Where(scenarioFolder), Files: folder}, nil
}

// scenarios lists the runbook's own scenarios by name.
func (b Book) scenarios() ([]string, error) {
	shelf, err := OwnShelf(b.Entry)
	if err != nil {
		return nil, err
	}
	return shelf.Names()
}
