package screen

import (
	"bytes"
	"io"
)

// pageSize is how much is gathered before it is written, within the output of one record.
const pageSize = 64 << 10

// Erase returns to the start of the line and empties it. Wrap is switched off around the live line, so that it stays one line even
// where a terminal counts the cells of a character differently.
const (
	eraseLine = "\r\x1b[K"
	wrapOff   = "\x1b[?7l"
	wrapOn    = "\x1b[?7h"
)

// paper is where finished lines go, and below them, on a terminal, one live line that is drawn over and over. Whatever is printed
// first takes the live line away, so a finished line is never touched.
//
// A line can be begun before its end is known, such as that of a step. Without a cursor its beginning is printed at once; with one
// it is kept back, and the live line shows it meanwhile.
//
// An error of the writer is kept and everything after it dropped: a closed pipe must not stop a run half way.
type paper struct {
	look Look
	out  io.Writer
	err  error

	page bytes.Buffer // not written yet
	open line         // begun and not ended
	live bool         // a live line stands on the terminal
	held bool         // a person is being asked: nothing may be printed
}

// A line is one that has begun. Its key says whose it is: only the same end may follow.
type line struct {
	key, plain, painted string
	heading             bool // it is printed with what comes below it, and not without
}

// line prints a finished line, painted already.
func (p *paper) line(painted string) {
	p.end()
	p.page.WriteString(painted)
	p.page.WriteByte('\n')
}

// Write prints whole lines, painted already.
func (p *paper) Write(lines []byte) (int, error) {
	p.end()
	p.page.Write(lines)
	if p.page.Len() > pageSize {
		p.flush()
	}
	return len(lines), nil
}

// begin starts a line that finish or the next line ends.
func (p *paper) begin(key, plain, painted string) {
	p.end()
	p.open = line{key: key, plain: plain, painted: painted}
	if !p.look.Live {
		p.page.WriteString(painted)
	}
}

// head starts a line that is printed as soon as another one follows, unless omit comes first.
func (p *paper) head(key, plain, painted string) {
	p.end()
	p.open = line{key: key, plain: plain, painted: painted, heading: true}
}

// omit takes back a heading that nothing came below.
func (p *paper) omit() {
	if p.open.heading {
		p.open = line{}
	}
}

// finish adds to the open line with that key and ends it. It returns false, and does nothing, if that line is not open any more or
// has no room left on the terminal.
func (p *paper) finish(key string, s style, text string) bool {
	if key == "" || p.open.key != key {
		return false
	}
	if columns := p.look.columns(); columns > 0 && width(p.open.plain)+width(text) > columns {
		return false
	}
	painted := p.look.paint(s, text)
	p.open.painted += painted
	if !p.look.Live {
		p.page.WriteString(painted)
	}
	p.end()
	return true
}

// end ends the open line, if there is one.
func (p *paper) end() {
	if p.open.key == "" {
		return
	}
	if p.look.Live || p.open.heading {
		p.page.WriteString(p.open.painted)
	}
	p.page.WriteByte('\n')
	p.open = line{}
}

// flush writes what was printed.
func (p *paper) flush() {
	if p.held || p.page.Len() == 0 {
		return
	}
	p.erase()
	p.write(p.page.Bytes())
	p.page.Reset()
}

// draw shows text as the live line. The text must fit into the terminal.
func (p *paper) draw(painted string) {
	if p.held || !p.look.Live {
		return
	}
	p.write([]byte(eraseLine + wrapOff + painted + wrapOn))
	p.live = true
}

// erase takes the live line away.
func (p *paper) erase() {
	if p.live {
		p.write([]byte(eraseLine))
		p.live = false
	}
}

func (p *paper) write(b []byte) {
	if p.err == nil {
		_, p.err = p.out.Write(b)
	}
}
