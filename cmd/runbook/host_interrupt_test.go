//go:build unix

package main

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine"
)

// hangs runs a command that starts another one, which holds the named pipe witness open for writing and does not hear that it is to end.
const hangs = `local host = require "host"
return runbook { summary = "s", may = { "host.run commands" }, steps = { step("one", function()
  host.run({ "sh", "-c", "trap '' TERM; (sleep 1000 > witness & wait) & wait" }, { timeout = "1h" })
end) } }`

// watched makes the named pipe, and returns it when the command's command has opened it. What is read from it ends when that has gone.
func (p *process) watched() *os.File {
	p.t.Helper()
	witness, err := os.Open(filepath.Join(p.home, "witness"))
	require.NoError(p.t, err)
	p.t.Cleanup(func() { _ = witness.Close() })
	return witness
}

func (p *process) gone(witness *os.File) {
	p.t.Helper()
	_, err := io.ReadAll(witness)
	require.NoError(p.t, err)
}

func newHanging(t *testing.T, args ...string) *process {
	p := newProcess(t, hangs, args...)
	require.NoError(t, syscall.Mkfifo(filepath.Join(p.home, "witness"), 0o600))
	p.file("reads.yaml", `commands: {reads: [[sh, -c, "trap '' TERM; (sleep 1000 > witness & wait) & wait"]]}`)
	return p.start()
}

// What is changing something is let end at the first interrupt, and is cut off with all that it has started at the second.
func TestAnActionsCommandIsCutOffAtTheSecondInterrupt(t *testing.T) {
	p := newHanging(t, "--yes")
	witness := p.watched()
	p.signal(syscall.SIGINT)
	p.err.waitFor(t, "Ctrl-C again cuts", 1)
	p.signal(syscall.SIGINT)
	p.gone(witness)
	assert.Contains(t, p.drained(), "nobody knows whether it took effect")
	assert.Equal(t, engine.ExitInterrupted, p.exit())
	assert.Contains(t, p.journal(), `"status":"uncertain"`)
}

// What only looks ends at the first.
func TestALookingCommandIsCutOffAtTheFirstInterrupt(t *testing.T) {
	for name, flags := range map[string][]string{"dry run": {"--dry-run"}, "real run": {"--yes"}} {
		t.Run(name, func(t *testing.T) {
			p := newHanging(t, append(flags, "--site", "reads.yaml")...)
			witness := p.watched()
			p.signal(syscall.SIGINT)
			p.gone(witness)
			assert.Contains(t, p.drained(), "INTERRUPTED in step 1 of 1, one")
			assert.Equal(t, engine.ExitInterrupted, p.exit())
		})
	}
}

// A run that is out of time leaves nothing behind.
func TestACommandEndsWithTheTimeOfItsRun(t *testing.T) {
	p := newHanging(t, "--yes", "--timeout", "1s")
	witness := p.watched()
	p.gone(witness)
	assert.Contains(t, p.drained(), "TIMED OUT")
	assert.Equal(t, engine.ExitTimeout, p.exit())
}
