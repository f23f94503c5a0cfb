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
