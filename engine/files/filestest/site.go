// Package filestest is what we know of the files of machines: one table of cases that every files.System is held to, this machine's, those
// of a machine that runs commands, and a simulated one's. Only tests use it.
//
// The expectations are literals, the same for all: where a system differs from this machine, it is wrong. Read next: table.go.
package filestest

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/files"
)

// Root is where the items of a case are, below what a site has for its files.
const Root = "/root"

// An Item is something that is there before a case.
type Item struct {
	Path    string // below the base of the site; with a slash at its end it is a folder, which is made anyway for what is in it
	Content string
	Target  string // of a link
	Age     time.Duration
	Mode    uint32 // 0 for 0644, and 0755 for a folder
}

// A Site is a machine with the items of a case.
type Site struct {
	System files.System
	Base   string // the folder that the items are below
	Now    time.Time
	User   string // who may own files here, by name
	Number string // of that one; "" where nobody has one
	Group  string // likewise
}

// An Opener makes a site with items.
type Opener func(t *testing.T, items []Item) Site

// at is the path on the machine of one below the base.
func (s Site) at(path string) string { return s.Base + path }

// walk is what is found below a folder of the base, in order.
func (s Site) walk(t *testing.T, root string, only files.Filter) []files.Entry {
	t.Helper()
	var found []files.Entry
	walked, err := s.System.Walk(t.Context(), s.at(root), only, func(list []files.Entry) error {
		found = append(found, list...)
		return nil
	})
	require.NoError(t, err)
	require.Empty(t, walked.Unlooked)
	require.Zero(t, walked.Skipped)
	slices.SortFunc(found, func(a, b files.Entry) int { return strings.Compare(a.Path, b.Path) })
	return found
}

// paths are those of what is found.
func (s Site) paths(t *testing.T, root string, only files.Filter) []string {
	t.Helper()
	out := []string{}
	for _, e := range s.walk(t, root, only) {
		out = append(out, e.Path)
	}
	return out
}

func (s Site) look(t *testing.T, path string) files.Entry {
	t.Helper()
	e, err := s.System.Look(t.Context(), s.at(path))
	require.NoError(t, err)
	return e
}

// read is what is in a file.
func (s Site) read(t *testing.T, path string, offset int64) string {
	t.Helper()
	text, err := s.readAll(t.Context(), path, offset)
	require.NoError(t, err)
	return text
}

func (s Site) readAll(ctx context.Context, path string, offset int64) (string, error) {
	in, err := s.System.Open(ctx, s.at(path), offset)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(in)
	if closed := in.Close(); err == nil {
		err = closed
	}
	return string(text), err
}

// change makes changes below the root.
func (s Site) change(t *testing.T, changes ...files.Change) []error {
	t.Helper()
	errs, err := s.System.Change(t.Context(), s.at(Root), changes)
	require.NoError(t, err)
	require.Len(t, errs, len(changes))
	return errs
}

// removing is the removal of all that a walk finds.
func removing(found []files.Entry) (out []files.Change) {
	for _, e := range found {
		out = append(out, files.Change{Op: files.Remove, Was: e})
	}
	return out
}

// write writes a file whole.
func (s Site) write(t *testing.T, path, text string, a files.Attributes) {
	t.Helper()
	d, err := s.System.Create(t.Context(), s.at(Root), path)
	require.NoError(t, err)
	_, err = io.WriteString(d, text)
	require.NoError(t, err)
	require.NoError(t, d.Keep(t.Context(), a))
	require.NoError(t, d.Drop(t.Context()), "it is nothing any more")
}

// failsWith holds an error to a code, and to what it says.
func failsWith(t *testing.T, err error, code action.Code, says ...string) {
	t.Helper()
	var e *action.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code, e.Message)
	for _, part := range says {
		require.Contains(t, e.Message, part)
	}
}
