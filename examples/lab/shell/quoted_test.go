package shell

import (
	"os/exec"
	"testing"
)

func TestAShellReadsWhatWasQuoted(t *testing.T) {
	for _, text := range []string{"", "plain", `it's $HOME`, `''`, "a \"b\" `c` \\ ; *\nd\t", "-n"} {
		out, err := exec.CommandContext(t.Context(), "/bin/sh", "-c", "printf %s "+Quoted("<"+text+">")).Output()
		if err != nil || string(out) != "<"+text+">" {
			t.Errorf("%q is read as %q, %v", text, out, err)
		}
	}
}

func TestWordIsQuotedWhereItNeedsIt(t *testing.T) {
	for text, want := range map[string]string{
		"/home/ann/.lab/env": "/home/ann/.lab/env", "a b": "'a b'", "": "''", "$x": "'$x'", "~": "'~'",
	} {
		if got := Word(text); got != want {
			t.Errorf("%q becomes %s, want %s", text, got, want)
		}
	}
}
