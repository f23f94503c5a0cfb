//go:build unix

package filestest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/files"
)

// RunOnDisk holds a system that reaches the disk of this machine to what only a real disk can do to it.
func RunOnDisk(t *testing.T, system files.System) {
	for _, c := range onDisk {
		t.Run(c.name, func(t *testing.T) { c.run(t, OnDisk(t, system, cache)) })
	}
}

var onDisk = []testCase{
	{"a file with two names", nil, func(t *testing.T, s Site) {
		require.NoError(t, os.Link(s.at("/root/old.bin"), s.at("/root/deep/same.bin")))
		found := s.walk(t, Root, files.Filter{Names: []string{"old.bin", "same.bin"}})
		require.Len(t, found, 2)
		require.Equal(t, 2, found[0].Links)
		require.Equal(t, found[0].ID, found[1].ID)
		u := s.counted(t, Root, false)
		require.EqualValues(t, 5, u.Files, "each name is one")
		require.EqualValues(t, len("12345"+"1234567890"+"1"+"../outside"), u.Size, "its bytes are there once")
		require.NoError(t, s.change(t, removing(found[:1])...)[0])
		require.Equal(t, "1234567890", s.read(t, "/root/old.bin", 0))
		require.Equal(t, 1, s.look(t, "/root/old.bin").Links)
	}},
	{"a folder that becomes a link after it was looked at", nil, func(t *testing.T, s Site) {
		found := s.walk(t, Root, files.Filter{Kinds: []files.Kind{files.File}})
		// The same files are there, by the same names: only the way to them is another one.
		require.NoError(t, os.Rename(s.at("/root/deep"), s.at("/outside/deep")))
		require.NoError(t, os.Symlink("../outside/deep", s.at("/root/deep")))
		for i, err := range s.change(t, removing(found)...) {
			if strings.HasPrefix(found[i].Path, "deep/") {
				failsWith(t, err, action.CodeInvalid)
			} else {
				require.NoError(t, err)
			}
		}
		require.Equal(t, "1", s.read(t, "/outside/deep/er/old.log", 0))
		require.FileExists(t, s.at("/outside/deep/new.log"))
		inside := s.look(t, "/outside/deep/new.log")
		inside.Path = "deep/new.log"
		for _, c := range []files.Change{{Op: files.Chown, Was: inside, To: s.User}, {Op: files.Rename, Was: inside, To: "stolen"}} {
			failsWith(t, s.change(t, c)[0], action.CodeInvalid)
		}
		_, err := s.System.Create(t.Context(), s.at(Root), "deep/written")
		failsWith(t, err, action.CodeInvalid)
	}},
	{"a folder above that becomes a link", nil, func(t *testing.T, s Site) {
		found := s.walk(t, Root, files.Filter{Names: []string{"old.log"}})
		require.NoError(t, os.Rename(s.at("/root/deep/er"), s.at("/outside/er")))
		require.NoError(t, os.Symlink(s.at("/outside/er"), s.at("/root/deep/er")))
		failsWith(t, s.change(t, removing(found)...)[0], action.CodeInvalid)
		require.FileExists(t, s.at("/outside/er/old.log"))
	}},
	{"a file that becomes a link, a folder or a pipe", nil, func(t *testing.T, s Site) {
		found := s.walk(t, Root, files.Filter{Names: []string{"old.bin", "new.bin", "new.log"}})
		for _, e := range found {
			require.NoError(t, os.Remove(s.at("/root/"+e.Path)))
		}
		require.NoError(t, os.Symlink("../outside/precious.bin", s.at("/root/old.bin")))
		require.NoError(t, os.Mkdir(s.at("/root/new.bin"), 0o755))
		require.NoError(t, syscall.Mkfifo(s.at("/root/deep/new.log"), 0o600))
		for _, err := range s.change(t, removing(found)...) {
			failsWith(t, err, action.CodeConflict, "it was a file, and is a")
		}
		require.Equal(t, "keep", s.read(t, "/outside/precious.bin", 0))
	}},
	{"a pipe that nobody writes to", nil, func(t *testing.T, s Site) {
		require.NoError(t, syscall.Mkfifo(s.at("/root/pipe"), 0o600))
		_, err := s.readAll(t.Context(), "/root/pipe", 0)
		failsWith(t, err, action.CodeInvalid, "it is no file")
		found := s.walk(t, Root, files.Filter{Kinds: []files.Kind{files.Other}})
		require.Len(t, found, 1)
		require.EqualValues(t, 1, s.counted(t, Root, true).Others)
		require.NoError(t, s.change(t, removing(found)...)[0])
	}},
	{"a link to itself, and links in a circle", nil, func(t *testing.T, s Site) {
		require.NoError(t, os.Symlink("loop", s.at("/root/loop")))
		require.NoError(t, os.Symlink("..", s.at("/root/deep/up")))
		found := s.walk(t, Root, files.Filter{Names: []string{"loop", "up"}})
		require.Len(t, found, 2)
		for _, err := range s.change(t, removing(found)...) {
			require.NoError(t, err)
		}
		require.Equal(t, "12345", s.read(t, "/root/new.bin", 0))
	}},
	{"very deep folders, and very long names", nil, func(t *testing.T, s Site) {
		deep := s.at("/root") + strings.Repeat("/d", 90)
		require.NoError(t, os.MkdirAll(deep, 0o755))
		long := strings.Repeat("n", 255)
		require.NoError(t, os.WriteFile(filepath.Join(deep, long), []byte("x"), 0o600))
		found := s.walk(t, Root, files.Filter{Names: []string{"d", long}})
		require.Len(t, found, 91)
		for _, err := range s.change(t, removing(found)...) {
			require.NoError(t, err)
		}
		require.NoDirExists(t, s.at("/root/d"))
	}},
	{"many files", nil, func(t *testing.T, s Site) {
		const folders, each = 4, 500
		for i := range folders * each {
			at := s.at(fmt.Sprintf("/root/many/%02d/%04d", i%folders, i))
			if i < folders {
				require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
			}
			require.NoError(t, os.WriteFile(at, nil, 0o600))
		}
		found := s.walk(t, "/root/many", files.Filter{})
		require.Len(t, found, folders*each+folders)
		require.EqualValues(t, folders*each, s.counted(t, "/root/many", true).Files)
		errs, err := s.System.Change(t.Context(), s.at("/root/many"), removing(found))
		require.NoError(t, err)
		for _, err := range errs {
			require.NoError(t, err)
		}
		require.Empty(t, s.walk(t, "/root/many", files.Filter{}))
	}},
	{"somebody who swaps a folder all the time", nil, func(t *testing.T, s Site) {
		for i := range 200 {
			for _, base := range []string{"/root/swap", "/outside/swap"} {
				require.NoError(t, os.MkdirAll(s.at(base), 0o755))
				at := s.at(fmt.Sprintf("%s/%03d", base, i))
				if base == "/root/swap" {
					require.NoError(t, os.WriteFile(at, nil, 0o600))
				} else { // even the very same files
					require.NoError(t, os.Link(s.at(fmt.Sprintf("/root/swap/%03d", i)), at))
				}
			}
		}
		found := s.walk(t, "/root", files.Filter{Names: []string{"[0-9]*"}})
		require.Len(t, found, 200)
		stop, swapping := make(chan struct{}), sync.WaitGroup{}
		swapping.Go(func() { swap(stop, s.at("/root/swap"), s.at("/root/aside"), s.at("/outside/swap")) })
		for i := range 20 {
			_, err := s.System.Change(t.Context(), s.at(Root), removing(found[i*10:(i+1)*10]))
			require.NoError(t, err)
			_, err = s.System.Walk(t.Context(), s.at(Root), files.Filter{}, func([]files.Entry) error { return nil })
			require.NoError(t, err)
		}
		close(stop)
		swapping.Wait()
		left, err := os.ReadDir(s.at("/outside/swap"))
		require.NoError(t, err)
		require.Len(t, left, 200, "nothing was removed outside of the root")
	}},
}

// RunUnprivileged holds a system to what it may not do. A root may do everything: such a test is run once more, as nobody.
func RunUnprivileged(t *testing.T, open func(t *testing.T) files.System) {
	if os.Geteuid() == 0 {
		asNobody(t)
		return
	}
	for _, c := range unprivileged {
		t.Run(c.name, func(t *testing.T) { c.run(t, OnDisk(t, open(t), cache)) })
	}
}

var unprivileged = []testCase{
	{"what is not to be read", nil, func(t *testing.T, s Site) {
		require.NoError(t, os.Chmod(s.at("/root/deep"), 0))
		t.Cleanup(func() { require.NoError(t, os.Chmod(s.at("/root/deep"), 0o755)) })
		var found []string
		walked, err := s.System.Walk(t.Context(), s.at(Root), files.Filter{}, func(list []files.Entry) error {
			for _, e := range list {
				found = append(found, e.Path)
			}
			return nil
		})
		require.NoError(t, err)
		require.ElementsMatch(t, []string{"deep", "empty", "link", "new.bin", "old.bin"}, found)
		require.EqualValues(t, 1, walked.Skipped)
		require.Equal(t, "deep", walked.Unlooked[0].Path)
		failsWith(t, walked.Unlooked[0].Err, action.CodeForbidden, "permission denied")
		require.EqualValues(t, 1, s.counted(t, Root, false).Skipped)
		_, err = s.System.Usage(t.Context(), s.at("/root/deep"), false)
		failsWith(t, err, action.CodeForbidden, "permission denied")
		_, err = s.System.Look(t.Context(), s.at("/root/deep/new.log"))
		failsWith(t, err, action.CodeForbidden, "permission denied")
		_, err = s.System.Walk(t.Context(), s.at("/root/deep"), files.Filter{}, nil)
		failsWith(t, err, action.CodeForbidden, "permission denied")
		require.NoError(t, os.Chmod(s.at("/root/new.bin"), 0))
		_, err = s.readAll(t.Context(), "/root/new.bin", 0)
		failsWith(t, err, action.CodeForbidden, "permission denied")
	}},
	{"a folder whose names are not to be read", nil, func(t *testing.T, s Site) {
		for _, folder := range []string{"/root/deep/er", "/root/deep", "/root"} {
			require.NoError(t, os.Chmod(s.at(folder), 0o311))
			t.Cleanup(func() { require.NoError(t, os.Chmod(s.at(folder), 0o755)) })
		}
		was := s.look(t, "/root/deep/er/old.log")
		was.Path = "deep/er/old.log"
		require.NoError(t, s.change(t, files.Change{Op: files.Rename, Was: was, To: "deep/other.log"})[0])
		was.Path = "deep/other.log"
		require.NoError(t, s.change(t, removing([]files.Entry{was})...)[0])
		_, err := s.System.Walk(t.Context(), s.at(Root), files.Filter{}, nil)
		failsWith(t, err, action.CodeForbidden)
	}},
	{"many folders that are not to be read", nil, func(t *testing.T, s Site) {
		const many = 1200
		for i := range many {
			require.NoError(t, os.Mkdir(s.at(fmt.Sprintf("/root/a folder with a long name that is not to be read: %04d", i)), 0))
		}
		walked, err := s.System.Walk(t.Context(), s.at(Root), files.Filter{}, func([]files.Entry) error { return nil })
		require.NoError(t, err)
		require.EqualValues(t, many, walked.Skipped)
		require.Len(t, walked.Unlooked, 100)
	}},
	{"a folder that may only be read", nil, func(t *testing.T, s Site) {
		require.NoError(t, os.Chmod(s.at("/root"), 0o555))
		t.Cleanup(func() { require.NoError(t, os.Chmod(s.at("/root"), 0o755)) })
		found, said := s.walk(t, Root, files.Filter{Names: []string{"new.bin", "old.log"}}), (*action.Error)(nil)
		errs := s.change(t, removing(found)...)
		require.NoError(t, errs[0], "its folder is another one")
		failsWith(t, errs[1], action.CodeForbidden, "cannot remove new.bin: permission denied")
		require.ErrorAs(t, errs[1], &said)
		require.Equal(t, "look whose it is, and whose the folders above are: ls -ld "+command.Quote(s.at("/root/new.bin")), said.Hint)
		failsWith(t, s.change(t, files.Change{Op: files.Rename, Was: found[1], To: "renamed"})[0], action.CodeForbidden)
		failsWith(t, s.change(t, files.Change{Op: files.Chown, Was: found[1], To: "0"})[0], action.CodeForbidden)
		_, err := s.System.Create(t.Context(), s.at(Root), "written")
		failsWith(t, err, action.CodeForbidden)
	}},
}

// swap has a folder and a link to another one take turns at a path.
func swap(stop chan struct{}, path, aside, other string) {
	for {
		select {
		case <-stop:
			_ = os.Remove(path)
			_ = os.Rename(aside, path)
			return
		default:
		}
		_ = os.Rename(path, aside)
		_ = os.Symlink(other, path)
		_ = os.Remove(path)
		_ = os.Rename(aside, path)
	}
}
