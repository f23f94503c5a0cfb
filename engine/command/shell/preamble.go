package shell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

// A preamble is a stream that begins with what the login prints, goes on with the mark, and has the command's output after it. Where the
// command ended there is another mark, which is no part of the output either.
type preamble struct {
	to   io.Writer
	came chan struct{} // closed when the mark has come

	mu    sync.Mutex
	early []byte // what came before the end of the mark's line
	line  string // of the mark, once it has come
	begun bool
	end   ending
	ended chan struct{} // closed when all that the command printed has been passed on
	spurn bool          // who takes it wanted no more
}

// Write passes on what comes after the mark.
func (p *preamble) Write(b []byte) (int, error) {
	p.mu.Lock()
	rest := b
	if !p.begun {
		rest = p.search(b)
	}
	rest = p.end.without(rest)
	p.mu.Unlock()
	var err error
	if len(rest) > 0 {
		_, err = p.to.Write(rest)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err != nil:
		p.spurn = true
		return 0, err
	case p.end.came:
		p.over()
	}
	return len(b), nil
}

func (p *preamble) over() {
	select {
	case <-p.ended:
	default:
		close(p.ended)
	}
}

// rest passes on what could have been the beginning of the second mark, and was not.
func (p *preamble) rest() {
	p.mu.Lock()
	held := p.end.held
	p.end.held = nil
	p.mu.Unlock()
	if len(held) > 0 {
		_, _ = p.to.Write(held) // who does not want it has said so before
	}
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
	p.end.mark = endingOf(parsed(p.line).pid)
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

// Around puts around what a command prints in a stream what its login prints there, of a command of which that word tells and that ended so.
// It is for who answers for a machine.
func Around(word, printed string, exitCode int) string {
	const pid = 1
	return fmt.Sprintf("%s %s %d\n%s%s%d\n", mark, word, pid, printed, endingOf(pid), exitCode)
}

func (p *preamble) hasBegun() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.begun
}

func (p *preamble) beginning() beginning {
	p.mu.Lock()
	defer p.mu.Unlock()
	return parsed(p.line)
}

func parsed(line string) beginning {
	fields := strings.Fields(strings.TrimPrefix(line, mark))
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
	return &preamble{to: to, came: make(chan struct{}), ended: make(chan struct{})}
}

// over has a transport run a line. It is not waited for longer than for all that the command printed: a server that it has started may hold
// its output open for ever.
func (c conversation) over(ctx context.Context, by Transport, line []string, input io.Reader) (int, error) {
	within, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	returned := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		for _, p := range []*preamble{c.stdout, c.stderr} {
			select {
			case <-p.ended:
			case <-returned:
				return
			}
		}
		leave(errWhole)
	})
	code, err := by.Exec(within, line, command.Streams{Stdin: input, Stdout: c.stdout, Stderr: c.stderr})
	close(returned)
	watch.Wait()
	c.stdout.rest()
	c.stderr.rest()
	return code, err
}

// errWhole is why a login is left whose command has ended.
var errWhole = errors.New("the command has ended, and all that it printed has come")

// An end is what is known of the end of a command's output.
type end struct {
	told bool // all that it printed by itself has come, and its exit code, which is code
	code int
	// unwanted says that who takes the output wanted no more of it. Then the way may have dropped the rest of the other stream too.
	unwanted bool
}

func (c conversation) end() (out end) {
	out.told = true
	for _, p := range []*preamble{c.stdout, c.stderr} {
		p.mu.Lock()
		out.told, out.unwanted, out.code = out.told && p.end.came, out.unwanted || p.spurn, p.end.code
		p.mu.Unlock()
	}
	return out
}

// noise is what the login printed before the command, or instead of it.
func (c conversation) noise(clean func(string) string) string {
	return strings.TrimSpace(c.stdout.noise(clean) + "\n" + c.stderr.noise(clean))
}
