// Package layout says where a lab keeps its files. It only names paths; it never reads or writes.
package layout

import (
	"fmt"
	"os"
	"path/filepath"
)

// Dir is the folder of one lab.
type Dir string

// Default returns the folder of the lab that is meant when none is named.
func Default() (Dir, error) {
	state := os.Getenv("XDG_STATE_HOME")
	if state == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("find a folder for the lab: %w; name one with --dir", err)
		}
		state = filepath.Join(home, ".local", "state")
	}
	return Dir(filepath.Join(state, "runbook-lab")), nil
}

// What people use.
func (d Dir) Kubeconfig() string     { return d.join("kubeconfig") }
func (d Dir) AuditLog() string       { return d.join("audit.log") }
func (d Dir) Logs() string           { return d.join("logs") }
func (d Dir) Log(name string) string { return d.join("logs", name+".log") }

// What the lab uses.
func (d Dir) State() string       { return d.join("state.json") }
func (d Dir) Lock() string        { return d.join("lock") }
func (d Dir) PKI() string         { return d.join("pki") }
func (d Dir) Config() string      { return d.join("config") }
func (d Dir) EtcdData() string    { return d.join("etcd") }
func (d Dir) PodLogs() string     { return d.join("pods", "logs") }
func (d Dir) PodFiles() string    { return d.join("pods", "files") }
func (d Dir) Pods() string        { return d.join("pods") }
func (d Dir) AuditPolicy() string { return d.join("config", "audit-policy.yaml") }
func (d Dir) Kwok() string        { return d.join("config", "kwok.yaml") }

// ComponentKubeconfig is how a component, rather than a person, reaches the API server.
func (d Dir) ComponentKubeconfig(name string) string { return d.join("config", name+".kubeconfig") }

func (d Dir) join(parts ...string) string {
	return filepath.Join(append([]string{string(d)}, parts...)...)
}
