package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// imports returns what every package of the project imports, tests left out.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	list := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "runbook/...")
	text, err := list.Output()
	require.NoError(t, err)
	out := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		out[words[0]] = words[1:]
	}
	require.Contains(t, out, "runbook/engine/script")
	require.Contains(t, out, "runbook/bindings/kubernetes")
	return out
}

func under(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

// The arrows between packages only go down. ARCHITECTURE.md draws them.
func TestArrows(t *testing.T) {
	bindingsMay := []string{"runbook/engine/action", "runbook/engine/command", "runbook/engine/command/shell", "runbook/engine/files", "runbook/engine/files/intended", "runbook/engine/machine", "runbook/engine/module", "runbook/engine/ownership", "runbook/engine/workload"}
	worldsMay := []string{
		"runbook/engine/action", "runbook/engine/clock", "runbook/engine/command", "runbook/engine/command/shell", "runbook/engine/due", "runbook/engine/files", "runbook/engine/files/intended", "runbook/engine/machine", "runbook/engine/module", "runbook/engine/ownership", "runbook/engine/typedoc", "runbook/engine/workload",
		"runbook/engine/yamlfile",
	}
	for pkg, imported := range imports(t) {
		for _, path := range imported {
			if strings.HasPrefix(path, "github.com/yuin/gopher-lua") {
				assert.Equal(t, "runbook/engine/script", pkg, "only engine/script knows gopher-lua")
			}
			if !under(path, "runbook") {
				continue
			}
			switch {
			case pkg == "runbook/engine/action", pkg == "runbook/engine/workload", pkg == "runbook/stdlib", pkg == "runbook/runbooks":
				assert.Fail(t, "a lowest package imports nothing of ours", "%s imports %s", pkg, path)
			case pkg == "runbook/engine/module":
				assert.Equal(t, "runbook/engine/action", path, "engine/module imports engine/action only")
			case under(pkg, "runbook/bindings"):
				assert.True(t, slices.Contains(bindingsMay, path) || under(path, pkg), "%s must not import %s", pkg, path)
			case under(pkg, "runbook/engine/world"):
				assert.True(t, slices.Contains(worldsMay, path) || under(path, "runbook/engine/world"), "a simulated site knows nothing of runs: %s must not import %s", pkg, path)
			case under(pkg, "runbook/engine"):
				assert.False(t, under(path, "runbook/engine/world") && pkg != "runbook/engine/tester", "only tests know simulated sites: %s must not import %s", pkg, path)
				assert.True(t, under(path, "runbook/engine"), "the engine must not import %s, as %s does", path, pkg)
			}
		}
	}
}

// What a dry run is, is decided in one place: bindings cannot even name a mode, and only these files do.
func TestOnlyTheWiringKnowsModes(t *testing.T) {
	grep := exec.Command("grep", "-rlE", `journal\.(DryRun|RealRun)\b`, "--include=*.go", "--exclude=*_test.go", "../../engine", "../../bindings", "../../cmd")
	text, err := grep.Output()
	require.NoError(t, err)
	for file := range strings.FieldsSeq(string(text)) {
		assert.True(t, file == "../../engine/mode.go" || strings.HasPrefix(file, "../../engine/screen/"), "%s asks for the mode", file)
	}
}
