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
	"sync/atomic"
	"time"

	"runbook/engine/action"
	"runbook/engine/command"
)

// A Transport is the way to a machine.
type Transport interface {
	// Exec starts a program on the machine, with a command under supervision as its arguments, and returns how it ended. When the context
	// ends nothing is begun any more; what was begun is told so by what it reads, and given up when its Patient context ends, which is also
	// how one is left that has ended and whose output something else holds open. The exit code is negative if a signal ended it, and it is
	// not known which. Its error is a *command.Lost if the program was begun, or may have been, and nobody knows how it ended; otherwise an
	// *action.Error: nothing was started. It closes what the program reads when stdin ends, and needs stdout and stderr no more once it has
	// returned. Whether all that was printed has come is not for it to say.
	Exec(ctx context.Context, words []string, streams command.Streams) (exitCode int, err error)
	// Way is a number for the way as it is now, another one once it was made anew; 0 while there is none. A name may lead to another machine
	// then, as that of two of which one takes over from the other does.
	Way() int
}

// patience is how long a machine may take to confirm that a command has ended that was told to: what the command itself is given for it,
// and the way there and back. A run that is out of time has two seconds.
const patience = 1500 * time.Millisecond

// A Machine is one that is reached by way of its shell.
type Machine struct {
	Host      string // its name in the site file
	Transport Transport
	Clean     func(string) string // hides secrets in what is cut short; nil for nobody who does that

	mu   sync.Mutex
	name string // what it calls itself, once it was asked
	way  int    // by which
}

func (m *Machine) clean(text string) string {
	if m.Clean == nil {
		return text
	}
	return m.Clean(text)
}

// Machine is what the machine calls itself. It is asked once, as long as the way is the same.
func (m *Machine) Machine(ctx context.Context) (string, error) {
	if name := m.known(); name != "" {
		return name, nil
	}
	out, err := m.ask(ctx, Name)
	if err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.name, m.way = strings.TrimSpace(out), m.Transport.Way()
	return m.name, nil
}

// known is the name of the machine that the way leads to, "" if it has to be asked.
func (m *Machine) known() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if way := m.Transport.Way(); way == 0 || way != m.way {
		return ""
	}
	return m.name
}

// Find is where the machine's own search for a program finds it.
func (m *Machine) Find(ctx context.Context, program string) (string, error) {
	if program == "" {
		return "", nil
	}
	return m.ask(ctx, Find, program)
}

// ask has the supervision itself answer, which starts nothing of the machine's but what tells its name.
func (m *Machine) ask(ctx context.Context, w Want, argv ...string) (string, error) {
	var out, complaint bytes.Buffer
	talk := converse(command.Streams{Stdout: &out, Stderr: &complaint})
	line := Words(w, argv...)
	if err := check(line, Line(line)); err != nil {
		return "", err
	}
	_, err := talk.over(ctx, m.Transport, line, nil)
	lost := (*command.Lost)(nil)
	switch end := talk.end(); {
	case end.told && end.code != 0:
		return "", action.Errorf(action.CodeCommand, "cannot ask the host %s: what tells its name exited with status %d%s", m.Host, end.code, command.Ending(m.clean(complaint.String()))).
			Try("look on it: uname -n")
	case end.told:
		return out.String(), nil
	case errors.As(err, &lost):
		return "", action.Errorf(action.CodeUnavailable, "cannot ask the host %s: %w", m.Host, lost.Cause).Again().Try(command.WayLost)
	case err != nil:
		return "", err
	case !talk.stdout.hasBegun():
		return "", m.noShell("ask", talk)
	}
	return "", action.Errorf(action.CodeUnavailable, "cannot ask the host %s: its answer did not come to its end", m.Host).Again().Try(command.WayLost)
}

// Run runs a command, and ends it with all that it has started when the context ends.
func (m *Machine) Run(ctx context.Context, argv []string, streams command.Streams) (int, error) {
	w, input := Run, io.Reader(nil)
	if streams.Stdin != nil {
		w, input = Feed, streams.Stdin
	}
	line := Words(w, argv...)
	if err := check(argv, Line(line)); err != nil {
		return 0, err
	}
	if ctx.Err() != nil {
		return 0, command.NotBegun(ctx, argv)
	}
	c := &call{machine: m, talk: converse(streams), done: make(chan struct{})}
	code, err := c.exec(ctx, line, input)
	return c.outcome(ctx, argv, code, err)
}

// errKilled is what became of the supervision of a command, and nobody told it to end.
var errKilled = errors.New("something on the machine killed the shell that watched over it")

// errSilent is what became of a command whose login ended well: had something else run there, it would mostly say so.
var errSilent = errors.New("its login ended without a word, not even that the command began")

// A call is one command on its way.
type call struct {
	machine *Machine
	talk    conversation
	thrown  atomic.Bool   // the command was told to end
	done    chan struct{} // closed when it has ended
}

// exec runs the line until it ends. When ctx ends the command is told to, and given a while to confirm it.
func (c *call) exec(ctx context.Context, line []string, input io.Reader) (int, error) {
	throw := func() { c.end(ctx) }
	if input == nil {
		r, w := io.Pipe()
		input, throw = r, func() { _ = w.Close() } // it never fails
		defer throw()
	}
	ending := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ending)
		c.thrown.Store(true)
		throw()
	})
	code, err := c.talk.over(ctx, c.machine.Transport, line, input)
	close(c.done)
	if !stop() {
		<-ending
	}
	return code, err
}

// Patient is a context for what was begun with ctx: it ends a while later than ctx.
func Patient(ctx context.Context) (within context.Context, stop func()) {
	within, giveUp := context.WithCancelCause(context.WithoutCancel(ctx))
	unhook := context.AfterFunc(ctx, func() {
		expired := time.AfterFunc(patience, func() { giveUp(errUnconfirmed) })
		context.AfterFunc(within, func() { expired.Stop() })
	})
	return within, func() { unhook(); giveUp(nil) }
}

var errUnconfirmed = fmt.Errorf("it did not confirm within %s that it has ended", patience)

// end has another login end a command with input: its own takes nothing but that. By which id that is done, it says as it begins.
func (c *call) end(ctx context.Context) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer stop()
	select {
	case <-c.talk.stderr.came:
	case <-c.done:
		return
	case <-ctx.Done():
		return
	}
	if b := c.talk.stderr.beginning(); b.pid != 0 {
		_, _ = c.machine.Transport.Exec(ctx, Words(End, strconv.Itoa(b.pid)), command.Streams{Stdout: io.Discard, Stderr: io.Discard})
	}
}

// outcome says what became of a command.
func (c *call) outcome(ctx context.Context, argv []string, code int, err error) (int, error) {
	b := c.talk.stderr.beginning()
	end := c.talk.end()
	lost := (*command.Lost)(nil)
	switch thrown, began := c.thrown.Load(), b.word == Begun; {
	case began && end.told && !thrown:
		return end.code, nil
	case errors.As(err, &lost) && thrown:
		return 0, &command.Lost{Cause: fmt.Errorf("%w, and %w", context.Cause(ctx), lost.Cause)}
	case errors.As(err, &lost):
		return 0, lost
	case began && thrown:
		return 0, &command.Cut{Cause: context.Cause(ctx)}
	case began && err != nil: // some ways have no word for a program that was killed
		return 0, &command.Lost{Cause: err}
	case began && code < 0:
		return 0, &command.Lost{Cause: errKilled}
	case began && !end.unwanted:
		return 0, &command.Lost{Cause: fmt.Errorf("it ended with status %d, and not all that it printed came: its end is missing", code)}
	case began:
		return code, nil
	case err != nil:
		return 0, err
	case b.word == "" && thrown:
		return 0, command.NotBegun(ctx, argv)
	case b.word == "" && code == 0 && c.talk.noise(c.machine.clean) == "":
		return 0, &command.Lost{Cause: errSilent}
	}
	return 0, c.machine.notStarted(b.word, argv, c.talk)
}

// notStarted says why there is no program to start.
func (m *Machine) notStarted(word string, argv []string, talk conversation) error {
	program := command.Line(argv[:1])
	switch word {
	case Missing:
		return command.Missing(argv, m.Host, "install it on %s, or look where it is and whether a login without a terminal has that in its PATH: %s",
			m.Host, command.Line([]string{"command", "-v", argv[0]}))
	case forbidden:
		return command.Denied(argv, m.Host)
	case folder:
		return action.Errorf(action.CodeCommand, "cannot run %s on %s: it is a directory", program, m.Host)
	case leaderless:
		return action.Errorf(action.CodeCommand, "cannot run %s on %s: nothing there could end it with everything that it starts", program, m.Host).
			Try("install setsid on %s: it is in util-linux and in busybox", m.Host)
	}
	return m.noShell("run "+program+" on", talk)
}

// noShell is the error of a login in which something else ran than what was wanted.
func (m *Machine) noShell(what string, talk conversation) error {
	return action.Errorf(action.CodeCommand, "cannot %s %s: a login there does not run what it is told%s", what, m.Host, command.Ending(talk.noise(m.clean))).
		Try("look what a login without a terminal does there: it needs /bin/sh")
}
