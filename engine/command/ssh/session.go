//go:build unix

package ssh

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"runbook/engine/command"
)

const (
	// silence is how long nothing may come of what a login prints that has ended and left its output open, before nobody listens any more. What
	// it printed before its end is on the way meanwhile: a machine that is busy hands it on late. Who knows that all has come leaves earlier.
	silence = 30 * time.Second
	// grace is how long ssh may take to let go of what it was given, and to end. It is that of engine/command/local.
	grace = 400 * time.Millisecond
)

// A login is one that runs over a shared connection, and the files between it and us.
type login struct {
	mux    *muxClient
	stdin  *os.File // what the login reads is written here
	output []*os.File
	taken  chan struct{} // closed when the output has been passed on, all of it
	quiet  *quiet
}

// begin starts a line over the connection behind a socket.
func begin(ctx context.Context, path, line string, streams command.Streams) (*login, error) {
	mux, err := dialMux(ctx, path)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = mux.close() }) // whoever waits for an answer learns of it
	defer stop()
	l := &login{mux: mux, taken: make(chan struct{})}
	l.quiet = newQuiet(l.cut)
	theirs, err := l.plumb(streams)
	if err == nil {
		err = mux.open(line, theirs)
	}
	for _, f := range theirs {
		if f != nil {
			_ = f.Close() // ssh has it now, or never will
		}
	}
	if err == nil {
		return l, nil
	}
	l.close(grace)
	if refused := (*refusedError)(nil); errors.As(err, &refused) || errors.Is(err, errPlumbing) {
		return nil, err
	}
	return nil, lost(orCause(ctx, err))
}

// errPlumbing says that this machine has no more pipes. Nothing was sent.
var errPlumbing = errors.New("this machine has no more pipes")

// plumb lays pipes between our streams and the login's.
func (l *login) plumb(streams command.Streams) (theirs [3]*os.File, err error) {
	if theirs[0], l.stdin, err = os.Pipe(); err != nil {
		return theirs, errors.Join(errPlumbing, err)
	}
	if streams.Stdin == nil {
		_ = l.stdin.Close()
	} else {
		go func() { // it ends with what it reads, or with the pipe; whose the stream is, ends it
			_, _ = io.Copy(l.stdin, streams.Stdin)
			_ = l.stdin.Close()
		}()
	}
	var taken sync.WaitGroup
	defer func() {
		go func() {
			taken.Wait()
			close(l.taken)
		}()
	}()
	for i, to := range []io.Writer{streams.Stdout, streams.Stderr} {
		ours, its, err := os.Pipe()
		if err != nil {
			return theirs, errors.Join(errPlumbing, err)
		}
		theirs[i+1] = its
		l.output = append(l.output, ours)
		taken.Go(func() {
			_, _ = io.Copy(l.quiet.over(to), ours)
			_ = ours.Close() // who writes more than is wanted is told so
		})
	}
	return theirs, nil
}

// wait waits for the end of the login.
func (l *login) wait(ctx context.Context) (code int, err error) {
	stop := context.AfterFunc(ctx, func() { _ = l.mux.close() })
	defer stop()
	if code, err = l.mux.exit(); err != nil {
		l.close(grace)
		return 0, lost(orCause(ctx, err))
	}
	_ = l.stdin.Close() // some servers wait for that before they say that they are done
	l.quiet.listen()
	l.mux.drained()
	select {
	case <-l.taken:
	case <-ctx.Done():
	}
	l.close(grace)
	return code, nil
}

// cut takes no more of the output.
func (l *login) cut() {
	_ = l.mux.close()
	for _, f := range l.output {
		_ = f.Close()
	}
}

// signalled is the exit code of a login that a signal ended.
const signalled = -1

// answers tells whether the ssh behind a socket still has its connection.
func answers(ctx context.Context, path string) bool {
	mux, err := dialMux(ctx, path)
	if err != nil {
		return false
	}
	_ = mux.close()
	return true
}

// close ends a login: what it reads and writes is closed. What it printed has been passed on, unless that takes longer than it may.
func (l *login) close(within time.Duration) {
	l.quiet.stop()
	_ = l.mux.close()
	_ = l.stdin.Close()
	expired := time.NewTimer(within)
	defer expired.Stop()
	select {
	case <-l.taken:
	case <-expired.C: // ssh has not let go of its ends
		l.cut()
		<-l.taken
	}
}

// orCause is why the context ended, if that is why there is an error.
func orCause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
