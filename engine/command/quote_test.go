package command

import (
	"os/exec"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// What a person is told to type does what it says, and nothing else.
func TestAShellTakesAQuotedWordAsItIs(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash here")
	}
	for _, word := range []string{
		"", "a", "a b", "it's", `"`, `\`, "$(reboot)", "`id`", "$HOME", "!x", "*", "?", "~", "#", "a;b", "a&b", "<x>", "(x)", "{a,b}", "{1..3}", "{id}", "{}", "[x]", "a|b",
		"two\nlines", "tab\there", "\x1b[31mred", "\xff\xfe1", "ünï", "\u202etxt", "'\n'", "-n", "x=y", "é\x01é", "\u0085", "^x",
	} {
		quoted := Quote(word)
		require.False(t, strings.ContainsFunc(quoted, unicode.IsControl), quoted)
		out, err := exec.CommandContext(t.Context(), bash, "-c", "printf %s "+quoted).Output()
		require.NoError(t, err, quoted)
		require.Equal(t, word, string(out), quoted)
	}
	require.Equal(t, "/var/log/app.log", Quote("/var/log/app.log"))
	require.Equal(t, `"/my disk"`, Quote("/my disk"))
}
