package screen

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/journal"
)

// A terminal is a very small terminal: it knows what Text may send to one, and fails the test on anything else. It has no end
// below, and the lines above the cursor can be reached by nothing, as on a real one by what Text may send.
type terminal struct {
	t       *testing.T
	mu      sync.Mutex
	columns int
	lines   []string
	row     []rune // with the cursor
	column  int
	noWrap  bool
}

func (m *terminal) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for text := []rune(string(p)); len(text) > 0; {
		text = text[m.next(text):]
	}
	return len(p), nil
}

func (m *terminal) next(text []rune) int {
	switch text[0] {
	case '\n':
		m.lines = append(m.lines, string(m.row))
		m.row, m.column = nil, 0
	case '\r':
		m.column = 0
	case 0x1b:
		return m.escape(string(text))
	default:
		require.GreaterOrEqual(m.t, text[0], ' ', "a control character")
		m.row = append(m.row[:m.column], text[0])
		m.column++
		require.False(m.t, m.noWrap && width(string(m.row)) >= m.columns, "the live line fills the terminal: %q", string(m.row))
	}
	return 1
}

func (m *terminal) escape(text string) int {
	for _, known := range []struct {
		sequence string
		do       func()
	}{
		{"\x1b[K", func() { m.row = m.row[:m.column] }},
		{wrapOff, func() { m.noWrap = true }},
		{wrapOn, func() { m.noWrap = false }},
	} {
		if strings.HasPrefix(text, known.sequence) {
			known.do()
			return len(known.sequence)
		}
	}
	colour := colourCodes.FindStringIndex(text)
	require.NotNil(m.t, colour, "an escape: %q", text)
	require.Zero(m.t, colour[0], "an escape: %q", text)
	return colour[1]
}

// finished are the lines above the cursor, current the one it is in.
func (m *terminal) finished() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Join(m.lines, "\n") + "\n"
}

func (m *terminal) current() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return string(m.row)
}

// A liveScreen is a Text on a terminal whose time the test moves.
type liveScreen struct {
	*Text
	terminal *terminal
	ticks    chan time.Time
	now      time.Time
	mu       sync.Mutex
}

func newLiveScreen(t *testing.T, width int) *liveScreen {
	s := &liveScreen{terminal: &terminal{t: t, columns: width}, ticks: make(chan time.Time), now: time.Unix(0, 0)}
	s.Text = NewText(s.terminal, Options{
		Look: Look{Live: true, Color: true, Width: columns(width)}, Tick: s.ticks,
		Now: func() time.Time {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.now
		},
	})
	return s
}

// tick lets time pass. When the second tick is taken, what the first one drew is there.
func (s *liveScreen) tick(d time.Duration) {
	s.mu.Lock()
	s.now = s.now.Add(d)
	s.mu.Unlock()
	s.ticks <- s.now
	s.ticks <- s.now
}

func TestFinishedLinesSurviveTheLiveLine(t *testing.T) {
	for name, tape := range map[string]*tape{
		"rehearsal": rehearsal(), "forbidden": forbidden(), "branches": branches(), "killed": killed(), "bumpy": bumpy(), "hostile": hostile(),
	} {
		for _, wide := range []int{30, 60, 200} {
			var plain bytes.Buffer
			play(t, NewText(&plain, Options{Look: Look{Width: columns(wide)}}), tape.records)

			s := newLiveScreen(t, wide)
			for _, r := range tape.records {
				s.Status(r.Branch, "kubernetes.list pods in photon-mlir")
				s.tick(2 * time.Second)
				require.NoError(t, s.Write(r))
				s.tick(time.Second)
			}
			require.NoError(t, s.Close())
			require.Equal(t, plain.String(), s.terminal.finished(), "%s at %d", name, wide)
			require.Empty(t, s.terminal.current(), "the live line stayed")
		}
	}
}

func TestTheLiveLineSaysWhatGoesOn(t *testing.T) {
	s := newLiveScreen(t, 80)
	tape := newTape(journal.RealRun).step(1, "Scale up")
	for _, r := range tape.records {
		require.NoError(t, s.Write(r))
	}
	s.tick(0)
	require.Regexp(t, `^[|/\\-] \[1/4\] Scale up$`, s.terminal.current())

	s.Status("", "kubernetes.wait deployments/photon-compiler in photon-mlir: 1 of 5 replicas available")
	s.tick(3 * time.Second)
	s.Status("", "kubernetes.wait deployments/photon-compiler in photon-mlir: 2 of 5 replicas available")
	s.tick(9 * time.Second)
	require.Contains(t, s.terminal.current(), "[1/4] Scale up")
	require.Contains(t, s.terminal.current(), "2 of 5 replicas available  12s", "the end of the text and the time are never cut off")

	require.NoError(t, s.Write(tape.show(journal.Show{Form: "text", Text: "still 2"}).records[2]))
	require.Empty(t, s.terminal.current(), "finished lines take the live line away")
	s.Status("envise-0", "device.reset device/envise-0")
	s.tick(time.Second)
	require.Regexp(t, `^. 1 more and kubernetes\.wait .* 13s$`, s.terminal.current())
	require.NoError(t, s.Close())
}

func TestAnActionUnderWayIsTheLiveLine(t *testing.T) {
	s := newLiveScreen(t, 80)
	tape := newTape(journal.RealRun).step(1, "Restart").intent(deletion(1, "x"))
	for _, r := range tape.records {
		s.Status("", "kubernetes.delete pods/x in photon-mlir")
		require.NoError(t, s.Write(r))
	}
	s.tick(5 * time.Second)
	require.Regexp(t, `^.   1  delete pods/x  \(disruptive\)  5s$`, s.terminal.current())
	require.NoError(t, s.Close())
}

func TestNothingIsPrintedWhileAPersonIsAsked(t *testing.T) {
	s := newLiveScreen(t, 80)
	tape := newTape(journal.RealRun).step(1, "Ask").show(journal.Show{Form: "text", Text: "meanwhile"})
	require.NoError(t, s.Write(tape.records[0]))
	require.NoError(t, s.Write(tape.records[1]))
	s.tick(0)
	s.Pause()
	require.Contains(t, s.terminal.finished(), "[1/4] Ask\n")
	require.Empty(t, s.terminal.current())

	s.tick(time.Second)
	require.NoError(t, s.Write(tape.records[2]))
	require.NotContains(t, s.terminal.finished(), "meanwhile")
	s.Resume()
	require.Contains(t, s.terminal.finished(), "meanwhile")
	require.NoError(t, s.Close())
}
