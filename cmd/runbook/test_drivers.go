package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/catalog"
	"runbook/engine/drivers"
	"runbook/engine/tester"
)

// A testedDriver is a driver that is to be held to its transcripts.
type testedDriver struct {
	shelf *drivers.Shelf
	name  string
}

// driversOf takes the drivers out of what is to be tested: driver.NAME, the folder of one or its script, or a folder of drivers.
func driversOf(paths []string) (rest []string, found []testedDriver, err error) {
	for _, p := range paths {
		at, err := driversAt(p)
		if err != nil {
			return nil, nil, err
		}
		if found = append(found, at...); len(at) == 0 {
			rest = append(rest, p)
		}
	}
	if len(paths) > 0 {
		return rest, found, nil
	}
	found, err = driversIn(driversFolder)
	return nil, found, err
}

// driversAt are the drivers that one argument means; none if it means something else.
func driversAt(p string) ([]testedDriver, error) {
	if _, name, one := strings.Cut(p, "."); one && isDriverTopic(p) {
		return []testedDriver{{driverShelves(), name}}, nil
	}
	whole, err := filepath.Abs(strings.TrimSuffix(p, ".lua"))
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "cannot tell where %s is: %w", p, err)
	}
	if strings.HasSuffix(p, ".lua") && filepath.Base(filepath.Dir(whole)) == filepath.Base(whole) {
		whole = filepath.Dir(whole)
	}
	if filepath.Base(whole) == driversFolder {
		return driversIn(p)
	}
	if filepath.Base(filepath.Dir(whole)) != driversFolder {
		return nil, nil
	}
	name := filepath.Base(whole)
	if _, err := os.Stat(filepath.Join(whole, name+".lua")); err != nil {
		return nil, nil //nolint:nilerr // then it is no driver, and whoever looks for runbooks says what is wrong
	}
	return []testedDriver{{shelfWith(filepath.Dir(whole)), name}}, nil
}

// driversIn are those of a folder of drivers.
func driversIn(folder string) (out []testedDriver, err error) {
	entries, err := catalog.Catalog{catalog.Dir(catalog.ByPath, folder)}.List()
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		out = append(out, testedDriver{shelfWith(folder), e.Name})
	}
	return out, nil
}

// shelfWith are the drivers of the usual places, and before them those of a folder.
func shelfWith(folder string) *drivers.Shelf {
	return shelfOf(append(driverPlaces(), catalog.Dir(catalog.ByPath, folder)))
}

// suite holds the driver to its transcripts. It runs no tool.
func (d testedDriver) suite(ctx context.Context, only *regexp.Regexp) (*tester.Suite, error) {
	began := time.Now()
	entry, err := d.shelf.Entry(d.name)
	if err != nil {
		return nil, err
	}
	s := &tester.Suite{Runbook: driverTopic + "." + d.name, Path: entry.Path}
	loaded, err := d.shelf.Load(ctx, d.name)
	if err != nil {
		s.Tests = append(s.Tests, failedTest("the driver loads", unusable(err)))
		return s, nil
	}
	all, err := d.shelf.Transcripts(d.name)
	if err != nil {
		s.Tests = append(s.Tests, failedTest("the transcripts are read", unusable(err)))
		return s, nil
	}
	for i := range all {
		if t := &all[i]; only == nil || only.MatchString(s.Runbook+"/"+t.Name) {
			s.Tests = append(s.Tests, compared(t.Name, t.Path, t.Compare(ctx, loaded)))
		}
	}
	s.Elapsed = time.Since(began)
	return s, nil
}

func compared(name, where string, m *drivers.Mismatch) tester.Result {
	if m == nil {
		return tester.Result{Name: name, Where: where, Status: tester.Passed}
	}
	r := failedTest(name, tester.Failure{Message: m.Message, Hint: m.Hint, Diff: m.Diff, Where: where})
	r.Where = where
	return r
}

func unusable(err error) tester.Failure {
	said := engine.Explain(err)
	return tester.Failure{Message: said.Message, Hint: said.Hint}
}

func failedTest(name string, f tester.Failure) tester.Result {
	return tester.Result{Name: name, Status: tester.Failed, Failures: []tester.Failure{f}}
}
