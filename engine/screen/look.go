package screen

import (
	"os"

	"golang.org/x/term"
)

// A Look is what an output can show. The zero Look is plain text of any width, as for a pipe.
type Look struct {
	Color bool
	Live  bool       // it has a cursor, so a line can be drawn again
	Width func() int // of the terminal now; nil or 0 for no bound
}

// LookOf finds out what an output can show, from the file and the environment: NO_COLOR forbids colours, CLICOLOR_FORCE forces
// them, a terminal that calls itself dumb has neither colours nor a cursor.
func LookOf(f *os.File, getenv func(string) string) Look {
	terminal := term.IsTerminal(int(f.Fd()))
	return lookOf(terminal, getenv, func() int { return terminalWidth(f) })
}

func lookOf(terminal bool, getenv func(string) string, columns func() int) Look {
	var look Look
	if terminal {
		look.Width = columns
		look.Live = getenv("TERM") != "" && getenv("TERM") != "dumb"
	}
	forced := getenv("CLICOLOR_FORCE")
	look.Color = getenv("NO_COLOR") == "" && (look.Live || forced != "" && forced != "0")
	return look
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
