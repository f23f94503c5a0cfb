package rack

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"runbook/examples/lab/shell"
	"runbook/examples/lab/supervisor"
)

// The files below DIR/config.
const (
	serverConfigFile = "sshd_config"
	loginFile        = "rack-login"
	recorderFile     = "rack-record.awk"
)

// serverFolders is where systems keep sshd, which is seldom in the PATH of who is not root.
var serverFolders = []string{"/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/opt/homebrew/sbin"}

// findServer returns the full path of sshd, without which it refuses to run, or nothing.
func findServer() string {
	candidates := []string{"sshd"}
	for _, folder := range serverFolders {
		candidates = append(candidates, filepath.Join(folder, "sshd"))
	}
	for _, candidate := range candidates {
		if path, err := exec.LookPath(candidate); err == nil {
			return path
		}
	}
	return ""
}

// serverConfig lets one user in, by one key, as often at once as there may be devices.
func (a access) serverConfig() string {
	return fmt.Sprintf(`ListenAddress %s
Port %d
PidFile none
HostKey %s
AuthorizedKeysFile %s
# The lab's folder is its user's alone, but it may lie in one that is everybody's, such as /tmp.
StrictModes no
AuthenticationMethods publickey
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
PermitRootLogin prohibit-password
AllowUsers %s
# Two hundred devices may be asked at once, each by a connection or all by one.
MaxStartups 300
MaxSessions 300
LogLevel VERBOSE
# The default withstands quantum computers, for a tenth of a second of processor at each end of each call. Nothing here
# leaves this machine.
KexAlgorithms curve25519-sha256
# A bash that is told that it is not the outermost shell reads none of its user's files, which may be slow, and may print.
SetEnv SHLVL=1
# Whoever has the key may reach what the lab's user can: by that a port is tried from here, where there is no ping.
AllowTcpForwarding local
PermitOpen 127.0.0.1:*
AllowAgentForwarding no
X11Forwarding no
PermitTunnel no
PermitUserRC no
PrintMotd no
PrintLastLog no
ForceCommand exec /bin/sh %s
`, supervisor.Loopback, a.port, quoted(a.pki(hostKeyFile)), expanded(a.pki(authorizedFile)), a.user, shell.Quoted(a.config(loginFile)))
}

// login is what every login runs. It makes the rack the same for all: commands are read by /bin/sh, whatever the shell
// of the lab's user is; the vendors' tools are found, whatever that shell's own files do to PATH; and a path that
// is not absolute leads into the rack's tree, not into the user's home.
//
// No command runs that is not on record; see record.awk. A record is one write, however long, so that logins at the same
// time never mix theirs: a shell writes a long text piece by piece, dd does not.
func (a access) login() string {
	return fmt.Sprintf(`PATH=%[1]s:$PATH
export PATH
cd %[2]s || exit
record() {
  now=$(date -u +%%Y-%%m-%%dT%%H:%%M:%%SZ) &&
    line=$(LC_ALL=C awk -v "time=$now" -f %[3]s) &&
    (umask 077 && printf '%%s\n' "$line" | dd obs=%[4]d 2>/dev/null >>%[5]s)
}
if ! record; then
  echo "rack: nothing runs here that cannot be recorded in "%[5]s >&2
  exit 1
fi
unset now line
if [ -z "$SSH_ORIGINAL_COMMAND" ]; then
  exec /bin/sh
fi
exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"
`, shell.Quoted(a.dir.RackBin()), shell.Quoted(a.dir.RackFiles()), shell.Quoted(a.config(recorderFile)), longestRecord,
		shell.Quoted(a.dir.RackCommands()))
}

// longestRecord is more than any record has: systems hand a program no more than 128 KiB of command, and a byte of it is
// at most six of a record.
const longestRecord = 1 << 20

// recorder makes a record of the command of a login.
//
//go:embed record.awk
var recorder []byte

// serverArguments keep the server in the foreground, and its log on its standard error.
func (a access) serverArguments(ctx context.Context, sshd string) []string {
	args := []string{"-D", "-e", "-f", a.config(serverConfigFile)}
	// Newer servers shut an address out for a while after some calls that were broken off, and every client here has the
	// same address. Older ones end when they are told not to.
	const noPenalties = "PerSourcePenalties=no"
	if exec.CommandContext(ctx, sshd, append(args, "-t", "-o", noPenalties)...).Run() == nil {
		args = append(args, "-o", noPenalties)
	}
	return args
}

// makeServerFolder makes the empty folder in which a server that root started locks up the part of it that strangers
// talk to. Debian's server was built to look for it there, and its system service makes it at each start; we are in
// that service's place, and nobody else is where no service runs, as in a container. Without root there is none.
func makeServerFolder() error {
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		return nil
	}
	if err := os.Mkdir("/run/sshd", 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the folder that sshd wants when root starts it: %w", err)
	}
	return nil
}
