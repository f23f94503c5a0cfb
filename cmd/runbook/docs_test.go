package main

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine"
	"runbook/engine/catalog"
	"runbook/engine/luadoc"
	"runbook/stdlib"
)

// `runbook docs` prints what the comments in the libraries say: of every function, and of nothing that is not there.
func TestLibrariesAreDocumented(t *testing.T) {
	libraries, faults, err := luadoc.Libraries(stdlib.Files)
	require.NoError(t, err)
	assert.Empty(t, faults)
	require.NotEmpty(t, libraries)
	for _, l := range libraries {
		assert.NotEmpty(t, l.Funcs, l.Name)
	}
}

// An example that cannot be read by Lua helps nobody.
func TestExamplesAreLua(t *testing.T) {
	modules, err := documented()
	require.NoError(t, err)
	for _, m := range modules {
		for i := range m.Funcs {
			for _, example := range m.Funcs[i].Examples {
				assert.NotRegexp(t, `\bprint\(`, example, "scripts have no print: it is log")
				if compiles(t, "local _ = "+example) != nil { // a value, as most are
					assert.NoError(t, compiles(t, example), "%s: %s", m.Qualified(&m.Funcs[i]), example)
				}
			}
		}
	}
}

// compiles says what is wrong with a piece of Lua, in a step that is not run.
func compiles(t *testing.T, lua string) error {
	t.Helper()
	script := "return runbook { summary = \"s\", steps = { step(\"a\", function(run)\n" + lua + "\nend) } }\n"
	folder := fstest.MapFS{"a.lua": {Data: []byte(script)}}
	_, err := engine.Describe(t.Context(), &catalog.Entry{Name: "a", Path: "a.lua", Folder: folder, File: "a.lua"}, library(declared()...))
	return err
}

// A page about a library is a page about its functions.
func TestDocsOfALibrary(t *testing.T) {
	modules, err := documented()
	require.NoError(t, err)
	for _, m := range modules {
		for i := range m.Funcs {
			f := &m.Funcs[i]
			if !inLua(f) {
				continue
			}
			page, err := docs(t.Context(), modules, []string{m.Qualified(f)})
			require.NoError(t, err)
			assert.True(t, strings.HasPrefix(page, signature(m, f)), page)
			assert.Contains(t, page, "Effect: library")
			assert.Contains(t, page, "Example: "+f.Examples[0])
		}
	}
}
