// Package rack is the machine with the photonic devices: a real OpenSSH server, the vendors' tools behind it, and a
// small tree of files.
//
// The server is the system's own program; Go has no equal. Where it is missing the lab has no devices. It runs as the
// user of the lab, listens on loopback only, and lets nobody in but the holder of the lab's own key. What runs behind
// it runs on this machine, as that user: there is no other machine.
//
// Read next: server.go for the server's configuration; access.go for the keys and for how a person gets in; files.go for
// the tree. Package device has the devices, package devicetool the tools.
package rack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"

	"runbook/examples/lab/device"
	"runbook/examples/lab/devicetool"
	"runbook/examples/lab/layout"
	"runbook/examples/lab/supervisor"
)

// Host is how ssh and the site's file call the machine.
const Host = "rack-1"

// server is the name of the server, of its port and of its log.
const server = "sshd"

// Rack is the machine as a part of a lab.
type Rack struct{ sshd string } // where the server's program is; empty where it is missing

// New returns the rack, which is absent where the system has no OpenSSH server.
func New() Rack { return Rack{sshd: findServer()} }

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
		stage.Tell("there are no photonic devices: the OpenSSH server is missing; install it (Debian, Ubuntu, Fedora, Alpine: package openssh-server) and start the lab again")
		return nil
	}
	in, err := accessTo(stage)
	if err != nil {
		return err
	}
	return errors.Join(
		in.write(),
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
	in, err := accessTo(stage)
	if err != nil {
		return err
	}
	return stage.Launch(ctx, r, stage.CommandOf(server, r.sshd, in.serverArguments(ctx, r.sshd)...))
}

// Ready is that a command ran there.
func (Rack) Ready(stage *supervisor.Stage, name string) (supervisor.Ready, error) {
	if name != server {
		return nil, nil
	}
	in, err := accessTo(stage)
	if err != nil {
		return nil, err
	}
	return in.commandRuns()
}

func accessTo(stage *supervisor.Stage) (access, error) {
	who, err := user.Current()
	if err != nil {
		return access{}, fmt.Errorf("find out who the rack's user is: %w", err)
	}
	return access{dir: stage.Dir, user: who.Username, port: stage.Port(server)}, nil
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
