package main

import (
	"context"
	"io"

	"runbook/bindings/kubernetes"
	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/files"
	"runbook/engine/machine"
	"runbook/engine/world/scenario"
)

// machines are those of the world. Those that are pods are reached by way of the cluster, as real ones are: whether something can be run there
// is asked before anything is. What comes of it then the scenario says.
func (s *simulatedSite) machines(w ways) machine.Set[command.Runner] {
	out := s.world.Machines()
	for name, h := range s.scenario.Hosts {
		if h.Pod != "" {
			out.Hosts[name] = inPod{out.Hosts[name], kubernetes.NewMachine(w.cluster, simulatedPod(name, h))}
		}
	}
	return out
}

func (s *simulatedSite) files(runners machine.Set[command.Runner]) machine.Set[files.System] {
	out := s.world.Files()
	for name, h := range s.scenario.Hosts {
		if h.Pod != "" {
			out.Hosts[name] = podFiles{out.Hosts[name], runners.Hosts[name]}
		}
	}
	return out
}

// podRights are the rights that it takes to run a command on the hosts that are pods.
func (s *simulatedSite) podRights() map[string][]action.Permission {
	out := map[string][]action.Permission{}
	for name, h := range s.scenario.Hosts {
		if h.Pod != "" {
			out[name] = kubernetes.MachinePermissions(simulatedPod(name, h))
		}
	}
	return out
}

func simulatedPod(name string, h scenario.Host) kubernetes.PodHost {
	return kubernetes.PodHost{Name: name, Pod: h.Pod, Namespace: h.Namespace, Container: h.Container}
}

// there finds out whether something can be run in a pod, by having its shell look for itself.
func there(ctx context.Context, pod command.Runner) error {
	_, err := pod.Find(ctx, "sh")
	return err
}

// inPod is a simulated machine that is a pod.
type inPod struct {
	command.Runner
	pod command.Runner // knows which one it is, and whether it is there
}

// Machine is the pod.
func (p inPod) Machine(ctx context.Context) (string, error) { return p.pod.Machine(ctx) }

// Find finds a program while the pod is there.
func (p inPod) Find(ctx context.Context, program string) (string, error) {
	if err := there(ctx, p.pod); err != nil {
		return "", err
	}
	return p.Runner.Find(ctx, program)
}

// Run runs a command while the pod is there.
func (p inPod) Run(ctx context.Context, argv []string, streams command.Streams) (int, error) {
	if err := there(ctx, p.pod); err != nil {
		return 0, err
	}
	return p.Runner.Run(ctx, argv, streams)
}

// podFiles are the files of such a machine.
type podFiles struct {
	files.System
	pod command.Runner
}

func (p podFiles) Machine(ctx context.Context) (string, error) { return p.pod.Machine(ctx) }

func (p podFiles) Knows(ctx context.Context, owner string) (string, error) {
	if err := there(ctx, p.pod); err != nil {
		return "", err
	}
	return p.System.Knows(ctx, owner)
}

func (p podFiles) Disk(ctx context.Context, path string) (files.Disk, error) {
	if err := there(ctx, p.pod); err != nil {
		return files.Disk{}, err
	}
	return p.System.Disk(ctx, path)
}

func (p podFiles) Look(ctx context.Context, path string) (files.Entry, error) {
	if err := there(ctx, p.pod); err != nil {
		return files.Entry{}, err
	}
	return p.System.Look(ctx, path)
}

func (p podFiles) Link(ctx context.Context, path string) (link, target string, err error) {
	if err := there(ctx, p.pod); err != nil {
		return "", "", err
	}
	return p.System.Link(ctx, path)
}

func (p podFiles) Walk(ctx context.Context, root string, only files.Filter, visit func([]files.Entry) error) (files.Walked, error) {
	if err := there(ctx, p.pod); err != nil {
		return files.Walked{}, err
	}
	return p.System.Walk(ctx, root, only, visit)
}

func (p podFiles) Usage(ctx context.Context, root string, stay bool) (files.Usage, error) {
	if err := there(ctx, p.pod); err != nil {
		return files.Usage{}, err
	}
	return p.System.Usage(ctx, root, stay)
}

func (p podFiles) Open(ctx context.Context, path string, offset int64) (io.ReadCloser, error) {
	if err := there(ctx, p.pod); err != nil {
		return nil, err
	}
	return p.System.Open(ctx, path, offset)
}

func (p podFiles) Create(ctx context.Context, root, path string) (files.Draft, error) {
	if err := there(ctx, p.pod); err != nil {
		return nil, err
	}
	return p.System.Create(ctx, root, path)
}

func (p podFiles) Change(ctx context.Context, root string, changes []files.Change) ([]error, error) {
	if err := there(ctx, p.pod); err != nil {
		return nil, err
	}
	return p.System.Change(ctx, root, changes)
}
