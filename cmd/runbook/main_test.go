package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	jq "github.com/itchyny/gojq/cli"
	"github.com/rogpeppe/go-internal/testscript"

	"runbook/engine/command/ssh/sshtest"
)

// The race detector lets every program sleep for a second before it ends, in case that another thread still has something to tell. These
// tests start programs by the hundred.
const (
	raceEnv     = "GORACE"
	raceOptions = "atexit_sleep_ms=0"
)

func TestMain(m *testing.M) {
	if err := os.Setenv(raceEnv, raceOptions); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){
		"runbook": main, "runbook-mortal": mortal, "runbook-plant": inPlant,
		"jq": func() { os.Exit(jq.Run()) }, // so that what is printed for jq is tried wherever there is Go
	})
}

// TestScripts drives the real program, each script in a folder and a home of its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			root, err := filepath.Abs(filepath.Join("..", ".."))
			if err != nil {
				return err
			}
			env.Setenv("ROOT", root)
			env.Setenv(raceEnv, raceOptions)
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config"))
			env.Setenv("XDG_DATA_HOME", filepath.Join(env.WorkDir, "data"))
			env.Setenv("XDG_DATA_DIRS", filepath.Join(env.WorkDir, "system"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "readme": readme, "sshd": sshd},
		Condition: func(name string) (bool, error) {
			if name == "sshd" {
				return sshtest.Available(), nil
			}
			return false, fmt.Errorf("there is no condition %q", name)
		},
	})
}

// named is a block of the README that begins with the path of the file that it is.
var named = regexp.MustCompile("(?s)```[a-z]+\n(?:--|#) (runbooks/[^\n]+)\n.*?```\n")

// readme writes the files that the README shows: readme README.md
func readme(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: readme FILE")
	}
	for _, block := range named.FindAllStringSubmatch(ts.ReadFile(args[0]), -1) {
		path := ts.MkAbs(block[1])
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
		_, text, _ := strings.Cut(strings.TrimSuffix(block[0], "```\n"), "\n")
		ts.Check(os.WriteFile(path, []byte(text), 0o644))
	}
}

// exits runs a command and wants that exit code: exits 64 runbook run
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGUMENT...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%v exited with %d, not %d", args[1:], got, want)
	}
}
