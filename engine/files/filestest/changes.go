package filestest

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/files"
)

var reading = []testCase{
	{"what is in a file", nil, func(t *testing.T, s Site) {
		require.Equal(t, "1234567890", s.read(t, "/root/old.bin", 0))
		require.Equal(t, "90", s.read(t, "/root/old.bin", 8))
		require.Equal(t, "890", s.read(t, "/root/old.bin", -3))
		require.Equal(t, "1234567890", s.read(t, "/root/old.bin", -100))
		require.Empty(t, s.read(t, "/root/old.bin", 10))
		require.Empty(t, s.read(t, "/root/old.bin", 100))
		require.Empty(t, s.read(t, "/root/deep/new.log", 0))
		require.Equal(t, "keep", s.read(t, "/root/link/precious.bin", 0), "who names it means it")
		require.Equal(t, "12345", s.read(t, "/way/new.bin", 0))
	}},
	{"what has no content", nil, func(t *testing.T, s Site) {
		_, err := s.readAll(t.Context(), "/root/none", 0)
		failsWith(t, err, action.CodeNotFound, "cannot read "+s.at("/root/none"))
		_, err = s.readAll(t.Context(), "/root/deep", 0)
		failsWith(t, err, action.CodeInvalid, "it is no file")
	}},
}

var changing = []testCase{
	{"several files at once in folders that are not there", nil, func(t *testing.T, s Site) {
		errs := make([]error, 12)
		var working sync.WaitGroup
		for i := range errs {
			working.Go(func() {
				d, err := s.System.Create(t.Context(), s.at(Root), fmt.Sprintf("new/er/est/%d", i))
				if err == nil {
					err = d.Keep(t.Context(), files.Attributes{})
				}
				errs[i] = err
			})
		}
		working.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
	}},
	{"all that is below a root is removed, and nothing else", nil, func(t *testing.T, s Site) {
		for _, err := range s.change(t, removing(s.walk(t, Root, files.Filter{}))...) {
			require.NoError(t, err)
		}
		require.Empty(t, s.paths(t, Root, files.Filter{}))
		require.Equal(t, "keep", s.read(t, "/outside/precious.bin", 0), "a link is removed, not what it points at")
	}},
	{"what has changed stays", nil, func(t *testing.T, s Site) {
		found := s.walk(t, Root, files.Filter{Kinds: []files.Kind{files.File}, Before: s.Now.Add(-7 * day)})
		require.Len(t, found, 2)
		s.write(t, "old.bin", "another", files.Attributes{})
		errs := s.change(t, removing(found)...)
		require.NoError(t, errs[0])
		failsWith(t, errs[1], action.CodeConflict, "did not remove old.bin: another file is in its place now")
		require.Equal(t, "another", s.read(t, "/root/old.bin", 0))
	}},
	{"what is not what it was", nil, func(t *testing.T, s Site) {
		is := s.walk(t, Root, files.Filter{Names: []string{"new.bin"}})[0]
		for says, other := range map[string]func(*files.Entry){
			"it had 4 bytes, and has 5 now":    func(e *files.Entry) { e.Size = 4 },
			"it was last changed at":           func(e *files.Entry) { e.Modified = e.Modified.Add(-time.Second) },
			"it was a folder, and is a file":   func(e *files.Entry) { e.Kind = files.Folder },
			"another file is in its place now": func(e *files.Entry) { e.ID = "1:1" },
		} {
			was := is
			other(&was)
			for _, c := range []files.Change{
				{Op: files.Remove, Was: was}, {Op: files.Rename, Was: was, To: "renamed"}, {Op: files.Chown, Was: was, To: s.User},
			} {
				failsWith(t, s.change(t, c)[0], action.CodeConflict, says)
			}
		}
		require.Equal(t, "12345", s.read(t, "/root/new.bin", 0))
	}},
	{"what is not there any more", nil, func(t *testing.T, s Site) {
		gone := removing(s.walk(t, Root, files.Filter{Names: []string{"new.bin"}}))
		require.NoError(t, s.change(t, gone...)[0])
		failsWith(t, s.change(t, gone...)[0], action.CodeNotFound, "new.bin")
	}},
	{"a folder that is not empty", nil, func(t *testing.T, s Site) {
		deep := s.walk(t, Root, files.Filter{Names: []string{"deep"}})
		failsWith(t, s.change(t, removing(deep)...)[0], action.CodeConflict, "the folder is not empty")
		require.Contains(t, s.paths(t, Root, files.Filter{}), "deep/new.log")
	}},
	{"no way out of the root", nil, func(t *testing.T, s Site) {
		was := s.look(t, "/outside/precious.bin")
		for path, code := range map[string]action.Code{
			"link/precious.bin": action.CodeInvalid, "../outside/precious.bin": action.CodeRefused, "deep/../../outside/precious.bin": action.CodeRefused,
			"..": action.CodeRefused, ".": action.CodeRefused, "": action.CodeRefused,
		} {
			was.Path = path
			errs := s.change(t, files.Change{Op: files.Remove, Was: was}, files.Change{Op: files.Chown, Was: was, To: s.User},
				files.Change{Op: files.Rename, Was: was, To: "in"})
			for _, err := range errs {
				failsWith(t, err, code)
			}
			inside := s.walk(t, Root, files.Filter{Names: []string{"new.bin"}})[0]
			failsWith(t, s.change(t, files.Change{Op: files.Rename, Was: inside, To: path})[0], code)
		}
		require.Equal(t, "keep", s.read(t, "/outside/precious.bin", 0))
		require.Equal(t, "12345", s.read(t, "/root/new.bin", 0))
	}},
	{"a rename", nil, func(t *testing.T, s Site) {
		was := s.walk(t, Root, files.Filter{Names: []string{"new.bin"}})[0]
		require.NoError(t, s.change(t, files.Change{Op: files.Rename, Was: was, To: "empty/-other"})[0])
		require.Equal(t, was.ID, s.look(t, "/root/empty/-other").ID)
		_, err := s.System.Look(t.Context(), s.at("/root/new.bin"))
		failsWith(t, err, action.CodeNotFound)
		folder := s.walk(t, Root, files.Filter{Names: []string{"deep"}})[0]
		require.NoError(t, s.change(t, files.Change{Op: files.Rename, Was: folder, To: "shallow"})[0])
		require.Equal(t, "1", s.read(t, "/root/shallow/er/old.log", 0))
	}},
	{"a rename to where something is", nil, func(t *testing.T, s Site) {
		was := s.walk(t, Root, files.Filter{Names: []string{"new.bin"}})[0]
		for _, to := range []string{"old.bin", "empty", "link"} {
			failsWith(t, s.change(t, files.Change{Op: files.Rename, Was: was, To: to})[0], action.CodeExists, "there is something of that name already")
		}
		require.Equal(t, "1234567890", s.read(t, "/root/old.bin", 0))
		failsWith(t, s.change(t, files.Change{Op: files.Rename, Was: was, To: "no/such"})[0], action.CodeNotFound)
	}},
	{"owners", nil, func(t *testing.T, s Site) {
		was := s.walk(t, Root, files.Filter{Names: []string{"new.bin", "deep", "link"}})
		for _, to := range []string{s.User, s.User + ":" + s.Group, ":" + s.Group, "4711", ":4711"} {
			known, err := s.System.Knows(t.Context(), to)
			require.NoError(t, err)
			require.Equal(t, to, known)
		}
		if s.Number != "" {
			known, err := s.System.Knows(t.Context(), s.Number+":4711")
			require.NoError(t, err)
			require.Equal(t, s.User+":4711", known)
		}
		for _, unknown := range []string{"no-such-user", ":no-such-group"} {
			_, err := s.System.Knows(t.Context(), unknown)
			failsWith(t, err, action.CodeInvalid, "the machine has no")
		}
		for _, to := range []string{s.User, s.User + ":" + s.Group, ":" + s.Group} {
			for _, e := range was {
				require.NoError(t, s.change(t, files.Change{Op: files.Chown, Was: e, To: to})[0], to)
			}
		}
		require.Equal(t, "keep", s.read(t, "/outside/precious.bin", 0))
		failsWith(t, s.change(t, files.Change{Op: files.Chown, Was: was[0], To: "no-such-user"})[0], action.CodeInvalid, "the machine has no user no-such-user")
		failsWith(t, s.change(t, files.Change{Op: files.Chown, Was: was[0], To: ":no-such-group"})[0], action.CodeInvalid, "the machine has no group no-such-group")
	}},
}

var writing = []testCase{
	{"a file appears when it is whole", nil, func(t *testing.T, s Site) {
		d, err := s.System.Create(t.Context(), s.at(Root), "a/new/file.txt")
		require.NoError(t, err)
		_, err = io.WriteString(d, "half")
		require.NoError(t, err)
		_, err = s.System.Look(t.Context(), s.at("/root/a/new/file.txt"))
		failsWith(t, err, action.CodeNotFound)
		_, err = io.WriteString(d, " and half")
		require.NoError(t, err)
		require.NoError(t, d.Keep(t.Context(), files.Attributes{Mode: 0o640, Modified: s.Now.Add(-3 * day)}))
		require.Equal(t, "half and half", s.read(t, "/root/a/new/file.txt", 0))
		require.Equal(t, []string{"file.txt"}, s.paths(t, "/root/a/new", files.Filter{}))
		e := s.look(t, "/root/a/new/file.txt")
		require.EqualValues(t, 0o640, e.Mode)
		require.WithinDuration(t, s.Now.Add(-3*day), e.Modified, time.Second)
	}},
	{"a draft that is dropped leaves nothing", nil, func(t *testing.T, s Site) {
		before := s.paths(t, Root, files.Filter{})
		d, err := s.System.Create(t.Context(), s.at(Root), "old.bin")
		require.NoError(t, err)
		_, err = io.WriteString(d, "unwanted")
		require.NoError(t, err)
		require.NoError(t, d.Drop(t.Context()))
		require.NoError(t, d.Drop(t.Context()))
		require.Equal(t, before, s.paths(t, Root, files.Filter{}))
		require.Equal(t, "1234567890", s.read(t, "/root/old.bin", 0))
	}},
	{"a file comes to its place only on its condition", nil, func(t *testing.T, s Site) {
		before := s.paths(t, Root, files.Filter{})
		d, err := s.System.Create(t.Context(), s.at(Root), "old.bin")
		require.NoError(t, err)
		_, err = io.WriteString(d, "unwanted")
		require.NoError(t, err)
		err = d.Keep(t.Context(), files.Attributes{If: func(context.Context) error { return files.Changed("replace", "old.bin", "it grew") }})
		failsWith(t, err, action.CodeConflict, "it grew")
		require.Equal(t, before, s.paths(t, Root, files.Filter{}))
		require.Equal(t, "1234567890", s.read(t, "/root/old.bin", 0))
		asked := 0
		s.write(t, "old.bin", "wanted", files.Attributes{If: func(ctx context.Context) error {
			asked++
			_, err := s.System.Look(ctx, s.at("/root/old.bin"))
			return err
		}})
		require.Equal(t, 1, asked)
		require.Equal(t, "wanted", s.read(t, "/root/old.bin", 0))
	}},
	{"what is replaced", nil, func(t *testing.T, s Site) {
		s.write(t, "old.bin", "anew", files.Attributes{})
		require.Equal(t, "anew", s.read(t, "/root/old.bin", 0))
		require.EqualValues(t, 0o600, s.look(t, "/root/old.bin").Mode, "nobody may read it who might not before")
		s.write(t, "link", "a file", files.Attributes{})
		require.Equal(t, files.File, s.look(t, "/root/link").Kind)
		require.Equal(t, []string{"precious.bin"}, s.paths(t, "/outside", files.Filter{}))
		_, err := s.System.Create(t.Context(), s.at(Root), "deep")
		failsWith(t, err, action.CodeInvalid, "it is a folder")
	}},
	{"a root that is not there yet", nil, func(t *testing.T, s Site) {
		d, err := s.System.Create(t.Context(), s.at("/restored/cache"), "file")
		require.NoError(t, err)
		require.NoError(t, d.Keep(t.Context(), files.Attributes{}))
		require.Equal(t, []string{"file"}, s.paths(t, "/restored/cache", files.Filter{}))
		require.EqualValues(t, 0o644, s.look(t, "/restored/cache/file").Mode&^0o022)
	}},
	{"no file is written outside of the root", nil, func(t *testing.T, s Site) {
		for path, code := range map[string]action.Code{
			"../outside/new": action.CodeRefused, "link/new": action.CodeInvalid, "a/../../b": action.CodeRefused, "..": action.CodeRefused, "": action.CodeRefused,
			"new.bin/in": action.CodeInvalid,
		} {
			_, err := s.System.Create(t.Context(), s.at(Root), path)
			failsWith(t, err, code)
		}
		require.Equal(t, []string{"precious.bin"}, s.paths(t, "/outside", files.Filter{}))
	}},
	{"much is written", nil, func(t *testing.T, s Site) {
		text := strings.Repeat("0123456789abcdef\n\x00\xff", 50_000)
		s.write(t, "large", text, files.Attributes{})
		require.Equal(t, text, s.read(t, "/root/large", 0))
	}},
}
