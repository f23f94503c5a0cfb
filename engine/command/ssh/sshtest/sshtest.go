// Package sshtest lets a test in by a real server of ssh, which runs as the test's own user and is there for one connection at a time.
//
// It listens on no port and needs no rights: ssh itself starts sshd, for each connection one, and talks to it over a pipe. Where there is no
// sshd a test is skipped. It is for tests alone.
package sshtest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Alias is what the machine is called in the configuration of ssh.
const Alias = "rack"

// A Server is one that ssh starts.
type Server struct {
	Folder string // of all its files
	Config string // the file for ssh -F
	log    string
}

// sshdFolders is where systems keep sshd, which is seldom in the PATH of who is not root.
const sshdFolders = "/usr/sbin:/usr/local/sbin:/usr/libexec:/opt/homebrew/sbin"

// New makes a server with those lines in its configuration, before all others, of which it takes the first.
func New(t testing.TB, lines ...string) *Server {
	t.Helper()
	folder := t.TempDir()
	s := &Server{Folder: folder, Config: filepath.Join(folder, "ssh_config"), log: filepath.Join(folder, "log")}
	sshd := find(t)
	me, err := user.Current()
	require.NoError(t, err)
	s.key(t, "host")
	s.key(t, "user")
	public, err := os.ReadFile(s.file("host.pub"))
	require.NoError(t, err)
	s.write(t, "known", Alias+" "+string(public))
	s.write(t, "sshd_config", strings.Join(append(lines,
		"HostKey "+s.file("host"), "AuthorizedKeysFile "+s.file("user.pub"), "StrictModes no", "UsePAM no", "PidFile none",
		"PasswordAuthentication no", "KbdInteractiveAuthentication no", "LogLevel VERBOSE", "KexAlgorithms curve25519-sha256", "SetEnv SHLVL=1", ""), "\n"))
	s.write(t, "ssh_config", fmt.Sprintf(`Host *
  HostKeyAlias %s
  User %s
  ProxyCommand %s -i -f %s -E %s
  IdentityFile %s
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile %s
  GlobalKnownHostsFile /dev/null
`, Alias, me.Username, sshd, s.file("sshd_config"), s.log, s.file("user"), s.file("known")))
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(s.Log(t))
		}
	})
	return s
}

// find finds sshd, by its full path, without which it refuses to run.
func find(t testing.TB) string {
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("this machine has no OpenSSH")
	}
	for folder := range strings.SplitSeq(sshdFolders, ":") {
		path := filepath.Join(folder, "sshd")
		if exec.CommandContext(t.Context(), path, "-G", "-f", "/dev/null").Run() == nil || exec.CommandContext(t.Context(), path, "-T", "-f", "/dev/null").Run() == nil {
			return path
		}
	}
	t.Skip("this machine has no server of OpenSSH")
	return ""
}

func (s *Server) file(name string) string { return filepath.Join(s.Folder, name) }

func (s *Server) write(t testing.TB, name, text string) {
	require.NoError(t, os.WriteFile(s.file(name), []byte(text), 0o600))
}

// key makes a pair of keys, in place of those of that name.
func (s *Server) key(t testing.TB, name string) {
	_ = os.Remove(s.file(name)) // which need not be there
	out, err := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", s.file(name)).CombinedOutput()
	require.NoError(t, err, string(out))
}

// Rekey gives the server another key than the known one.
func (s *Server) Rekey(t testing.TB) { s.key(t, "host") }

// Forget lets nobody know the server's key.
func (s *Server) Forget(t testing.TB) { s.write(t, "known", "") }

// LockOut takes the user's key away.
func (s *Server) LockOut(t testing.TB) { s.key(t, "user"); s.write(t, "user.pub", "") }

// Log is what the server says.
func (s *Server) Log(t testing.TB) string {
	text, err := os.ReadFile(s.log)
	if !os.IsNotExist(err) {
		require.NoError(t, err)
	}
	return string(text)
}

// Connections counts those that were let in.
func (s *Server) Connections(t testing.TB) int {
	return strings.Count(s.Log(t), "Accepted publickey")
}
