package main

import (
	"os"

	"github.com/rogpeppe/go-internal/testscript"

	"runbook/engine/command/ssh/sshtest"
)

// sshd makes a server of ssh in a folder, for ssh -F FOLDER/ssh_config, with lines for its configuration: sshd FOLDER [LINE...]
func sshd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: sshd FOLDER [LINE...]")
	}
	folder := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(folder, 0o700))
	_, err := sshtest.Make(folder, args[1:]...)
	ts.Check(err)
}
