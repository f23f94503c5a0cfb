package shell

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"sync"

	"runbook/engine/command"
)

// mark begins the line after which the output of a command begins, in both of its streams.
const mark = "=runbook="

// noiseLimit is how much a login may print before the command begins, in bytes.
const noiseLimit = 64 << 10

// A preamble is a stream that begins with what the login prints, goes on with the mark, and has the command's output after it.
type preamble struct {
	to   io.Writer
	came chan struct{} // closed when the mark has come

	mu    sync.Mutex
	early []byte // what came before the end of the mark's line
	line  string // of the mark, once it has come
	begun bool
}

// Write passes on what comes after the mark.
func (p *preamble) Write(b []byte) (int, error) {
	p.mu.Lock()
	if p.begun {
		p.mu.Unlock()
		return p.to.Write(b)
	}
	rest := p.search(b)
	p.mu.Unlock()
	if len(rest) > 0 {
		if _, err := p.to.Write(rest); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// search looks for the mark and returns what is after it.
func (p *preamble) search(b []byte) (rest []byte) {
	p.early = append(p.early, b...)
	at := p.find()
	if at < 0 {
		if more := len(p.early) - noiseLimit; more > 0 {
			p.early = p.early[more:]
		}
		return nil
	}
	length := bytes.IndexByte(p.early[at:], '\n')
	if length < 0 {
		return nil
	}
	p.line, p.begun = string(p.early[at:at+length]), true
	close(p.came)
	rest = p.early[at+length+1:]
	p.early = p.early[:at]
	return rest
}

// find is where the mark is: a login may leave its own line unfinished.
func (p *preamble) find() int { return bytes.Index(p.early, []byte(mark)) }

// noise is what the login printed.
func (p *preamble) noise(clean func(string) string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return clean(strings.ToValidUTF8(string(p.early), "\uFFFD"))
}

// A beginning is what became of a command's beginning, as the line of the mark says.
type beginning struct {
	word string // "" if the line has not come
	pid  int    // by which its processes are ended; 0 if it has none
}

// The words.
const (
	Begun      = "begun"
	Missing    = "missing"
	folder     = "folder"
	forbidden  = "forbidden"
	leaderless = "leaderless"
)

// Preamble is what a login prints in both streams before a command of which that word tells. It is for who answers for a machine.
func Preamble(word string) (stdout, stderr string) {
	return mark + "\n", mark + " " + word + " 1\n"
}

func (p *preamble) hasBegun() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.begun
}

func (p *preamble) beginning() beginning {
	p.mu.Lock()
	defer p.mu.Unlock()
	fields := strings.Fields(strings.TrimPrefix(p.line, mark))
	if len(fields) == 0 {
		return beginning{}
	}
	b := beginning{word: fields[0]}
	if len(fields) > 1 {
		b.pid, _ = strconv.Atoi(fields[1])
	}
	return b
}

// A conversation is both streams of a login in which a command runs.
type conversation struct{ stdout, stderr *preamble }

func converse(to command.Streams) conversation {
	return conversation{newPreamble(to.Stdout), newPreamble(to.Stderr)}
}

func newPreamble(to io.Writer) *preamble {
	if to == nil {
		to = io.Discard
	}
	return &preamble{to: to, came: make(chan struct{})}
}

// noise is what the login printed before the command, or instead of it.
func (c conversation) noise(clean func(string) string) string {
	return strings.TrimSpace(c.stdout.noise(clean) + "\n" + c.stderr.noise(clean))
}
