// Package sshtest lets a test in by a real server of ssh, which runs as the test's own user and is there for one connection at a time.
//
// It listens on no port and needs no rights: ssh itself starts sshd, for each connection one, and talks to it over a pipe. Where there is no
// sshd a test is skipped. It is for tests alone.
package sshtest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
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
	if !Available() {
		t.Skip("this machine has no server of OpenSSH")
	}
	s, err := Make(t.TempDir(), lines...)
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(s.Log(t))
		}
	})
	return s
}

// Make makes a server in a folder, for who has no test to make it for.
func Make(folder string, lines ...string) (*Server, error) {
	s := &Server{Folder: folder, Config: filepath.Join(folder, "ssh_config"), log: filepath.Join(folder, "sshd.log")}
	me, err := user.Current()
	if err != nil {
		return nil, err
	}
	if err := errors.Join(makeServerFolder(), s.key("host"), s.key("user")); err != nil {
		return nil, err
	}
	public, err := os.ReadFile(s.file("host.pub"))
	if err != nil {
		return nil, err
	}
	return s, errors.Join(
		s.write("known", Alias+" "+string(public)),
		s.write("sshd_config", strings.Join(append(lines,
			"HostKey "+s.file("host"), "AuthorizedKeysFile "+s.file("user.pub"), "StrictModes no", "UsePAM no", "PidFile none",
			"PasswordAuthentication no", "KbdInteractiveAuthentication no", "LogLevel VERBOSE", "KexAlgorithms curve25519-sha256", "SetEnv SHLVL=1", ""), "\n")),
		s.write("ssh_config", fmt.Sprintf(`Host *
  HostKeyAlias %s
  User %s
  ProxyCommand %s -i -f %s -E %s
  IdentityFile %s
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile %s
  GlobalKnownHostsFile /dev/null
`, Alias, me.Username, sshd(), s.file("sshd_config"), s.log, s.file("user"), s.file("known"))),
	)
}

// serverFolder is the empty folder in which a server that root started locks up the part of it that strangers talk to. Debian's service makes
// it at each start; where no service runs, as in a container, nobody does.
const serverFolder = "/run/sshd"

func makeServerFolder() error {
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		return nil
	}
	if err := os.Mkdir(serverFolder, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the folder that sshd wants when root starts it: %w", err)
	}
	return nil
}

// Available tells whether there is an OpenSSH to make a server of.
func Available() bool {
	_, err := exec.LookPath("ssh-keygen")
	return err == nil && sshd() != ""
}

// sshd finds the server's program by its full path, without which it refuses to run; "" if there is none.
func sshd() string {
	for folder := range strings.SplitSeq(sshdFolders, ":") {
		if path, err := exec.LookPath(filepath.Join(folder, "sshd")); err == nil {
			return path
		}
	}
	return ""
}

func (s *Server) file(name string) string { return filepath.Join(s.Folder, name) }

func (s *Server) write(name, text string) error {
	return os.WriteFile(s.file(name), []byte(text), 0o600)
}

// key makes a pair of keys, in place of those of that name.
func (s *Server) key(name string) error {
	_ = os.Remove(s.file(name))                                                                                  // which need not be there
	out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", s.file(name)).CombinedOutput() //nolint:noctx // it waits for nobody
	if err != nil {
		return fmt.Errorf("ssh-keygen: %w: %s", err, out)
	}
	return nil
}

// Rekey gives the server another key than the known one.
func (s *Server) Rekey(t testing.TB) { require.NoError(t, s.key("host")) }

// Forget lets nobody know the server's key.
func (s *Server) Forget(t testing.TB) { require.NoError(t, s.write("known", "")) }

// LockOut takes the user's key away.
func (s *Server) LockOut(t testing.TB) {
	require.NoError(t, s.key("user"))
	require.NoError(t, s.write("user.pub", ""))
}

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
