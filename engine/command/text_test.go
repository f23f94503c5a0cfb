package command

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

func TestWhatAPersonReads(t *testing.T) {
	require.Equal(t, `df -h "/my disk" "" 'a"b'`, Line([]string{"df", "-h", "/my disk", "", `a"b`}))
	e := Exited([]string{"df -h"}, " in pods/a", 127, strings.Repeat("x", 600)+" no such file\n")
	require.Equal(t, action.CodeCommand, e.Code)
	require.True(t, strings.HasPrefix(e.Message, `"df -h" in pods/a exited with status 127: …x`), e.Message)
	require.True(t, strings.HasSuffix(e.Message, "no such file"))
	e = Hinted([]string{"df -h"}, e, openly)
	require.Equal(t, `the command is one word with spaces in it; write its words separately: { "df", "-h" }`, e.Hint)
	e = Hinted([]string{"pass word"}, Missing([]string{"x"}, Here, "install it"), func(string) string { return action.Masked })
	require.Equal(t, "install it", e.Hint, "half a secret is not recognised later")
	require.Equal(t, "false exited with status 1", Exited([]string{"false"}, "", 1, " \n").Message)
}

func TestACommandHasWords(t *testing.T) {
	require.NoError(t, Check("host.run", []string{"df"}))
	for _, argv := range [][]string{nil, {}, {""}, {"", "x"}} {
		require.ErrorContains(t, Check("host.run", argv), "host.run: the command is empty")
	}
}

// Whatever is let pass as a command that only looks is answered by the same pattern: a scenario declares both in one line.
func FuzzAnswers(f *testing.F) {
	f.Add("df\n-h\n...", "df\n-h\n/var")
	f.Add("cat\n*", "cat\n-n")
	f.Add("...", "")
	f.Fuzz(func(t *testing.T, words, arguments string) {
		pattern, argv := strings.Split(words, "\n"), strings.Split(arguments, "\n")
		if (action.Commands{pattern}).Match(argv) {
			require.True(t, Answers(pattern, argv))
		}
		if Answers(pattern, argv) && !strings.Contains(words, "*") && !strings.Contains(words, "...") {
			require.Equal(t, pattern, argv)
		}
	})
}
