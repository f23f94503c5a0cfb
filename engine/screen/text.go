package screen

import (
	"io"
	"sync"
	"time"

	"runbook/engine/gate"
	"runbook/engine/journal"
)

// Text is a journal.Sink that prints a run as text. It is safe for concurrent use.
//
// It never fails a Write: a screen that cannot be written to must not stop a run half way. Close returns what went wrong.
type Text struct {
	mu     sync.Mutex
	paper  paper
	live   live
	ledger ledger
	seam   seam
	names  names

	// withEvidence says below each action what it rests on: for who approves it.
	withEvidence bool

	asked  bool            // a person was asked since the last record: the terminal shows the question already
	seen   map[string]bool // actions that a person was shown in full when asked, by key
	untold *blame
	why    Break // the records have no last one
	stop   chan struct{}
	idle   chan struct{} // closed once nothing draws any more
	tick   *time.Ticker
}

var (
	_ journal.Sink = (*Text)(nil)
	_ gate.Live    = (*Text)(nil)
)

// Options are how Text prints.
type Options struct {
	Look Look
	Now  func() time.Time // for the live line; nil for the machine's clock
	Tick <-chan time.Time // when to draw the live line; nil for a ticker of its own
}

// NewText makes a Text that prints to w. Where there is a live line, a goroutine draws it until Close.
func NewText(w io.Writer, o Options) *Text {
	if o.Now == nil {
		o.Now = time.Now
	}
	t := &Text{
		paper:  paper{look: o.Look, out: w},
		live:   live{now: o.Now, doing: map[string]doing{}},
		ledger: newLedger(),
		seen:   map[string]bool{},
	}
	if o.Look.Live {
		t.startDrawing(o.Tick)
	}
	return t
}

func (t *Text) startDrawing(ticks <-chan time.Time) {
	if ticks == nil {
		t.tick = time.NewTicker(framePace)
		ticks = t.tick.C
	}
	t.stop, t.idle = make(chan struct{}), make(chan struct{})
	go t.animate(ticks, t.stop, t.idle)
}

// Close takes the live line away and says so if the run had no end. It returns the first error of the writer.
func (t *Text) Close() error {
	if t.stop != nil {
		close(t.stop)
		<-t.idle
		t.stop = nil
	}
	if t.tick != nil {
		t.tick.Stop()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.paper.held = false
	t.tell()
	if t.ledger.run.ID != "" && t.ledger.end == nil {
		t.torn()
	}
	t.paper.end()
	t.paper.flush()
	t.paper.erase()
	return t.paper.err
}

// Status says what a branch waits for now, for the live line.
func (t *Text) Status(branch, text string) {
	if !t.paper.look.Live {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.live.set(branch, text)
}

// Pause leaves the terminal to a question: the live line goes, and what is printed meanwhile appears after Resume.
func (t *Text) Pause() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.paper.end()
	t.paper.flush()
	t.paper.erase()
	t.paper.held, t.asked = true, true
}

// Resume ends a Pause.
func (t *Text) Resume() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.paper.held = false
	t.paper.flush()
}

// Write prints one record.
func (t *Text) Write(r *journal.Record) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ledger.note(r)
	t.tellBefore(r)
	if t.seam.note(r) {
		t.cross(r.Branch)
	}
	t.print(r)
	t.paper.flush()
	return nil
}

// print shows a record by its kind. What the script read, and values that the host gave it, are not shown: they are in the journal.
func (t *Text) print(r *journal.Record) {
	switch r.Kind {
	case journal.KindRun:
		t.header(r.Run)
	case journal.KindResume:
		t.resume(r)
	case journal.KindStep:
		t.step(r.Step)
	case journal.KindStepEnd:
		t.stepEnd(r)
	case journal.KindRead:
		t.live.done(r.Branch)
	case journal.KindWait:
		t.live.done(r.Branch)
		t.wait(r)
	case journal.KindIntent:
		t.intent(r)
	case journal.KindOutcome:
		t.live.done(r.Branch)
		t.outcome(r)
	case journal.KindConsent:
		t.consent(r)
	case journal.KindAnswer:
		t.answer(r)
	case journal.KindShow:
		t.show(r.Branch, r.Show)
	case journal.KindAssume:
		t.assume(r)
	case journal.KindWarning:
		t.warning(r.Branch, r.Warning)
	case journal.KindEnd:
		t.live.allDone()
		t.summary(r.End)
	}
}

// margin begins the lines below a step. Those of a branch carry its name, because branches take turns.
func margin(branch string) string {
	if branch == "" {
		return "  "
	}
	return "  " + shorten(clean(branch), maxLabel) + " | "
}

// maxLabel is how many cells the name of a branch may take in a margin.
const maxLabel = 24

// say prints text from outside after a margin, in one style, folded to the terminal.
func (t *Text) say(margin string, s style, text string) {
	for _, line := range cleanLines(text) {
		t.fold(margin, margin, s, line)
	}
}

// fold prints one cleaned line after a margin; where it is too long, it goes on after the second margin.
func (t *Text) fold(first, next string, s style, line string) {
	for _, piece := range fold(line, t.room(first)) {
		t.paper.line(first + t.paper.look.paint(s, piece))
		first = next
	}
}

// narrowest is the room that text gets on a terminal that is too narrow for anything.
const narrowest = 16

// room is how many cells of a line are left after a margin; 0 for no bound.
func (t *Text) room(margin string) int {
	columns := t.paper.look.columns()
	if columns == 0 {
		return 0
	}
	return max(columns-width(margin), narrowest)
}

// bounded is room without what text gets at the least: a drawing has to stay within the terminal. 0 for no bound.
func (t *Text) bounded(margin string) int {
	columns := t.paper.look.columns()
	if columns == 0 {
		return 0
	}
	return max(columns-width(margin), 1)
}
