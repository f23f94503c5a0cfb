package remote

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"runbook/engine/files"
)

// inNamespace tells the test that it may mount what it likes: nobody else sees it.
const inNamespace = "RUNBOOK_TEST_IN_NAMESPACE"

func TestNothingIsFoundBelowAMount(t *testing.T) {
	if os.Getenv(inNamespace) == "" {
		again(t)
		return
	}
	root := t.TempDir()
	require.NoError(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	for _, folder := range []string{"own", "other one", "bo und\\*[x]\n%s", "source"} {
		require.NoError(t, os.Mkdir(filepath.Join(root, folder), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, folder, "hidden"), nil, 0o600))
	}
	bound, other := filepath.Join(root, "bo und\\*[x]\n%s"), filepath.Join(root, "other one")
	require.NoError(t, unix.Mount("tmpfs", other, "tmpfs", 0, ""))
	require.NoError(t, unix.Mount(filepath.Join(root, "source"), bound, "", unix.MS_BIND, ""))
	for _, kind := range []string{"gnu", "busybox"} {
		var found []string
		_, err := New(kinds[kind](t)).Walk(t.Context(), root, files.Filter{Stay: true}, func(list []files.Entry) error {
			for _, e := range list {
				found = append(found, e.Path)
			}
			return nil
		})
		require.NoError(t, err)
		require.ElementsMatch(t, []string{"own", "own/hidden", "source", "source/hidden"}, found, kind)
	}
	for _, mount := range []string{bound, other} {
		require.NoError(t, unix.Unmount(mount, 0))
	}
}

// again runs the test in a namespace of mounts of its own.
func again(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inNamespace+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	if _, ran := err.(*exec.ExitError); err != nil && !ran { //nolint:errorlint // it is not wrapped
		t.Skip("no namespace can be made here:", err)
	}
	require.NoError(t, err, string(out))
}
