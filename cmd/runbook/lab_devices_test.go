//go:build lab

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A device whose tool is in a pod: a dry run looks at it there and changes nothing, and a real run does what the dry run said.
func TestLabADeviceWhoseToolIsInAPod(t *testing.T) {
	l := openLab(t)
	folder := t.TempDir() // the lab's pods are on this machine
	tool, state := filepath.Join(folder, "tool"), filepath.Join(folder, "state")
	require.NoError(t, os.WriteFile(tool, fmt.Appendf(nil, "#!/bin/sh\ncase $1 in status) cat %q;; reset) echo up >%q; echo \"reset of $2\";; esac\n", state, state), 0o700)) //nolint:gosec // it is run
	require.NoError(t, os.WriteFile(state, []byte("down\n"), 0o600))
	driver := filepath.Join(folder, "runbook", "devices", "pod-tool", "pod-tool.lua")
	require.NoError(t, os.MkdirAll(filepath.Dir(driver), 0o700))
	require.NoError(t, os.WriteFile(driver, fmt.Appendf(nil, `return driver { summary = "x", formats = "x", commands = {
  status = { argv = { %[1]q, "status", "{id}" }, reads = true, parse = function(said)
    return { devices = { { state = said.text:match("up") and "online" or "offline" } } } end },
  reset  = { argv = { %[1]q, "reset", "{id}" }, risk = "disruptive", expects = "online" },
} }`, tool), 0o600))
	script, site := filepath.Join(folder, "reset.lua"), filepath.Join(folder, "site.yaml")
	require.NoError(t, os.WriteFile(script, []byte(`local device = require "device"
return runbook { summary = "Reset", may = { "device.reset devices" }, steps = { step("Reset", function()
  for _, d in ipairs(device.list()) do log(d.id .. " is " .. d.state) end
  device.reset("p-1")
  log("then " .. device.wait("p-1").state)
end) } }`), 0o600))
	require.NoError(t, os.WriteFile(site, fmt.Appendf(nil, `name: lab-pod-device
kubernetes: {kubeconfig: %q, context: lab-oncall, namespace: photon-mlir}
hosts: {toolbox: {pod: deployment/photon-compiler}}
devices: {p-1: {driver: pod-tool, on: toolbox}}
`, filepath.Join(l.folder, "kubeconfig")), 0o600))
	t.Setenv("XDG_DATA_HOME", folder)

	dry := l.run(t, script, "--site", site, "--dry-run")
	require.Zero(t, dry.exit, dry.text)
	require.Contains(t, dry.text, "p-1 is offline")
	require.Contains(t, dry.text, "then online")
	require.Contains(t, dry.text, tool+" status p-1 (on toolbox)")
	require.NotContains(t, dry.text, tool+" reset p-1 (on toolbox)")
	now, err := os.ReadFile(state)
	require.NoError(t, err)
	require.Equal(t, "down\n", string(now))

	run := l.run(t, script, "--site", site, "--yes")
	require.Zero(t, run.exit, run.text)
	require.Equal(t, dry.intents(), run.intents())
	now, err = os.ReadFile(state)
	require.NoError(t, err)
	require.Equal(t, "up\n", string(now))
}
