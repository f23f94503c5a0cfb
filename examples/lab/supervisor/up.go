package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"runbook/examples/lab/layout"
	"runbook/examples/lab/ports"
	"runbook/examples/lab/process"
)

const (
	startTries   = 3               // with other ports each time
	startTimeout = 3 * time.Minute // for one try
	stopTimeout  = 30 * time.Second
	tailLines    = 15
)

// ErrRunning says that the lab is up already.
var ErrRunning = errors.New("already running")

// errPortTaken says that somebody took a port between our look and the server's own.
var errPortTaken = errors.New("a port was taken meanwhile")

// Up starts the lab and returns when it can be used. It returns ErrRunning where one runs already.
func (s Supervisor) Up(ctx context.Context) error {
	state, release, err := s.hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	// Before anything is cleared away: this program may be the one that lies in the lab.
	self, err := openSelf()
	if err != nil {
		return err
	}
	defer self.Close() //nolint:errcheck // it is only read
	if err := s.clear(ctx, state); err != nil {
		return err
	}
	for try := 1; ; try++ {
		err = s.try(ctx, self)
		if !errors.Is(err, errPortTaken) || try == startTries {
			return err
		}
		fmt.Fprintln(s.Out, "a port was taken meanwhile; starting again with others")
	}
}

// clear makes room: it refuses to disturb a whole lab, and takes away the rest of a broken one.
func (s Supervisor) clear(ctx context.Context, state State) error {
	if state.whole() {
		return ErrRunning
	}
	alive := process.Alive(state.Processes)
	if len(alive) > 0 {
		fmt.Fprintf(s.Out, "stopping what is left of a lab in %s\n", s.Dir)
	}
	return s.strike(ctx, alive)
}

// try starts everything once. If anything fails, everything is stopped again.
func (s Supervisor) try(ctx context.Context, self *os.File) (err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	// What an earlier try wrote must not explain the end of this one.
	if err := discardLogs(s.Dir); err != nil {
		return err
	}
	stage, err := s.stage(self)
	if err != nil {
		return err
	}
	defer func() {
		if err == nil {
			return
		}
		// Also when ctx ended: an interrupted start must not leave its servers behind.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		err = errors.Join(err, s.strike(ctx, stage.state.Processes))
	}()
	for _, part := range s.parts() {
		if err := part.Prepare(stage); err != nil {
			return err
		}
	}
	if err := s.start(ctx, stage); err != nil {
		return err
	}
	return stage.complete()
}

// strike stops servers and removes what they need. What could not be stopped stays on record.
func (s Supervisor) strike(ctx context.Context, servers []process.Record) error {
	if err := process.Stop(ctx, servers); err != nil {
		return err
	}
	return discard(s.Dir)
}

// stage draws the ports and makes the folders.
func (s Supervisor) stage(self *os.File) (*Stage, error) {
	now := time.Now().UTC()
	stage := &Stage{Dir: s.Dir, Now: now, path: s.Path, out: s.Out, state: State{Started: now, Ports: map[string]int{}}}
	var names []string
	for _, part := range s.parts() {
		names = append(names, part.Ports()...)
	}
	free, err := ports.Free(len(names))
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		stage.state.Ports[name] = free[i]
	}
	for _, folder := range []string{s.Dir.Bin(), s.Dir.PKI(), s.Dir.Config(), s.Dir.Logs()} {
		if err := os.MkdirAll(folder, layout.FolderMode); err != nil {
			return nil, fmt.Errorf("make the lab's folders: %w", err)
		}
	}
	return stage, copyTo(s.Dir.Self(), self)
}

func openSelf() (*os.File, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	self, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read this program: %w", err)
	}
	return self, nil
}

// copyTo keeps this program in the lab: servers and people go on calling it, and `go run` takes its own away.
func copyTo(path string, self *os.File) error {
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o700)
	if err != nil {
		return fmt.Errorf("copy this program into the lab: %w", err)
	}
	_, err = self.Seek(0, io.SeekStart)
	if err == nil {
		_, err = io.Copy(to, self)
	}
	if err = errors.Join(err, to.Close()); err != nil {
		return fmt.Errorf("copy this program into the lab: %w", err)
	}
	return nil
}

// start brings up the first part and then the others at once, as none of these needs another.
func (s Supervisor) start(ctx context.Context, stage *Stage) error {
	if err := s.First.Start(ctx, stage); err != nil {
		return err
	}
	others, ctx := errgroup.WithContext(ctx)
	for _, part := range s.Rest {
		others.Go(func() error { return part.Start(ctx, stage) })
	}
	return others.Wait()
}
