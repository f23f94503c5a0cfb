package main

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"runbook/bindings/kubernetes"
	"runbook/bindings/notify"
	"runbook/bindings/prometheus"
	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/catalog"
	"runbook/engine/journal"
	"runbook/engine/redact"
	"runbook/engine/site"
	"runbook/engine/world"
	"runbook/engine/world/scenario"
)

// scenariosFolder is where scenarios are, in a runbook's folder and beside all of them.
const scenariosFolder = "scenarios"

// scenariosOf are where the scenarios of a runbook are found: with it, then beside the runbooks, the nearest first.
func scenariosOf(entry *catalog.Entry) scenario.Shelves {
	out := scenario.Shelves{Folders: foldersOf(entry), Check: world.Check, Tool: toolOf}
	for _, place := range slices.Backward(shelves()) {
		out.Folders = append(out.Folders, shelfIn(place.Files, place.Path))
	}
	return out
}

// foldersOf are the folders of scenarios that come with a runbook, the nearest first.
func foldersOf(entry *catalog.Entry) []scenario.Shelf {
	if entry == nil {
		return nil
	}
	var out []scenario.Shelf
	for _, layer := range entry.Layers {
		out = append(out, shelfIn(layer.Files, layer.Path))
	}
	return out
}

// shelfIn is the folder of scenarios in another one, which need not have one.
func shelfIn(files fs.FS, path string) scenario.Shelf {
	folder, err := fs.Sub(files, scenariosFolder)
	if err != nil {
		panic(err) // its name is well-formed
	}
	return scenario.Shelf{Path: filepath.Join(path, scenariosFolder), Files: folder}
}

// A scenarioFlag is the value of --scenario. One that is given and empty, as by a variable that is not set, must not be a real run.
type scenarioFlag string

func (s *scenarioFlag) String() string { return string(*s) }

// Type is what help calls the value.
func (s *scenarioFlag) Type() string { return "string" }

// Set takes a name.
func (s *scenarioFlag) Set(name string) error {
	if name == "" {
		return errors.New("the name of the scenario is empty; leave out the flag for the real site")
	}
	*s = scenarioFlag(name)
	return nil
}

// enter means a simulated site, if there is a name. It is as it was typed.
func (f *commonFlags) enter(name string, entry *catalog.Entry) (err error) {
	if name == "" {
		return nil
	}
	f.simulation, err = scenariosOf(entry).Load(name)
	return err
}

// simulated is the venue of a scenario. What is about a real site makes no sense beside it.
func (f *commonFlags) simulated() (venue, error) {
	c := f.cluster
	for _, real := range []struct {
		flag  string
		given bool
	}{
		{"site", f.site != ""}, {"prometheus", f.metrics.url != ""}, {"http.config.file", f.metrics.httpConfig != ""},
		{"kubeconfig", *c.KubeConfig != ""}, {"context", *c.Context != ""}, {"cluster", *c.ClusterName != ""},
		{"user", *c.AuthInfoName != ""}, {"server", *c.APIServer != ""}, {"proxy-url", *c.ProxyURL != ""},
		{"certificate-authority", *c.CAFile != ""}, {"client-certificate", *c.CertFile != ""}, {"client-key", *c.KeyFile != ""},
		{"tls-server-name", *c.TLSServerName != ""}, {"insecure-skip-tls-verify", *c.Insecure},
		{"request-timeout", *c.Timeout != "0"},
		{"as-uid", *c.ImpersonateUID != ""}, {"as-user-extra", len(*c.ImpersonateUserExtra) > 0},
	} {
		if real.given {
			return nil, usage("--%s is about a real site, and the scenario %s is a simulated one: leave one of them out", real.flag, f.simulation.Name).wrap()
		}
	}
	return &simulatedSite{scenario: f.simulation, flags: c}, nil
}

// simulatedSite is a scenario, and its world while a run lasts.
type simulatedSite struct {
	scenario *scenario.Scenario
	flags    clusterFlags
	world    *world.World
}

func (s *simulatedSite) open() (err error) {
	s.world, err = world.Open(s.scenario)
	return err
}

func (s *simulatedSite) close() error { return s.world.Close() }

func (s *simulatedSite) mode(m engine.Mode) engine.Mode { return m.On(s.world) }

func (*simulatedSite) production() string { return "" }

func (*simulatedSite) siteFile() string { return "" }

// identity is the scenario as it was found, and what it consists of: another one of that name is another site.
func (s *simulatedSite) identity(*redact.Redactor) map[string]string {
	config := s.kubeconfig("")
	current := config.Contexts[config.CurrentContext]
	about := map[string]string{
		journal.ScenarioKey: scenarioName(s.scenario), journal.DigestKey: s.scenario.Digest[:12],
		"context": config.CurrentContext, "namespace": current.Namespace, "user": current.AuthInfo,
	}
	if namespace := *s.flags.Namespace; namespace != "" {
		about["namespace"] = namespace
	}
	if as := *s.flags.Impersonate; as != "" {
		about["as"] = as
	}
	if groups := *s.flags.ImpersonateGroup; len(groups) > 0 {
		about["as_groups"] = strings.Join(groups, ",")
	}
	return about
}

// scenarioName is what finds the scenario again: its name, or the absolute path of its file where it was named by a path.
func scenarioName(s *scenario.Scenario) string {
	if s.Named {
		return s.Name
	}
	path, err := filepath.Abs(s.Path)
	if err != nil {
		return s.Path
	}
	return path
}

// commands are those that the scenario declares to only look, beside those that do anywhere.
func (s *simulatedSite) commands() knownCommands {
	known := knownCommands{reads: slices.Clone(site.Known), own: map[string]action.Commands{}, needs: s.podRights()}
	for _, c := range s.scenario.Kubernetes.Commands {
		if c.Reads {
			known.reads = append(known.reads, c.Argv)
		}
	}
	known.reads = append(known.reads, lookingOn(s.scenario.Host)...)
	for name, h := range s.scenario.Hosts {
		known.own[name] = lookingOn(h)
	}
	return known
}

func lookingOn(h scenario.Host) (out action.Commands) {
	for _, c := range h.Commands {
		if c.Reads {
			out = append(out, c.Argv)
		}
	}
	return out
}

func (s *simulatedSite) cluster() kubernetes.Access { return simulatedCluster{s} }

// metrics is the world's Prometheus, which is open by the time that it is asked for. One question at a time: which of several meets a fault
// would be chance, and none of them is answered before another.
func (s *simulatedSite) metrics() prometheus.Config {
	return prometheus.Config{AtOnce: 1, Access: func() prometheus.Access { return prometheus.Access{URL: s.world.Prometheus()} }}
}

// contacts are who can be told of something in the world, which is open by the time that somebody is. Before, as for a plan that is looked
// at, they are nowhere.
func (s *simulatedSite) contacts() notify.Site {
	site := notify.Site{Receivers: s.scenario.Notify.Receivers, Matrix: s.scenario.Escalation}
	if s.world != nil {
		site.Receivers, site.Roots = s.world.Receivers(), s.world.MailRoots()
		site.Alertmanager = notify.Server{URL: s.world.Alertmanager()}
	}
	return site
}

// kubeconfig is that of the world, at an address.
func (s *simulatedSite) kubeconfig(address string) api.Config {
	k := s.scenario.Kubernetes
	config := api.NewConfig()
	config.Clusters[k.ContextName()] = &api.Cluster{Server: address}
	config.AuthInfos[k.UserName()] = &api.AuthInfo{}
	config.Contexts[k.ContextName()] = &api.Context{Cluster: k.ContextName(), AuthInfo: k.UserName(), Namespace: k.DefaultNamespace()}
	config.CurrentContext = k.ContextName()
	return *config
}

// simulatedCluster is how the kubernetes module gets at the world, which is open by then.
type simulatedCluster struct{ site *simulatedSite }

func (c simulatedCluster) ToRESTConfig() (*rest.Config, error) {
	return c.ToRawKubeConfigLoader().ClientConfig()
}

func (c simulatedCluster) ToRawKubeConfigLoader() clientcmd.ClientConfig {
	flags := c.site.flags
	overrides := &clientcmd.ConfigOverrides{
		Context:  api.Context{Namespace: *flags.Namespace},
		AuthInfo: api.AuthInfo{Impersonate: *flags.Impersonate, ImpersonateGroups: *flags.ImpersonateGroup},
	}
	return clientcmd.NewDefaultClientConfig(c.site.kubeconfig(c.site.world.Kubernetes()), overrides)
}
