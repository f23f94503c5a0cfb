package main

import (
	"slices"

	"runbook/bindings/kubernetes"
	"runbook/bindings/prometheus"
	"runbook/bindings/s3"
	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/files"
	"runbook/engine/machine"
	"runbook/engine/redact"
	"runbook/engine/site"
)

// A venue is where a run happens: at the user's own site, or in a simulated one.
type venue interface {
	// open makes it ready for a run; close ends what open began.
	open() error
	close() error
	// identity says which site is meant, for screens and plans. It makes the secrets known that it comes upon.
	identity(*redact.Redactor) map[string]string
	// production is the name of the site's context if it is one whose name has to be typed; "" if not.
	production() string
	cluster() kubernetes.Access
	// metrics is which Prometheus there is, and how to ask it.
	metrics() prometheus.Config
	// machines are those on which commands can be run.
	machines(ways) machine.Set[command.Runner]
	// files are those of the machines, which run commands so.
	files(runners machine.Set[command.Runner]) machine.Set[files.System]
	// store is which object store there is, and how to ask it.
	store() s3.Config
	// reads are the commands that only look.
	reads() action.Commands
	// hostReads are those that only look on one of the hosts, by its name.
	hostReads() map[string]action.Commands
	// hostNeeds are the rights that it takes to run a command on a host, by its name.
	hostNeeds() map[string][]action.Permission
	// siteFile is the absolute path of the site file, "" if there is none.
	siteFile() string
	// mode is a mode in this venue.
	mode(engine.Mode) engine.Mode
}

// venue is where the command line says.
func (f *commonFlags) venue() (venue, error) {
	if f.simulation != nil {
		return f.simulated()
	}
	s, err := loadSite(f.site)
	if err != nil {
		return nil, &engine.UsageError{Err: err}
	}
	f.cluster.fillIn(s.Kubernetes)
	f.metrics.fillIn(s.Prometheus)
	return liveSite{f.cluster, &f.metrics, &liveHosts{named: s.Hosts}, s}, nil
}

// liveSite is what the user's site file and kubeconfig name.
type liveSite struct {
	flags     clusterFlags
	metricsOf *metricsFlags
	hosts     *liveHosts
	file      *site.Site
}

func (liveSite) open() error                                                    { return nil }
func (l liveSite) close() error                                                 { return l.hosts.close() }
func (l liveSite) cluster() kubernetes.Access                                   { return l.flags }
func (l liveSite) machines(w ways) machine.Set[command.Runner]                  { return l.hosts.machines(w) }
func (liveSite) files(on machine.Set[command.Runner]) machine.Set[files.System] { return filesOver(on) }
func (l liveSite) hostReads() map[string]action.Commands                        { return l.hosts.reads() }
func (l liveSite) hostNeeds() map[string][]action.Permission                    { return l.hosts.needs() }
func (l liveSite) reads() action.Commands                                       { return slices.Concat(site.Known, l.file.Commands.Reads) }
func (l liveSite) siteFile() string                                             { return siteFile(l.file) }
func (liveSite) mode(m engine.Mode) engine.Mode                                 { return m }

func (l liveSite) metrics() prometheus.Config { return prometheus.Config{Access: l.metricsOf.access} }

func (l liveSite) identity(r *redact.Redactor) map[string]string {
	about := identifyStore(l.file.S3, l.hosts.identify(l.metricsOf.identify(l.flags.identity(r), r)), r)
	if l.file.Name != "" && about != nil {
		about["site"] = l.file.Name
	}
	return about
}

func (l liveSite) production() string {
	current := l.flags.current()
	if slices.Contains(l.file.Kubernetes.Production, current) {
		return current
	}
	return ""
}
