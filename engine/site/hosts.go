package site

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/machine"
	"runbook/engine/yamlfile"
)

// A Host says how another machine is reached: by ssh, or as a pod of the site's cluster.
type Host struct {
	// SSH is the machine as ssh takes it: an alias of its configuration, user@host, or ssh://user@host:port. It is the system's own ssh,
	// with the user's configuration, agent, keys and known hosts.
	SSH string `yaml:"ssh"`
	// Config is the path, from the site file's folder, of a configuration for ssh that is to hold instead of the user's.
	Config string `yaml:"config"`
	// Sessions is how many commands may run at once over one connection: what the server allows as MaxSessions, 10 if not given. Beyond
	// that there are further connections.
	Sessions int `yaml:"sessions"`
	// Pod is "pod/NAME", or what a ready pod is taken of: "deployment/NAME", "statefulset/NAME", "daemonset/NAME".
	Pod       string `yaml:"pod"`
	Namespace string `yaml:"namespace"` // of the pod; that of the context if not given
	Container string `yaml:"container"` // of the pod; the one that kubectl takes if not given
	// Reads are commands that change nothing on this host, besides those that change nothing anywhere (commands.reads).
	Reads action.Commands `yaml:"reads"`
}

// checkHosts finds what is well-formed and makes no sense.
func (s *Site) checkHosts(text []byte) error {
	for _, name := range slices.Sorted(maps.Keys(s.Hosts)) {
		host := s.Hosts[name]
		if field, fault := host.check(name); fault != "" {
			at, said := []any{"hosts", name}, "hosts."+name
			if field != "" {
				at, said = append(at, field), said+"."+field
			}
			return action.Errorf(action.CodeInvalid, "line %d: %s: %s", yamlfile.LineOf(text, at...), said, fault)
		}
		if err := checkReads(text, host.Reads, "hosts."+name, "hosts", name); err != nil {
			return err
		}
	}
	return nil
}

func (h Host) check(name string) (field, fault string) {
	switch {
	case name == "" || name == machine.Local:
		return "", "this is the machine on which runbook runs: it needs no entry"
	case (h.SSH == "") == (h.Pod == ""):
		return "", "a host is reached in one way: give ssh or pod"
	case h.SSH != "":
		return h.checkSSH()
	}
	return h.checkPod()
}

func (h Host) checkSSH() (field, fault string) {
	switch {
	case strings.HasPrefix(h.SSH, "-") || strings.ContainsAny(h.SSH, " \t\n"):
		return "ssh", "this is no destination for ssh, such as rack-1 or admin@rack-1.example.com"
	case h.Sessions < 0:
		return "sessions", "a number of commands is not negative"
	case h.Namespace != "":
		return "namespace", "only a pod is in a namespace"
	case h.Container != "":
		return "container", "only a pod has containers"
	}
	return "", ""
}

func (h Host) checkPod() (field, fault string) {
	switch fault := machine.CheckPod(h.Pod); {
	case fault != "":
		return "pod", fault
	case h.Config != "":
		return "config", "only ssh has a configuration file"
	case h.Sessions != 0:
		return "sessions", "only ssh shares connections"
	}
	return "", ""
}

// hostsFrom makes paths of the site file paths from its folder.
func (s *Site) hostsFrom(folder string) {
	for name, h := range s.Hosts {
		if h.Config != "" && !filepath.IsAbs(h.Config) {
			h.Config = filepath.Join(folder, h.Config)
			s.Hosts[name] = h
		}
	}
}
