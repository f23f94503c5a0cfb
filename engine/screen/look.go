package screen

import (
	"os"
	"runtime"
	"strings"

	"golang.org/x/term"
)

// A Look is what an output can show. The zero Look is plain text of any width, as for a pipe.
type Look struct {
	Color bool
	ASCII bool       // it shows no characters but those of ASCII
	Live  bool       // it has a cursor, so a line can be drawn again
	Width func() int // of the terminal now; nil or 0 for no bound
}

// LookOf finds out what an output can show, from the file and the environment: NO_COLOR forbids colours, CLICOLOR_FORCE forces
// them, a terminal that calls itself dumb has neither colours nor a cursor. The locale says which characters it has.
func LookOf(f *os.File, getenv func(string) string) Look {
	terminal := term.IsTerminal(int(f.Fd()))
	return lookOf(terminal, getenv, func() int { return terminalWidth(f) })
}

func lookOf(terminal bool, getenv func(string) string, columns func() int) Look {
	look := Look{ASCII: runtime.GOOS != "windows" && !isUTF8(getenv)}
	if terminal {
		look.Width = columns
		look.Live = getenv("TERM") != "" && getenv("TERM") != "dumb"
	}
	forced := getenv("CLICOLOR_FORCE")
	look.Color = getenv("NO_COLOR") == "" && (look.Live || forced != "" && forced != "0")
	return look
}

// isUTF8 tells whether the locale's characters are those of UTF-8. The first of the three variables that is set decides, and none
// means the locale C, in which there is only ASCII. Windows has other means, and its terminals know all characters.
func isUTF8(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToUpper(getenv(name)); locale != "" {
			return strings.Contains(locale, "UTF-8") || strings.Contains(locale, "UTF8")
		}
	}
	return false
}

func terminalWidth(f *os.File) int {
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// columns is the width to stay within, 0 for no bound.
func (l Look) columns() int {
	if l.Width == nil {
		return 0
	}
	return l.Width()
}
