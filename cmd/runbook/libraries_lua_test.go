package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/tester"
	"runbook/stdlib"
)

// libraryFolder is where the libraries lie in the repository, with their tests.
var libraryFolder = filepath.Join("..", "..", "stdlib")

// The libraries are written in Lua, and so are their tests.
func TestLibrariesInLua(t *testing.T) {
	books, err := booksOf([]string{libraryFolder})
	require.NoError(t, err)
	cfg := tester.Config{Library: library(declared()...), Shelves: scenariosOf, Open: openSite, Workers: 2, Version: version}
	tested := map[string]bool{}
	require.NoError(t, tester.Run(t.Context(), cfg, books, func(s *tester.Suite) error {
		tested[s.Runbook] = true
		assert.NotEmpty(t, s.Tests, s.Path)
		for _, r := range s.Tests {
			assert.Equal(t, tester.Passed, r.Status, "%s: %s\n%s", s.Path, r.Name, strings.Join(r.Lines(true), "\n"))
		}
		for _, f := range s.Lines {
			if f.File == s.Runbook+".lua" {
				assert.Empty(t, f.Missed, "%s: lines that no test runs", f.File)
			}
		}
		return nil
	}))
	for _, name := range names(t, stdlib.Files) {
		library := strings.TrimSuffix(name, ".lua")
		site := reachesASite(t, name)
		if site {
			assert.FileExists(t, filepath.Join("testdata", "script", library+".txtar"), "%s is tried by a script of its name", name)
		}
		assert.True(t, site || tested[library], "%s has no test beside it", name)
	}
}

// reachesASite tells whether a library calls a module that needs a site: a test of its own has none.
func reachesASite(t *testing.T, name string) bool {
	t.Helper()
	text, err := fs.ReadFile(stdlib.Files, name)
	require.NoError(t, err)
	return strings.Contains(string(text), `= require "kubernetes"`) || strings.Contains(string(text), `= require "notify"`)
}

// What require finds is every library, and no test of one.
func TestEveryLibraryIsBuiltIn(t *testing.T) {
	var lie []string
	for _, name := range names(t, os.DirFS(libraryFolder)) {
		if !strings.HasSuffix(name, "_test.lua") {
			lie = append(lie, name)
		}
	}
	assert.Equal(t, lie, names(t, stdlib.Files), "stdlib/stdlib.go has a line for each library")
}

func names(t *testing.T, files fs.FS) []string {
	t.Helper()
	found, err := fs.Glob(files, "*.lua")
	require.NoError(t, err)
	require.NotEmpty(t, found)
	return found
}
