package rack

import (
	"context"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"runbook/examples/lab/layout"
	"runbook/examples/lab/supervisor"
)

// The files below DIR/pki.
const (
	hostKeyFile    = "ssh-host"
	userKeyFile    = "ssh-user"
	authorizedFile = "ssh-authorized-keys"
	knownHostsFile = "ssh-known-hosts"
)

// access is who gets onto the rack, and where it is.
type access struct {
	dir  layout.Dir
	user string
	port int
}

func (a access) config(file string) string { return filepath.Join(a.dir.Config(), file) }

func (a access) pki(file string) string { return filepath.Join(a.dir.PKI(), file) }

func (a access) address() string { return fmt.Sprintf("%s:%d", supervisor.Loopback, a.port) }

// write makes new keys, which no other lab knows, and the configurations of both sides.
func (a access) write() error {
	hostKey, hostPublic, err := newKey("host of the lab's rack")
	if err != nil {
		return err
	}
	userKey, userPublic, err := newKey("user of the lab's rack")
	if err != nil {
		return err
	}
	for path, content := range map[string][]byte{
		a.pki(hostKeyFile):         hostKey,
		a.pki(userKeyFile):         userKey,
		a.pki(authorizedFile):      ssh.MarshalAuthorizedKey(userPublic),
		a.pki(knownHostsFile):      []byte(knownhosts.Line([]string{a.address()}, hostPublic) + "\n"),
		a.dir.SSHConfig():          []byte(a.clientConfig()),
		a.config(serverConfigFile): []byte(a.serverConfig()),
		a.config(loginFile):        []byte(a.login()),
		a.config(recorderFile):     recorder,
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return fmt.Errorf("write how the rack is reached: %w", err)
		}
	}
	return nil
}

func newKey(comment string) (private []byte, public ssh.PublicKey, err error) {
	publicKey, privateKey, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, nil, fmt.Errorf("make the key of the %s: %w", comment, err)
	}
	block, err := ssh.MarshalPrivateKey(privateKey, comment)
	if err != nil {
		return nil, nil, fmt.Errorf("make the key of the %s: %w", comment, err)
	}
	public, err = ssh.NewPublicKey(publicKey)
	return pem.EncodeToMemory(block), public, err
}

// clientConfig is for ssh -F, which reads no other configuration then. The person's own keys are not offered, and
// nothing is ever asked: a rack with another key than ours is not our rack.
func (a access) clientConfig() string {
	return fmt.Sprintf(`# The lab's rack. Use it with: ssh -F THIS_FILE %s photon-debug --list-devices
Host %s
  HostName %s
  Port %d
  User %s
  IdentityFile %s
  IdentitiesOnly yes
  UserKnownHostsFile %s
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  BatchMode yes
  LogLevel ERROR
`, Host, Host, supervisor.Loopback, a.port, a.user, expanded(a.pki(userKeyFile)), expanded(a.pki(knownHostsFile)))
}

// quoted is a path as one word of a configuration of OpenSSH, whatever is in it.
func quoted(path string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(path) + `"`
}

// expanded is a path in an option in which OpenSSH replaces %-sequences.
func expanded(path string) string { return quoted(strings.ReplaceAll(path, "%", "%%")) }

// commandRuns tells that the rack is ready: somebody with the lab's key got in, and found the vendors' tools. It does
// not call one, which would be recorded.
func (a access) commandRuns() (supervisor.Ready, error) {
	config, err := a.client()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		client, err := a.dial(ctx, config)
		if err != nil {
			return err
		}
		defer client.Close() //nolint:errcheck // the answer counts
		session, err := client.NewSession()
		if err != nil {
			return err
		}
		if output, err := session.CombinedOutput("command -v photon-debug"); err != nil {
			return fmt.Errorf("look for photon-debug on the rack: %w; it says: %s", err, output)
		}
		return nil
	}, nil
}

// client is what the ssh configuration says, for a client that is no program.
func (a access) client() (*ssh.ClientConfig, error) {
	key, err := os.ReadFile(a.pki(userKeyFile))
	if err != nil {
		return nil, fmt.Errorf("read the key of the rack's user: %w", err)
	}
	signer, err := ssh.ParsePrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("read the key of the rack's user: %w", err)
	}
	known, err := knownhosts.New(a.pki(knownHostsFile))
	if err != nil {
		return nil, fmt.Errorf("read the key of the rack: %w", err)
	}
	return &ssh.ClientConfig{User: a.user, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyCallback: known}, nil
}

// dial gives up when ctx ends, also in the middle of a handshake or a command.
func (a access) dial(ctx context.Context, config *ssh.ClientConfig) (*ssh.Client, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", a.address())
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { conn.Close() }) //nolint:errcheck // whoever reads from it learns
	secured, channels, requests, err := ssh.NewClientConn(conn, a.address(), config)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return ssh.NewClient(secured, channels, requests), nil
}
