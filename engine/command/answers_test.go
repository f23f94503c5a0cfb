package command

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhichCommandsAPatternAnswers(t *testing.T) {
	for _, c := range []struct {
		pattern, argv string
		want          bool
	}{
		{"df -h", "df -h", true}, {"df -h", "df", false}, {"df", "df -h", false},
		{"rm ...", "rm -r /tmp/x", true}, {"rm ...", "rm", true}, {"rm ...", "mv a b", false},
		{"cat *", "cat /etc/hosts", true}, {"cat *", "cat", false}, {"cat *", "cat a b", false}, {"cat * b", "cat -n b", true},
	} {
		require.Equal(t, c.want, Answers(strings.Fields(c.pattern), strings.Fields(c.argv)), "%s: %s", c.pattern, c.argv)
	}
}
