//go:build unix

package remote

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

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
var applets = []string{"sh", "find", "stat", "ls", "tail", "df", "rm", "rmdir", "chown", "mv", "mkdir", "chmod", "touch", "sync", "cat", "readlink", "wc", "tr", "printf"}

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

func TestUnprivilegedWithGNU(t *testing.T) {
	filestest.RunUnprivileged(t, func(t *testing.T) files.System { return New(kinds["gnu"](t)) })
}

func TestUnprivilegedWithBusyBox(t *testing.T) {
	filestest.RunUnprivileged(t, func(t *testing.T) files.System { return New(kinds["busybox"](t)) })
}
