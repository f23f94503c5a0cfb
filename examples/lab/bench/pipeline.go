package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// A pipeline is programs that run at once, each reading what the one before it writes, as in a shell.
type pipeline [][]string

// A sample is what one run took.
type sample struct {
	wall, cpu time.Duration
	memory    int64 // bytes: the peaks of the programs added up, which need not have come at the same moment
}

// run runs the programs to their ends. The first that fails is the error.
func (p pipeline) run(ctx context.Context, h home, out *os.File) (sample, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	begin := time.Now()
	started, err := p.start(ctx, h, out)
	if err != nil {
		stop()
	}
	var total sample
	for _, cmd := range started {
		if failed := cmd.Wait(); failed != nil && err == nil {
			err = fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), failed, strings.TrimSpace(cmd.Stderr.(*bytes.Buffer).String()))
		}
		total.cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		total.memory += peak(cmd.ProcessState)
	}
	total.wall = time.Since(begin)
	return total, err
}

// start starts the programs and returns those that were, also when one could not be.
func (p pipeline) start(ctx context.Context, h home, out *os.File) (started []*exec.Cmd, err error) {
	var in *os.File // what the next program reads; nil for nothing
	defer func() { closeAll(in) }()
	for i, argv := range p {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = h.dir, h.env, out, new(bytes.Buffer)
		if in != nil {
			cmd.Stdin = in
		}
		var next, end *os.File
		if i < len(p)-1 {
			if next, end, err = os.Pipe(); err != nil {
				return started, err
			}
			cmd.Stdout = end
		}
		err := cmd.Start()
		closeAll(in, end) // the programs hold what they need
		in = next
		if err != nil {
			return started, err
		}
		started = append(started, cmd)
	}
	return started, nil
}

func closeAll(files ...*os.File) {
	for _, f := range files {
		if f != nil {
			_ = f.Close() // an end of a pipe: nothing is lost
		}
	}
}

// peak is the most memory that a program had at once, in bytes.
func peak(p *os.ProcessState) int64 {
	usage, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	size := int64(usage.Maxrss) //nolint:unconvert // it has 32 bits on a machine of 32 bits
	if runtime.GOOS != "darwin" {
		size *= 1024 // only there it is not in kilobytes
	}
	return size
}
