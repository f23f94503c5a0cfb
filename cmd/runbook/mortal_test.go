package main

import (
	"context"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"runbook/engine/journal"
)

// mortalEnv says at which record the program kills itself, as by kill -9: "after 7" right after the 7th record was written,
// "before 7" instead of writing it.
const mortalEnv = "RUNBOOK_TEST_DIES"

// mortal is the program with a journal that it does not survive.
func mortal() {
	io := streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	when, number, ok := strings.Cut(os.Getenv(mortalEnv), " ")
	if ok {
		at, _ := strconv.Atoi(number)
		io.sink = func(file journal.Sink) journal.Sink { return &lethal{file: file, at: at, before: when == "before"} }
	}
	os.Exit(execute(context.Background(), os.Args[1:], io))
}

// lethal is a journal that kills the process at a record.
type lethal struct {
	mu     sync.Mutex
	file   journal.Sink
	at     int
	before bool
	count  int
}

func (l *lethal) Write(r *journal.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !r.Recalled {
		l.count++
	}
	if l.before && l.count == l.at {
		l.die()
	}
	err := l.file.Write(r)
	if l.count == l.at {
		l.die()
	}
	return err
}

func (l *lethal) die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // until the signal arrives
}
