// Package rack is the machine with the photonic devices: a real OpenSSH server, the vendors' tools behind it, and a
// small tree of files.
//
// The server is the system's own program; Go has no equal. Where it is missing, or would not let the lab's user in, the lab
// has no devices. It runs as the user of the lab, listens on loopback only, and lets nobody in but the holder of the lab's
// own key. What runs behind it is written down first, and runs on this machine, as that user: there is no other machine.
//
// Read next: server.go for the server's configuration; access.go for the keys and for how a person gets in; account.go
// for whom the server refuses; files.go for the tree. Package device has the devices, package devicetool the tools.
package rack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"time"

	"runbook/examples/lab/device"
	"runbook/examples/lab/devicetool"
	"runbook/examples/lab/layout"
	"runbook/examples/lab/supervisor"
)

// Host is how ssh and the site's file call the machine.
const Host = "rack-1"

// server is the name of the server, of its port and of its log.
const server = "sshd"

// startWithin is how long the server may take. What keeps it from letting its user in, such as an account that is locked, is
// seen by trying alone, and does not pass.
const startWithin = 15 * time.Second

// Rack is the machine as a part of a lab.
type Rack struct {
	sshd   string // where the server's program is; empty where there is no rack
	user   string // who logs in
	absent string // why there is no rack
	within time.Duration
}

// New returns the rack, which is absent where the system has no OpenSSH server, or one that would not let the lab's user in.
func New() Rack {
	who, err := user.Current()
	if err != nil {
		return newRack(findServer(), "", fmt.Sprintf("the system does not know the lab's user, whom the OpenSSH server would not let in: %v; run the lab as a user that has an account", err))
	}
	return newRack(findServer(), who.Username, unusable(who.Username, loginShell(who.Username)))
}

// newRack returns the rack of that user, unless something is missing.
func newRack(sshd, user, hindrance string) Rack {
	if sshd == "" {
		hindrance = "the OpenSSH server is missing; install it (Debian, Ubuntu, Fedora, Alpine: package openssh-server) and start the lab again"
	}
	if hindrance != "" {
		return Rack{absent: hindrance}
	}
	return Rack{sshd: sshd, user: user, within: startWithin}
}

// Present tells whether the lab has devices.
func (r Rack) Present() bool { return r.sshd != "" }

// Ports has the server's, if there is a server.
func (r Rack) Ports() []string {
	if !r.Present() {
		return nil
	}
	return []string{server}
}

// Prepare writes the keys, the configurations, the tools, the devices and the tree.
func (r Rack) Prepare(stage *supervisor.Stage) error {
	if !r.Present() {
		stage.Tell("there are no photonic devices: %s", r.absent)
		return nil
	}
	return errors.Join(
		r.access(stage).write(),
		linkTools(stage.Dir),
		device.Install(stage.Dir, stage.Now),
		writeFiles(stage.Dir, stage.Now),
	)
}

// Start brings the server up and returns when it has run a command.
func (r Rack) Start(ctx context.Context, stage *supervisor.Stage) error {
	if !r.Present() {
		return nil
	}
	if err := makeServerFolder(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, r.within)
	defer cancel()
	return stage.Launch(ctx, r, stage.CommandOf(server, r.sshd, r.access(stage).serverArguments(ctx, r.sshd)...))
}

// Ready is that a command ran there.
func (r Rack) Ready(stage *supervisor.Stage, name string) (supervisor.Ready, error) {
	if name != server {
		return nil, nil
	}
	if !r.Present() {
		return nil, fmt.Errorf("log in to the rack: there can be none any more: %s", r.absent)
	}
	return r.access(stage).commandRuns()
}

func (r Rack) access(stage *supervisor.Stage) access {
	return access{dir: stage.Dir, user: r.user, port: stage.Port(server)}
}

// linkTools gives this program the names of the vendors' tools.
func linkTools(dir layout.Dir) error {
	if err := os.MkdirAll(dir.RackBin(), layout.FolderMode); err != nil {
		return fmt.Errorf("make the folder of the vendors' tools: %w", err)
	}
	for _, name := range devicetool.Names() {
		if err := os.Symlink(dir.Self(), filepath.Join(dir.RackBin(), name)); err != nil {
			return fmt.Errorf("put %s on the rack: %w", name, err)
		}
	}
	return nil
}
