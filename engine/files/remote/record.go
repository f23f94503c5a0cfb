package remote

import (
	"bytes"
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"runbook/engine/files"
)

// sector is the unit in which blocks are counted.
const sector = 512

// The fields of a record: see printed.
const (
	typeField = iota
	modeField
	sizeField
	blocksField
	timeField
	linksField
	idField
	ownerField
	groupField
	fieldCount
)

// errRecord is a record that is none.
var errRecord = errors.New("the tools of the machine do not answer as those of GNU or BusyBox do")

// entryOf reads the fields of a record.
func entryOf(record string) (files.Entry, error) {
	fields := strings.Split(record, " ")
	if len(fields) < fieldCount {
		return files.Entry{}, errRecord
	}
	var failed error
	number := func(field, base int) int64 {
		n, err := strconv.ParseInt(fields[field], base, 64)
		failed = errors.Join(failed, err)
		return n
	}
	modified, err := timeOf(fields[timeField])
	if err != nil {
		return files.Entry{}, errRecord
	}
	e := files.Entry{
		Kind: kindOf(fields[typeField]), Mode: fs.FileMode(number(modeField, 8)) & fs.ModePerm, Size: number(sizeField, 10),
		Used: number(blocksField, 10) * sector, Modified: modified, Links: int(number(linksField, 10)), ID: fields[idField],
		Owner: fields[ownerField], Group: strings.Join(fields[groupField:], " "),
	}
	if failed != nil || e.Kind == "" {
		return files.Entry{}, errRecord
	}
	return e, nil
}

// The bits of a mode that say what something is, as stat has them in hexadecimal digits, and what they are.
const (
	typeBits   = 0o170000
	fileBits   = 0o100000
	folderBits = 0o040000
	linkBits   = 0o120000
)

// kindOf is the kind of a type: a letter of find, or a mode of stat. It is "" for none of them.
func kindOf(text string) files.Kind {
	switch text {
	case "f":
		return files.File
	case "d":
		return files.Folder
	case "l":
		return files.Link
	case "p", "s", "b", "c":
		return files.Other
	}
	mode, err := strconv.ParseUint(text, 16, 32)
	if err != nil {
		return ""
	}
	switch mode & typeBits {
	case fileBits:
		return files.File
	case folderBits:
		return files.Folder
	case linkBits:
		return files.Link
	}
	return files.Other
}

// nanoDigits are those of a second that a time has.
const nanoDigits = 9

// timeOf reads seconds since 1970, with digits behind the point or without.
func timeOf(text string) (time.Time, error) {
	whole, part, _ := strings.Cut(text, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}, err
	}
	part = (part + "000000000")[:nanoDigits]
	nanos, err := strconv.ParseInt(part, 10, 64)
	if strings.HasPrefix(whole, "-") {
		nanos = -nanos
	}
	return time.Unix(seconds, nanos), err
}

// A parser takes what a script prints of entries, as it comes.
type parser interface {
	Write(p []byte) (int, error)
	// finish is called at the end.
	finish() error
}

// zeroed reads records between zero bytes. An empty one is of something that is not told of.
type zeroed struct {
	found  func(files.Entry) error
	passed func()
	rest   []byte
	parts  []string
}

// recordParts are the fields of a record, its path, and where it points.
const recordParts = 3

func (z *zeroed) Write(p []byte) (int, error) {
	z.rest = append(z.rest, p...)
	for {
		at := bytes.IndexByte(z.rest, 0)
		if at < 0 {
			return len(p), nil
		}
		if at == 0 && len(z.parts) == 0 && z.passed != nil {
			z.passed()
			z.rest = z.rest[1:]
			continue
		}
		z.parts = append(z.parts, string(z.rest[:at]))
		z.rest = z.rest[at+1:]
		if len(z.parts) < recordParts {
			continue
		}
		e, err := entryOf(z.parts[0])
		if err != nil {
			return 0, err
		}
		e.Path, e.Target = z.parts[1], z.parts[2]
		z.parts = z.parts[:0]
		if err := z.found(e); err != nil {
			return 0, err
		}
	}
}

func (z *zeroed) finish() error {
	if len(z.rest) > 0 || len(z.parts) > 0 {
		return errRecord // it was cut off
	}
	return nil
}

// marked reads records between marks: that of an entry begins with "=", and that of where a link points has its path behind one ">", and
// its target behind another. Links are kept until their target is known.
type marked struct {
	mark  string
	found func(files.Entry) error
	rest  string
	links map[string]files.Entry
	path  string // of the link whose target comes next
	known bool
}

func (m *marked) Write(p []byte) (int, error) {
	m.rest += string(p)
	for {
		at := strings.LastIndex(m.rest, m.mark)
		if at <= 0 {
			return len(p), nil
		}
		whole := m.rest[:at]
		m.rest = m.rest[at:]
		if err := m.records(whole); err != nil {
			return 0, err
		}
	}
}

func (m *marked) finish() error {
	err := m.records(m.rest)
	m.rest = ""
	for _, e := range m.links { // they have gone before they could be read
		err = errors.Join(err, m.found(e))
	}
	return err
}

// records reads whole records, each with its mark before it.
func (m *marked) records(text string) error {
	for i, record := range strings.Split(text, m.mark) {
		if i == 0 && record == "" {
			continue
		}
		if err := m.record(record); err != nil {
			return err
		}
	}
	return nil
}

func (m *marked) record(text string) error {
	switch {
	case strings.HasPrefix(text, "="):
		fields, path, there := strings.Cut(strings.TrimSuffix(text[1:], "\n"), "/")
		if !there {
			return errRecord
		}
		e, err := entryOf(fields)
		if err != nil {
			return err
		}
		e.Path = strings.TrimPrefix(path, "./")
		if e.Kind != files.Link {
			return m.found(e)
		}
		if m.links == nil {
			m.links = map[string]files.Entry{}
		}
		m.links[e.Path] = e
		return nil
	case strings.HasPrefix(text, ">") && !m.known:
		m.path, m.known = strings.TrimPrefix(text[1:], "./"), true
		return nil
	case strings.HasPrefix(text, ">"):
		m.known = false
		e, listed := m.links[m.path]
		if !listed {
			return nil
		}
		delete(m.links, m.path)
		e.Target = strings.TrimSuffix(text[1:], "\n")
		return m.found(e)
	}
	return errRecord
}
