package main

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"runbook/bindings/kubernetes"
	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/command/local"
	"runbook/engine/command/ssh"
	"runbook/engine/machine"
	"runbook/engine/site"
)

// ways are how a run gets at machines.
type ways struct {
	// clean hides secrets in what is cut short.
	clean func(string) string
	// cluster is the one that hosts that are pods are in.
	cluster kubernetes.Config
}

// liveHosts are the machines that a site file names, and the connections to them.
type liveHosts struct {
	named map[string]site.Host

	mu      sync.Mutex
	started []*ssh.Host
}

// machines are this machine and those that are named. Nothing is connected before something is run.
func (l *liveHosts) machines(w ways) machine.Set[command.Runner] {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := machine.Set[command.Runner]{Local: local.Machine{}, Hosts: map[string]command.Runner{}}
	for name, h := range l.named {
		if h.Pod != "" {
			out.Hosts[name] = kubernetes.NewMachine(w.cluster, podHost(name, h))
			continue
		}
		host := ssh.New(ssh.Config{Name: name, Destination: h.SSH, ConfigFile: h.Config, Sessions: h.Sessions, Clean: w.clean})
		l.started = append(l.started, host)
		out.Hosts[name] = host.Machine()
	}
	return out
}

// knocker tries ports by way of a host, nil for one that is a pod. There is one once the machines were made.
func (l *liveHosts) knocker(name string) command.Knocker {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, host := range l.started {
		if host.Name == name {
			return host
		}
	}
	return nil
}

func podHost(name string, h site.Host) kubernetes.PodHost {
	return kubernetes.PodHost{Name: name, Pod: h.Pod, Namespace: h.Namespace, Container: h.Container}
}

// close ends the connections.
func (l *liveHosts) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	errs := make([]error, len(l.started))
	var closed sync.WaitGroup
	for i, host := range l.started {
		closed.Go(func() { errs[i] = host.Close() })
	}
	closed.Wait()
	l.started = nil
	return errors.Join(errs...)
}

// reads are the commands that only look, host by host.
func (l *liveHosts) reads() map[string]action.Commands {
	out := map[string]action.Commands{}
	for name, h := range l.named {
		out[name] = h.Reads
	}
	return out
}

// needs are the rights that it takes to run a command on a host, for those that are pods.
func (l *liveHosts) needs() map[string][]action.Permission {
	out := map[string][]action.Permission{}
	for name, h := range l.named {
		if h.Pod != "" {
			out[name] = kubernetes.MachinePermissions(podHost(name, h))
		}
	}
	return out
}

// hostsKey is the key under which the hosts of a site stand in what identifies it.
const hostsKey = "hosts"

// identify adds the hosts to what identifies a site: another machine under a name is another site.
func (l *liveHosts) identify(about map[string]string) map[string]string {
	if len(l.named) == 0 {
		return about
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(l.named)) {
		all = append(all, name+" = "+reached(l.named[name]))
	}
	if about == nil {
		about = map[string]string{}
	}
	about[hostsKey] = strings.Join(all, ", ")
	return about
}

// reached says how a host is reached.
func reached(h site.Host) string {
	if h.SSH != "" {
		words := []string{"ssh"}
		if h.Config != "" {
			words = append(words, "-F", absolute(h.Config))
		}
		return command.Line(append(words, h.SSH))
	}
	words := []string{h.Pod}
	for _, option := range []struct{ flag, value string }{{"-n", h.Namespace}, {"-c", h.Container}} {
		if option.value != "" {
			words = append(words, option.flag, option.value)
		}
	}
	return command.Line(words)
}

// absolute is a path that means the same from every folder.
func absolute(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		return whole
	}
	return path
}
