package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/catalog"
	"runbook/engine/tester"
)

// booksOf finds the runbooks that are to be tested, each once.
func booksOf(paths []string) ([]tester.Book, error) {
	var entries []*catalog.Entry
	for _, path := range paths {
		found, err := testedAt(path)
		if err != nil {
			return nil, err
		}
		entries = append(entries, found...)
	}
	if len(paths) == 0 {
		var err error
		if entries, err = testedHere(); err != nil {
			return nil, err
		}
	}
	var books []tester.Book
	for _, e := range entries {
		if slices.ContainsFunc(books, func(b tester.Book) bool { return b.Entry.Path == e.Path }) {
			continue
		}
		book, err := tester.BookOf(e)
		if err != nil {
			return nil, err
		}
		books = append(books, book)
	}
	return books, nil
}

// testedHere are the runbooks of the project's folder, or the shipped ones where there is none.
func testedHere() ([]*catalog.Entry, error) {
	places := shelves()
	for _, some := range []catalog.Catalog{places, places[:1]} {
		entries, err := some.Nearest()
		if err != nil || len(entries) > 0 {
			return entries, err
		}
	}
	return nil, nil
}

// testedAt are the runbooks that one argument means. A word is a name before it is a folder.
func testedAt(path string) ([]*catalog.Entry, error) {
	if _, ok := tester.ScriptOf(path); ok {
		if _, err := os.Stat(path); err != nil {
			return nil, action.Errorf(action.CodeNotFound, "cannot read the tests: %w", err)
		}
		entry, err := testedBy(path)
		return []*catalog.Entry{entry}, err
	}
	isPath := strings.ContainsRune(path, filepath.Separator) || path == "." || path == ".."
	info, statErr := os.Stat(path)
	if !isPath || strings.HasSuffix(path, ".lua") || errors.Is(statErr, fs.ErrNotExist) {
		entry, err := shelves().Find(path)
		if err == nil || statErr != nil || !info.IsDir() || strings.HasSuffix(path, ".lua") {
			return []*catalog.Entry{entry}, err
		}
	}
	if statErr != nil {
		return nil, action.Errorf(action.CodeNotFound, "cannot read %s: %w", path, statErr)
	}
	return testedIn(path)
}

// testedIn are the runbook of a folder, or those of a folder of runbooks, or scripts with tests that lie in it side by side.
func testedIn(folder string) ([]*catalog.Entry, error) {
	whole, err := filepath.Abs(folder)
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "cannot tell where %s is: %w", folder, err)
	}
	script := filepath.Join(folder, filepath.Base(whole)+".lua")
	if _, err := os.Stat(script); err == nil {
		entry, err := shelves().Find(script)
		return []*catalog.Entry{entry}, err
	}
	entries, err := append(shelves(), catalog.Dir(catalog.ByPath, folder)).Nearest()
	if err != nil {
		return nil, err
	}
	tests, err := filepath.Glob(filepath.Join(folder, "*_test.lua"))
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "cannot list the tests in %s: %w", folder, err)
	}
	for _, file := range tests {
		if _, ok := tester.ScriptOf(file); ok {
			entry, err := testedBy(file)
			if err != nil {
				return nil, err
			}
			entries = append(entries, entry)
		}
	}
	if len(entries) == 0 {
		return nil, action.Errorf(action.CodeNotFound, "there is no runbook in the folder %s", folder)
	}
	return entries, nil
}

// testedBy is the script that a test file tests: the one beside it, or that of the runbook whose folder it lies in, if only the tests are
// somebody's own.
func testedBy(tests string) (*catalog.Entry, error) {
	script, _ := tester.ScriptOf(tests)
	if _, err := os.Stat(script); err == nil {
		return shelves().Find(script)
	}
	folder, err := filepath.Abs(filepath.Dir(tests))
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "cannot tell where %s is: %w", tests, err)
	}
	if name := filepath.Base(folder); filepath.Base(script) == name+".lua" {
		if entry, err := append(shelves(), catalog.Dir(catalog.ByPath, filepath.Dir(folder))).Find(name); err == nil {
			return entry, nil
		}
	}
	return shelves().Find(script)
}
