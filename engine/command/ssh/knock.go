//go:build unix

package ssh

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"runbook/engine/action"
	"runbook/engine/command"
)

// Knock tries a port in the host's network, by the forwarding of its ssh server: that takes nothing that would have to be installed there. It
// has a connection of its own, because ssh says why a port is not open where it complains, which on a shared one might be of another port.
func (h *Host) Knock(ctx context.Context, k command.Knock, tell func(time.Duration, error)) error {
	select {
	case h.knocking <- struct{}{}:
		defer func() { <-h.knocking }()
	case <-ctx.Done():
		return h.late(ctx)
	}
	socket, err := h.door()
	if err != nil {
		return err
	}
	reasons := newReasons()
	c, err := h.connect(ctx, socket, filepath.Dir(socket), reasons, "LogLevel=INFO")
	if err != nil {
		return err
	}
	defer c.close()
	within, cancel := context.WithTimeout(ctx, k.Within)
	defer cancel()
	for range k.Count {
		began := time.Now()
		failure, err := knockOnce(within, socket, k, reasons)
		switch {
		case ctx.Err() != nil:
			return h.late(ctx)
		case err != nil:
			return h.unforwarded(err)
		case failure != nil && nameless.MatchString(failure.Error()):
			return action.Errorf(action.CodeUnavailable, "the host %s finds no address of %q: %w", h.Name, k.Address, failure)
		}
		if tell(time.Since(began), failure); within.Err() != nil {
			return nil
		}
	}
	return nil
}

// door is where the socket of a connection of its own is to be.
func (h *Host) door() (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return "", action.Errorf(action.CodeInterrupted, "cannot reach the host %s: the run is over", h.Name)
	}
	if err := h.settle(); err != nil {
		return "", err
	}
	h.doors++
	return filepath.Join(h.folder, "k"+strconv.Itoa(h.doors)), nil
}

// knockOnce connects to the port, and leaves at once. failure is why there is no connection; err says that the server did not try.
func knockOnce(ctx context.Context, socket string, k command.Knock, reasons *reasons) (failure, err error) {
	nothing, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer nothing.Close() //nolint:errcheck // there is nothing in it
	mux, err := dialMux(ctx, socket)
	switch {
	case err != nil && ctx.Err() != nil:
		return errNoAnswer, nil
	case err != nil:
		return nil, lost(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = mux.close() })
	defer func() {
		stop()
		_ = mux.close()
	}()
	refused := (*refusedError)(nil)
	switch err := mux.forward(k.Address, k.Port, nothing, nothing); {
	case err == nil:
		return nil, nil
	case ctx.Err() != nil:
		return errNoAnswer, nil
	case !errors.As(err, &refused):
		return nil, lost(err)
	}
	return reasons.next(refused.reason)
}

var errNoAnswer = errors.New("no answer")

// unforwarded is the error of a server that does not connect anybody.
func (h *Host) unforwarded(err error) error {
	return action.Errorf(action.CodeUnavailable, "cannot connect to anything from the host %s by ssh: %w", h.Name, err).
		Try("look whether its ssh server forwards: AllowTcpForwarding, PermitOpen and DisableForwarding in sshd_config")
}

// How ssh says that a port was not reached, and that its server tried.
const (
	notOpened = "open failed: "
	tried     = "connect failed: "
)

// nameless is how systems say that a name has no address: that is none of who has the name.
var nameless = regexp.MustCompile(`(?i)not known|name resolution|no address|nodename`)

// reasons are what ssh says of the ports that it could not open, one after the other.
type reasons struct {
	mu   sync.Mutex
	rest []byte // of a line that has not come to its end
	came chan string
}

func newReasons() *reasons { return &reasons{came: make(chan string, 128)} }

// Write takes what ssh says.
func (r *reasons) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rest = append(r.rest, p...)
	for {
		line, after, whole := bytes.Cut(r.rest, []byte("\n"))
		if !whole {
			break
		}
		r.rest = after
		if _, reason, is := strings.Cut(strings.TrimRight(string(line), "\r"), notOpened); is {
			select {
			case r.came <- reason:
			default: // nobody asks
			}
		}
	}
	if len(r.rest) > complaints {
		r.rest = nil
	}
	return len(p), nil
}

// next is why the port was not opened that ssh has just given up, and said so before; otherwise is what is known without that.
func (r *reasons) next(otherwise string) (failure, err error) {
	expired := time.NewTimer(grace)
	defer expired.Stop()
	select {
	case reason := <-r.came:
		text, connected := strings.CutPrefix(reason, tried)
		switch {
		case !connected:
			return nil, errors.New(reason)
		case strings.EqualFold(text, "Connection refused"):
			return syscall.ECONNREFUSED, nil
		}
		return errors.New(text), nil
	case <-expired.C:
		return nil, errors.New(otherwise)
	}
}
