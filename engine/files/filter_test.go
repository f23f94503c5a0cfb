package files

import (
	"context"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

func TestPatternsFitWhatTheyFitInShells(t *testing.T) {
	names := []string{"a", "b", "k.log", "x.log", "!x.log", "^x.log", "[", "]", "!", ".hidden", "a]", "[!", "-"}
	for _, pattern := range []string{"*", "?", "[!k]*", "[k!]*", "[!!]*", "[!a-c]*", "*.log", `\[!`, `[\!]*`, `[\]!]`, "[[!]*", "[!ab]", "[!x]]"} {
		require.NoError(t, Filter{Names: []string{pattern}}.Check("host.find"), pattern)
		for _, name := range names {
			require.Equal(t, inShell(t.Context(), t, pattern, name), Filter{Without: []string{pattern}}.LeavesOut(name), "%s on %s", pattern, name)
		}
	}
}

// inShell tells whether a pattern of sh fits a name.
func inShell(ctx context.Context, t *testing.T, pattern, name string) bool {
	t.Helper()
	err := exec.CommandContext(ctx, "/bin/sh", "-c", `case $2 in $1) ;; *) exit 1;; esac`, "sh", pattern, name).Run()
	if exited := (*exec.ExitError)(nil); err != nil {
		require.ErrorAs(t, err, &exited)
	}
	return err == nil
}

func TestWhatIsNoPattern(t *testing.T) {
	for _, pattern := range []string{"[a", "[!", `\`, "cache/*", "tmp/"} {
		require.Equal(t, action.CodeInvalid, action.CodeOf(Filter{Without: []string{pattern}}.Check("host.find")), pattern)
	}
}
