//go:build unix

package remote

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/command/local"
	"runbook/engine/command/ssh"
	"runbook/engine/command/ssh/sshtest"
	"runbook/engine/files"
	"runbook/engine/files/filestest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// kinds are machines with other tools.
var kinds = map[string]func(t *testing.T) command.Runner{
	"gnu": func(*testing.T) command.Runner { return local.Machine{} },
	"busybox": func(t *testing.T) command.Runner {
		box, err := exec.LookPath("busybox")
		if err != nil {
			t.Skip("there is no busybox here")
		}
		folder := t.TempDir()
		out, err := exec.CommandContext(t.Context(), box, "--list").Output()
		require.NoError(t, err)
		require.NotEmpty(t, out)
		for _, tool := range applets {
			require.NoError(t, os.Symlink(box, filepath.Join(folder, tool)))
		}
		if flock, err := exec.LookPath("flock"); err == nil { // not every BusyBox has its own
			require.NoError(t, os.Symlink(flock, filepath.Join(folder, "flock")))
		}
		return with{folder}
	},
	"ssh": func(t *testing.T) command.Runner {
		server := sshtest.New(t)
		host := ssh.New(ssh.Config{Name: "rack-1", Destination: sshtest.Alias, ConfigFile: server.Config})
		t.Cleanup(func() { require.NoError(t, host.Close()) })
		return host.Machine()
	},
}

// applets are what the scripts need of BusyBox.
var applets = []string{"sh", "find", "stat", "ls", "tail", "df", "rm", "rmdir", "chown", "mv", "mkdir", "chmod", "touch", "sync", "cat", "readlink", "wc", "tr", "printf", "awk", "dd"}

// with runs commands with nothing but the programs of a folder.
type with struct{ folder string }

func (with) Machine(context.Context) (string, error) { return "box", nil }

func (w with) Find(_ context.Context, program string) (string, error) {
	return filepath.Join(w.folder, program), nil
}

func (w with) Run(ctx context.Context, argv []string, streams command.Streams) (int, error) {
	return local.Machine{}.Run(ctx, append([]string{"/usr/bin/env", "PATH=" + w.folder, filepath.Join(w.folder, argv[0])}, argv[1:]...), streams)
}

func TestConformance(t *testing.T) {
	for name, runner := range kinds {
		t.Run(name, func(t *testing.T) {
			machine := runner(t)
			filestest.Run(t, func(t *testing.T, items []filestest.Item) filestest.Site {
				return filestest.OnDisk(t, New(machine), items)
			})
		})
	}
}

func TestOnDisk(t *testing.T) {
	for _, name := range []string{"gnu", "busybox"} { // the way to a machine makes no difference here, and takes its time
		t.Run(name, func(t *testing.T) { filestest.RunOnDisk(t, New(kinds[name](t))) })
	}
}

// A newer mv says that it did not replace what has come there meanwhile. That is no reason to put the file into it.
func TestAFolderComesWhereAFileIsRenamedTo(t *testing.T) {
	box := kinds["busybox"](t).(with)
	mv := filepath.Join(box.folder, "mv")
	busybox, err := os.Readlink(mv)
	require.NoError(t, err)
	require.NoError(t, os.Remove(mv))
	script := "#!" + busybox + ` sh
for to do :; done
case " $* " in
*" --no-copy "*) echo "mv: unrecognized option '--no-copy'" >&2; exit 1;;
*" -T "*) mkdir "$to"; echo "mv: not replacing '$to'" >&2; exit 1;;
esac
exec ` + busybox + ` mv "$@"
`
	require.NoError(t, os.WriteFile(mv, []byte(script), 0o700))
	s := filestest.OnDisk(t, New(box), []filestest.Item{{Path: "/root/a", Content: "a"}})
	root := filepath.Join(s.Base, "root")
	was, err := s.System.Look(t.Context(), filepath.Join(root, "a"))
	require.NoError(t, err)
	was.Path = "a"
	errs, err := s.System.Change(t.Context(), root, []files.Change{{Op: files.Rename, Was: was, To: "b"}})
	require.NoError(t, err)
	require.Equal(t, action.CodeExists, action.CodeOf(errs[0]))
	require.FileExists(t, filepath.Join(root, "a"))
}

func TestUnprivilegedWithGNU(t *testing.T) {
	filestest.RunUnprivileged(t, func(t *testing.T) files.System { return New(kinds["gnu"](t)) })
}

func TestUnprivilegedWithBusyBox(t *testing.T) {
	filestest.RunUnprivileged(t, func(t *testing.T) files.System { return New(kinds["busybox"](t)) })
}

// Whoever is out of time is not shown a script.
func TestOutOfTime(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	_, err := New(local.Machine{}).Look(ctx, "/")
	require.Equal(t, action.CodeInterrupted, action.CodeOf(err))
	require.EqualError(t, err, "the machine was not asked for its files any more: context deadline exceeded")
}

// What the machine leaves out by itself has been looked at all the same.
func TestWhatIsLeftOutThereIsSeen(t *testing.T) {
	s := filestest.OnDisk(t, New(local.Machine{}), []filestest.Item{{Path: "/a.log", Content: "12345"}, {Path: "/b.log"}, {Path: "/c.txt"}, {Path: "/d/e.log"}})
	now := s.Now.Add(time.Minute)
	for name, only := range map[string]files.Filter{
		"names": {Names: []string{"none"}}, "kinds": {Kinds: []files.Kind{files.Link}}, "left out": {Without: []string{"*.*"}, Kinds: []files.Kind{files.Link}},
		"large": {AtLeast: 1 << 40}, "old": {Before: now.Add(-time.Hour)}, "new": {After: now},
	} {
		walked, err := s.System.Walk(t.Context(), s.Base, only, nil)
		require.NoError(t, err, name)
		require.EqualValues(t, 5, walked.Seen, name)
	}
}
