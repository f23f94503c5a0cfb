package kubernetes

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"time"
)

// longestLine is how much of one line of a log is looked at and kept. What follows is dropped.
const longestLine = 1 << 20

// readLines passes each line of a log on as it comes, without its end. A line is valid until the next one.
func readLines(from io.Reader, each func(line []byte)) error {
	in := bufio.NewReaderSize(from, 256<<10)
	var long []byte // the beginning of a line that is longer than the reader's memory
	for {
		part, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			long = append(long, part[:min(len(part), longestLine-len(long))]...)
			continue
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		line := bytes.TrimSuffix(part, []byte("\n"))
		if len(long) > 0 {
			line = append(long, line[:min(len(line), longestLine-len(long))]...)
			long = line[:0]
		}
		if len(line) > 0 || err == nil {
			each(line)
		}
		if err != nil {
			return nil
		}
	}
}

// A spoken is one line of a log.
type spoken struct {
	at   time.Time // zero if the server does not say
	text string
}

// leastLine is what a line counts for at least, in bytes: that is about what it costs to keep one, however short it is.
const leastLine = 64

// A tail keeps the last lines that it is given: so many, and so many bytes of them.
type tail struct {
	most  int // lines; negative for all
	limit int // bytes
	cut   func(string) string
	lines []spoken
	first int // of the lines; those before it are forgotten
	size  int
	// dropped says that lines had to go because of their bytes.
	dropped bool
}

func (t *tail) add(at time.Time, line []byte) {
	if t.most == 0 {
		return
	}
	text := ""
	if len(line) > t.limit {
		// A piece of a secret would not be recognised later.
		text = t.cut(string(line))
		text, t.dropped = strings.ToValidUTF8(text[:min(len(text), t.limit)], ""), true
	} else {
		text = string(line)
	}
	t.lines = append(t.lines, spoken{at, text})
	t.size += weight(text)
	for t.most > 0 && len(t.lines)-t.first > t.most {
		t.forget()
	}
	for t.size > t.limit && len(t.lines)-t.first > 1 {
		t.forget()
		t.dropped = true
	}
	if t.first > len(t.lines)/2 && t.first > 64 {
		kept := copy(t.lines, t.lines[t.first:])
		clear(t.lines[kept:])
		t.lines, t.first = t.lines[:kept], 0
	}
}

func (t *tail) forget() {
	t.size -= weight(t.lines[t.first].text)
	t.lines[t.first] = spoken{}
	t.first++
}

func weight(text string) int { return max(len(text), leastLine) }

// kept are the lines, oldest first.
func (t *tail) kept() []spoken { return t.lines[t.first:] }

// stampLen is the least length of a time that the server puts before a line: 2026-11-24T03:00:00Z.
const stampLen = 20

// unstamped takes the time off a line that the server has put one before; there is none before a line that it did not write itself.
func unstamped(line []byte) (stamp, text []byte) {
	stamp, text, _ = bytes.Cut(line, []byte(" "))
	if len(stamp) < stampLen || stamp[4] != '-' || stamp[10] != 'T' {
		return nil, line
	}
	return stamp, text
}
