package screen

import (
	"fmt"
	"time"
)

// framePace is how often the live line is drawn.
const framePace = 120 * time.Millisecond

// spinner is plain ASCII: the console at the end of a serial line has nothing else.
const spinner = `|/-\`

// unknownColumns is taken for the width of a terminal that does not tell.
const unknownColumns = 80

// live is what goes on in a run at this moment, which is in no record yet.
type live struct {
	now    func() time.Time
	doing  map[string]doing // by branch
	opened time.Time        // when the open line began
	frame  int
}

// doing is what one branch waits for.
type doing struct {
	text  string
	since time.Time
}

// set says what a branch waits for now. A new text in the course of one wait keeps its start.
func (l *live) set(branch, text string) {
	d, known := l.doing[branch]
	if !known {
		d.since = l.now()
	}
	d.text = clean(text)
	l.doing[branch] = d
}

func (l *live) done(branch string) { delete(l.doing, branch) }

func (l *live) allDone() { clear(l.doing) }

// longest is the branch that has waited longest: the one that everybody waits for.
func (l *live) longest() (branch string, d doing) {
	for b, candidate := range l.doing {
		earlier := candidate.since.Before(d.since) || candidate.since.Equal(d.since) && b < branch
		if d.since.IsZero() || earlier {
			branch, d = b, candidate
		}
	}
	return branch, d
}

// line is the live line within so many columns: a spinner, what goes on, and since when. It is empty if nothing goes on. The text
// is shortened in its middle, because what is missing ("2 of 5 available") stands at its end.
func (l *live) line(open string, columns int) string {
	if columns == 0 {
		columns = unknownColumns
	}
	text, since := l.text(open)
	if text == "" {
		return ""
	}
	l.frame++
	mark := spinner[l.frame%len(spinner):][:1] + " "
	tail := ""
	if waited := l.now().Sub(since); waited >= time.Second {
		tail = "  " + elapsed(waited.Truncate(time.Second))
	}
	// The last column stays free: some terminals wrap when it is filled.
	return truncate(mark+shorten(text, columns-1-width(mark)-width(tail))+tail, columns-1)
}

func (l *live) text(open string) (text string, since time.Time) {
	branch, d := l.longest()
	switch {
	case d.since.IsZero():
		return open, l.opened
	case branch != "":
		text = clean(branch) + ": " + d.text
	default:
		text = d.text
	}
	if others := len(l.doing) - 1; others > 0 {
		text = fmt.Sprintf("%d more and %s", others, text)
	}
	if open != "" {
		text = open + "  " + text
	}
	return text, d.since
}

// animate draws the live line at every tick until stop is closed.
func (t *Text) animate(ticks <-chan time.Time, stop <-chan struct{}, stopped chan<- struct{}) {
	defer close(stopped)
	for {
		select {
		case <-stop:
			return
		case <-ticks:
			t.redraw()
		}
	}
}

func (t *Text) redraw() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if o, ok := t.paper.out.(*Outlet); ok && o.Behind() {
		return // nobody sees it, and it would pile up
	}
	if text := t.live.line(t.paper.open.plain, t.paper.look.columns()); text != "" {
		t.paper.draw(t.paper.look.paint(dim, text))
	}
}
