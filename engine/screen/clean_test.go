package screen

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "photon-compiler 1/1", "photon-compiler 1/1"},
		{"empty", "", ""},
		{"foreign letters", "Übersicht 日本 👩‍🚒", "Übersicht 日本 👩‍🚒"},
		{"colours go", "\x1b[1;38:5:196mERROR\x1b[0m x", "ERROR x"},
		{"other escapes show", "\x1b[2Jx\x1b[1Ay", "␛[2Jx␛[1Ay"},
		{"an unfinished colour shows", "x\x1b[31", "x␛[31"},
		{"a title", "\x1b]0;x\x07", "␛]0;x␇"},
		{"carriage return", "100%\rroot", "100%␍root"},
		{"line breaks", "a\nb\r\nc\td", "a b c d"},
		{"eight-bit escapes", "a\u009b31mb", "a\uFFFD31mb"},
		{"broken UTF-8", "a\x9b\xffb", "a\uFFFDb"},
		{"reordering", "\u202egnp.exe\u2066", "\uFFFDgnp.exe\uFFFD"},
		{"delete and nul", "a\x7fb\x00", "a␡b␀"},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, clean(c.in)) })
	}
}

func TestCleanLinesKeepTheColumnsOfTabs(t *testing.T) {
	require.Equal(t, []string{"PID     CMD", "日本    x", "", "e"}, cleanLines("PID\tCMD\r\n日本\tx\n\ne\n\n"))
	require.Equal(t, []string{""}, cleanLines(""))
}

// FuzzClean looks for text that would still do something to a terminal.
func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "a", "\x1b[31m", "\x1b[\x1b[0m31m", "\u009b2J", "\xc2", "\u202e", "a\r\nb\t"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s)
		require.True(t, utf8.ValidString(got))
		require.Equal(t, -1, strings.IndexFunc(got, unicode.IsControl), "%q", got)
		require.Equal(t, got, clean(got), "a second time changes something")
		for _, line := range cleanLines(s) {
			require.Equal(t, -1, strings.IndexFunc(line, unicode.IsControl), "%q", line)
		}
	})
}
