//go:build unix

package ssh

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/command/shell"
)

// How connections are made.
const (
	connectTimeout = 10 * time.Second // how long a host may take to answer
	connectAtOnce  = 3                // a server drops some of those who knock together (MaxStartups)
	moment         = 20 * time.Millisecond
	moments        = 100 // how often nobody is let in over a connection that has nobody, until that is believed
)

// A Host is a machine behind ssh. Close ends its connections.
type Host struct {
	Config

	mu          sync.Mutex
	folder      string        // of the sockets
	made        int           // connections that were tried
	doors       int           // connections of their own that were made to knock at ports
	knocking    chan struct{} // has room for as many of those as there may be at once
	connections []*connection // that are up
	leaving     []*connection // over which nothing is begun any more, and something still runs
	opening     int           // that are being made
	failures    int           // connections that could not be made
	failed      error         // why the last of them could not
	full        int           // as many as the server lets us have, if it once refused one; 0 if not
	changed     chan struct{} // closed when any of this changes
	closed      bool
	dropped     sync.WaitGroup // connections that nobody uses any more, as they end
}

// New is the way to a host. It connects to nothing yet.
func New(cfg Config) *Host {
	if cfg.Sessions == 0 {
		cfg.Sessions = DefaultSessions
	}
	return &Host{Config: cfg, knocking: make(chan struct{}, connectAtOnce)}
}

// Exec is that of a shell.Transport.
func (h *Host) Exec(ctx context.Context, words []string, streams command.Streams) (int, error) {
	line := shell.Line(words)
	for {
		c, err := h.seat(ctx)
		if err != nil {
			return 0, err
		}
		code, err := over(ctx, c, line, streams)
		if err = h.left(c, err); !errors.Is(err, errElsewhere) {
			return code, err
		}
	}
}

// over runs a line over a connection, to its end.
func over(ctx context.Context, c *connection, line string, streams command.Streams) (int, error) {
	ctx, stop := shell.Patient(ctx)
	defer stop()
	l, err := begin(ctx, c.socket, line, streams)
	if err != nil {
		return 0, err
	}
	code, err := l.wait(ctx)
	if err != nil && ctx.Err() == nil && answers(ctx, c.socket) {
		return signalled, nil // there is a way still, by which no exit code came
	}
	return code, err
}

// Way is how many connections were made, 0 if none of them is up.
func (h *Host) Way() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.ContainsFunc(h.connections, (*connection).up) {
		return 0
	}
	return h.made
}

// errElsewhere says that a line was not begun, and may be over another connection.
var errElsewhere = errors.New("over another connection")

// left gives a seat back, and makes of how a line ended over it what is to be said of that.
func (h *Host) left(c *connection, err error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer h.tell()
	c.used--
	c.full = false
	h.part(c)
	refused := (*refusedError)(nil)
	switch {
	case err == nil:
		c.served, c.refused = true, 0
	case errors.Is(err, errAway):
		h.drop(c)
		return errElsewhere
	case errors.As(err, &refused) && h.mayFollow(c):
		return errElsewhere
	case errors.As(err, &refused):
		return action.Errorf(action.CodeRejected, "the host %s opens no login for commands: %s", h.Name, refused.reason).
			Try("look at MaxSessions of its ssh server, and whether a command runs there at all: %s", h.byHand("true"))
	case errors.Is(err, errPlumbing):
		return action.Errorf(action.CodeInternal, "cannot run a command on the host %s: %w", h.Name, err).Again().
			Try("fewer at once need fewer files; how many there may be: ulimit -n")
	}
	return err
}

// mayFollow tells whether a login that was refused may be let in later, and keeps others from being refused meanwhile. A server that has
// as many as it allows says no until one of them ends, and still for a moment after that.
func (h *Host) mayFollow(c *connection) bool {
	c.refused++
	if c.used == 0 && (!c.served || c.refused > moments) {
		return false
	}
	c.full = true
	time.AfterFunc(moment, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		c.full = false
		h.tell()
	})
	return true
}

// drop begins nothing over a connection any more. What runs over it still may come to its end.
func (h *Host) drop(c *connection) {
	if at := slices.Index(h.connections, c); at >= 0 {
		h.connections = slices.Delete(h.connections, at, at+1)
		h.leaving = append(h.leaving, c)
		h.part(c)
	}
}

// part ends a connection that was dropped, once nothing runs over it.
func (h *Host) part(c *connection) {
	if at := slices.Index(h.leaving, c); at >= 0 && c.used == 0 {
		h.leaving = slices.Delete(h.leaving, at, at+1)
		h.dropped.Go(c.close)
	}
}

// tell wakes who waits for a seat.
func (h *Host) tell() {
	if h.changed != nil {
		close(h.changed)
		h.changed = nil
	}
}

// seat waits for a connection with room for one login more, or makes one.
func (h *Host) seat(ctx context.Context) (*connection, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	came := h.failures
	for {
		switch c := h.free(); {
		case h.closed:
			return nil, action.Errorf(action.CodeInterrupted, "cannot reach the host %s: the run is over", h.Name)
		case c != nil:
			c.used++
			return c, nil
		case h.failures > came && len(h.connections) == 0:
			return nil, h.failed // it was tried while we waited
		case h.mayOpen():
			if err := h.open(ctx); err != nil {
				return nil, err
			}
			continue
		}
		if h.changed == nil {
			h.changed = make(chan struct{})
		}
		changed := h.changed
		h.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		h.mu.Lock()
		if ctx.Err() != nil {
			return nil, h.late(ctx)
		}
	}
}

// free is the connection with the most room, nil if none has any.
func (h *Host) free() (best *connection) {
	h.connections = slices.DeleteFunc(h.connections, func(c *connection) bool { return !c.up() })
	for _, c := range h.connections {
		if room := h.Sessions - c.used; room > 0 && !c.full && (best == nil || c.used < best.used) {
			best = c
		}
	}
	return best
}

// mayOpen tells whether it is time for another connection. The first is made alone: what keeps us out must not be met many times at once.
func (h *Host) mayOpen() bool {
	if len(h.connections) == 0 {
		return h.opening == 0
	}
	return h.opening < connectAtOnce && (h.full == 0 || len(h.connections)+h.opening < h.full)
}

// open makes a connection, with the lock given away meanwhile. That a further one is refused is no error: there are those that there are.
func (h *Host) open(ctx context.Context) error {
	if err := h.settle(); err != nil {
		return err
	}
	h.made++
	h.opening++
	socket := filepath.Join(h.folder, strconv.Itoa(h.made))
	h.mu.Unlock()
	c, err := h.connect(ctx, socket, h.folder, nil)
	h.mu.Lock()
	h.opening--
	defer h.tell()
	switch {
	case err == nil && h.closed:
		h.mu.Unlock()
		c.close()
		h.mu.Lock()
		return nil
	case err == nil:
		h.connections = append(h.connections, c)
		return nil
	case len(h.connections) > 0 && ctx.Err() == nil:
		h.full = len(h.connections)
		return nil
	case ctx.Err() == nil:
		h.failures, h.failed = h.failures+1, err
	}
	return err
}

// pathLimit is how long the path of a socket may be on every system, with what ssh adds to it while it makes one.
const pathLimit = 103 - len(".0123456789abcdef") - len("/1000")

// settle makes the folder of the sockets, which is ours alone.
func (h *Host) settle() (err error) {
	if h.folder != "" {
		return nil
	}
	for _, base := range []string{os.Getenv("XDG_RUNTIME_DIR"), os.TempDir(), "/tmp"} {
		if base == "" {
			continue
		}
		if h.folder, err = os.MkdirTemp(base, "runbook-"); err != nil {
			h.folder = ""
			continue
		}
		if len(h.folder) <= pathLimit {
			return nil
		}
		_ = os.Remove(h.folder)
		h.folder, err = "", errors.New("the path of the folder for temporary files is too long for a socket")
	}
	return action.Errorf(action.CodeInternal, "cannot reach the host %s: %w", h.Name, err).Try("name a folder for temporary files in TMPDIR")
}

// Close ends the connections, and with them whatever still runs over them.
func (h *Host) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.tell()
	var ended sync.WaitGroup
	for _, c := range slices.Concat(h.connections, h.leaving) {
		ended.Go(c.close)
	}
	ended.Wait()
	h.dropped.Wait()
	h.connections, h.leaving = nil, nil
	if h.folder == "" {
		return nil
	}
	folder := h.folder
	h.folder = ""
	return os.RemoveAll(folder)
}

// Machine is what runs commands on the host.
func (h *Host) Machine() *shell.Machine {
	return &shell.Machine{Host: h.Name, Transport: h, Clean: h.Clean}
}
