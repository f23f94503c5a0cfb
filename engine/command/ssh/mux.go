//go:build unix

package ssh

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"runbook/engine/command"
)

// The protocol by which OpenSSH shares a connection, version 4, as its PROTOCOL.mux says. A message is its length and its fields; a
// number is four bytes, the highest first, and a text its length and its bytes.
const (
	muxVersion    = 4
	muxHello      = 0x00000001
	muxNewSession = 0x10000002
	muxForward    = 0x10000008 // of two streams to a port: its number is none of a text, whatever that page says
	muxDenied     = 0x80000002
	muxFailure    = 0x80000003
	muxExit       = 0x80000004
	muxOpened     = 0x80000006
	noEscape      = 0xffffffff
	requestID     = 1
	messageLimit  = 256 << 10
)

// errRefused is why the other side opened no login for us: it has as many as it allows, or it allows none.
type refusedError struct{ reason string }

func (e *refusedError) Error() string { return e.reason }

// errAway says that nobody is behind a socket: nothing was sent.
var errAway = errors.New("the connection is closed")

// A muxClient is one login over a shared connection.
type muxClient struct{ conn *net.UnixConn }

// dialMux greets the ssh behind a socket. Its error is errAway. One that does not answer is given up when the context ends.
func dialMux(ctx context.Context, path string) (*muxClient, error) {
	conn, err := dial(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errAway, err)
	}
	c := &muxClient{conn.(*net.UnixConn)}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if err := c.greet(); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", errAway, err), conn.Close())
	}
	return c, nil
}

// queued is how long somebody waits who was not let into the queue before a socket.
const queued = 5 * time.Millisecond

// dial connects to a socket. A full queue is none of who is not there: ssh takes 64 at a time, and is behind with them.
func dial(ctx context.Context, path string) (net.Conn, error) {
	var dialer net.Dialer
	for {
		conn, err := dialer.DialContext(ctx, "unix", path)
		if !errors.Is(err, syscall.EAGAIN) {
			return conn, err
		}
		expired := time.NewTimer(queued)
		select {
		case <-expired.C:
		case <-ctx.Done():
			expired.Stop()
			return nil, context.Cause(ctx)
		}
	}
}

func (c *muxClient) close() error { return c.conn.Close() }

func (c *muxClient) greet() error {
	if err := c.send(message{}.number(muxHello).number(muxVersion)); err != nil {
		return err
	}
	m, err := c.receive()
	if err != nil {
		return err
	}
	if kind, version := m.takeNumber(), m.takeNumber(); kind != muxHello || version != muxVersion {
		return fmt.Errorf("it speaks version %d of the protocol for shared connections, and not %d", version, muxVersion)
	}
	return nil
}

// open starts a line by the shell of a login, with those three files as its streams. Its error is a *refusedError if that was refused,
// and of the connection if nobody knows.
func (c *muxClient) open(line string, streams [3]*os.File) error {
	const tty, x11, agent, subsystem = 0, 0, 0, 0
	return c.request(message{}.number(muxNewSession).number(requestID).text("").
		number(tty).number(x11).number(agent).number(subsystem).number(noEscape).text("").text(line), streams[:]...)
}

// forward connects those two files to a port that the other side can reach. Its errors are those of open.
func (c *muxClient) forward(address string, port int, in, out *os.File) error {
	return c.request(message{}.number(muxForward).number(requestID).text("").text(address).number(uint32(port)), in, out)
}

// request asks for something that takes files, and waits until it is there.
func (c *muxClient) request(m message, files ...*os.File) error {
	if err := c.send(m); err != nil {
		return err
	}
	for _, f := range files {
		if _, _, err := c.conn.WriteMsgUnix([]byte{0}, syscall.UnixRights(int(f.Fd())), nil); err != nil {
			return err
		}
	}
	m, err := c.receive()
	if err != nil {
		return err
	}
	switch kind := m.takeNumber(); kind {
	case muxOpened:
		return nil
	case muxDenied, muxFailure:
		m.takeNumber() // the request that is meant
		return &refusedError{m.takeText()}
	default:
		return fmt.Errorf("it answers with a message of kind %#x", kind)
	}
}

// exit waits for the end of the login and returns with which status its shell ended.
func (c *muxClient) exit() (code int, err error) {
	for {
		m, err := c.receive()
		if err != nil {
			return 0, err
		}
		if m.takeNumber() == muxExit {
			m.takeNumber() // the login that is meant
			return int(m.takeNumber()), nil
		}
	}
}

// drained waits until the other side has written all that there is to write.
func (c *muxClient) drained() {
	for {
		if _, err := c.receive(); err != nil {
			return
		}
	}
}

func (c *muxClient) send(m message) error {
	_, err := c.conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(m))), m...))
	return err
}

func (c *muxClient) receive() (message, error) {
	var head [4]byte
	if _, err := io.ReadFull(c.conn, head[:]); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(head[:])
	if length > messageLimit {
		return nil, fmt.Errorf("it sends a message of %d bytes", length)
	}
	m := make(message, length)
	_, err := io.ReadFull(c.conn, m)
	return m, err
}

// A message is its fields.
type message []byte

func (m message) number(n uint32) message { return binary.BigEndian.AppendUint32(m, n) }

func (m message) text(s string) message { return append(m.number(uint32(len(s))), s...) }

// takeNumber takes the next field, 0 if there is none.
func (m *message) takeNumber() uint32 {
	if len(*m) < 4 {
		*m = nil
		return 0
	}
	n := binary.BigEndian.Uint32(*m)
	*m = (*m)[4:]
	return n
}

// takeText takes the next field, as much as there is of it.
func (m *message) takeText() string {
	n := min(int(m.takeNumber()), len(*m))
	s := string((*m)[:n])
	*m = (*m)[n:]
	return s
}

// lost is the error of a login of which nobody knows how it ended.
func lost(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		err = errors.New("the connection was lost")
	}
	return &command.Lost{Cause: err}
}
