package main

import (
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"runbook/engine"
)

// openTerminal makes a terminal: control is the end of who sits at it.
func openTerminal(t *testing.T) (control, tty *os.File) {
	t.Helper()
	control, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetPointerInt(int(control.Fd()), unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(int(control.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	return control, tty
}

// startOnTerminal runs the program at a terminal of its own. What it prints is in p.err; the tty stays open for its settings to be seen.
func (p *process) startOnTerminal() (tty *os.File) {
	p.t.Helper()
	control, tty := openTerminal(p.t)
	p.t.Cleanup(func() { _, _ = control.Close(), tty.Close() })
	p.control, p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = control, tty, tty, tty
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	go p.err.fill(control)
	p.run()
	return tty
}

func (p *process) types(text string) {
	_, err := p.control.WriteString(text)
	require.NoError(p.t, err)
}

// shows tells whether a terminal shows what is typed.
func shows(t *testing.T, tty *os.File) bool {
	settings, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	require.NoError(t, err)
	return settings.Lflag&unix.ECHO != 0
}

// ctrlC and ctrlD are what the keys send.
const (
	ctrlC = "\x03"
	ctrlD = "\x04"
)

const secretive = `return runbook { summary = "s", params = { token = { secret = true, ask = "Token?", pattern = "[a-z0-9]+" } },
steps = { step("one", function() local token = ask("token") log("token " .. token .. " of " .. #token) end) } }`

func TestASecretIsNotShownWhileItIsTyped(t *testing.T) {
	p := newProcess(t, secretive)
	tty := p.startOnTerminal()
	p.err.waitFor(t, "Token?", 1)
	assert.False(t, shows(t, tty))
	p.types("WRONG\n")
	p.err.waitFor(t, "Token?", 2)
	p.types("ab1\n") // too short for the redactor to hide wherever it stands
	p.err.waitFor(t, "Done in", 1)
	assert.Equal(t, engine.ExitDone, p.exit())
	assert.True(t, shows(t, tty), "the terminal is left as it was")
	assert.NotContains(t, p.err.String(), "WRONG")
	assert.NotContains(t, p.err.String(), "? ab1")
	assert.Contains(t, p.err.String(), "That is not allowed")
	assert.NotContains(t, p.journal(), `"value":"ab1"`)
}

func TestCtrlCAtASecretLeavesTheTerminalAsItWas(t *testing.T) {
	p := newProcess(t, secretive)
	tty := p.startOnTerminal()
	p.err.waitFor(t, "Token?", 1)
	p.types(ctrlC)
	assert.Equal(t, engine.ExitInterrupted, p.exit())
	assert.True(t, shows(t, tty))
	assert.Contains(t, p.lastRecord(), `"status":"interrupted"`)
}

func TestConfirmAtATerminal(t *testing.T) {
	const script = `return runbook { summary = "s", steps = { step("one", function()
  on_exit(function() log("cleaned up") end)
  log(confirm("Go on?") and "went on" or "stayed")
end) } }`
	for _, c := range []struct {
		name, typed, shown string
		exit               int
	}{
		{"yes", "y\n", "went on", engine.ExitDone},
		{"no", "n\n", "stayed", engine.ExitDone},
		{"the end of the input", ctrlD, "nobody answered: the input ended", engine.ExitDeclined},
		{"an interrupt", ctrlC, "Interrupted by Ctrl-C: nothing is being changed", engine.ExitInterrupted},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newProcess(t, script)
			p.startOnTerminal()
			p.err.waitFor(t, "Go on? [y]es or [n]o?", 1)
			p.types(c.typed)
			p.err.waitFor(t, c.shown, 1)
			p.err.waitFor(t, "cleaned up", 1)
			assert.Equal(t, c.exit, p.exit())
		})
	}
}

// A terminal that was stopped with Ctrl-S blocks every write to it.
func TestAStoppedTerminalCanBeInterrupted(t *testing.T) {
	p := newProcess(t, endless)
	p.startOnTerminal()
	p.err.waitFor(t, "xxx", 1)
	p.types("\x13")
	p.signal(syscall.SIGTERM) // Ctrl-C would set it going again
	assert.Equal(t, engine.ExitInterrupted, p.exit())
	assert.Contains(t, p.journal(), "cleaned up")
	assert.Contains(t, p.lastRecord(), `"status":"interrupted"`)
}
