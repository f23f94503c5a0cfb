package main

import (
	"slices"

	"runbook/bindings/kubernetes"
	"runbook/bindings/notify"
	"runbook/bindings/prometheus"
	"runbook/bindings/s3"
	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/drivers"
	"runbook/engine/files"
	"runbook/engine/machine"
	"runbook/engine/redact"
	"runbook/engine/site"
)

// A venue is where a run happens: at the user's own site, or in a simulated one.
type venue interface {
	systems
	// open makes it ready for a run; close ends what open began.
	open() error
	close() error
	// identity says which site is meant, for screens and plans. It makes the secrets known that it comes upon.
	identity(*redact.Redactor) map[string]string
	// production is the name of the site's context if it is one whose name has to be typed; "" if not.
	production() string
	// siteFile is the absolute path of the site file, "" if there is none.
	siteFile() string
	// mode is a mode in this venue.
	mode(engine.Mode) engine.Mode
}

// systems are what there is at a venue, and how it is reached: what modules and second walls are made of.
type systems interface {
	cluster() kubernetes.Access
	// metrics is which Prometheus there is, and how to ask it.
	metrics() prometheus.Config
	// machines are those on which commands can be run.
	machines(ways) machine.Set[command.Runner]
	// files are those of the machines, which run commands so.
	files(runners machine.Set[command.Runner]) machine.Set[files.System]
	// commands are what is known of the commands of the machines.
	commands() knownCommands
	// devices are those that a script can look at and reset.
	devices() fleet
	// store is which object store there is, and how to ask it.
	store() s3.Config
	// contacts are who can be told of something.
	contacts() notify.Site
}

// knownCommands are what a venue knows of the commands of its machines.
type knownCommands struct {
	reads action.Commands                // that only look, wherever they are run
	own   map[string]action.Commands     // that only look on one of the hosts, by its name
	needs map[string][]action.Permission // the rights that it takes to run one on a host, by its name
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
	return liveSite{f.cluster, &f.metrics, &liveHosts{named: s.Hosts}, s, driverShelves()}, nil
}

// liveSite is what the user's site file and kubeconfig name.
type liveSite struct {
	flags     clusterFlags
	metricsOf *metricsFlags
	hosts     *liveHosts
	file      *site.Site
	drivers   *drivers.Shelf
}

func (liveSite) open() error                                   { return nil }
func (l liveSite) close() error                                { return l.hosts.close() }
func (l liveSite) cluster() kubernetes.Access                  { return l.flags }
func (l liveSite) machines(w ways) machine.Set[command.Runner] { return l.hosts.machines(w) }
func (l liveSite) siteFile() string                            { return siteFile(l.file) }
func (liveSite) mode(m engine.Mode) engine.Mode                { return m }

func (liveSite) files(runners machine.Set[command.Runner]) machine.Set[files.System] {
	return filesOver(runners)
}

func (l liveSite) commands() knownCommands {
	return knownCommands{reads: slices.Concat(site.Known, l.file.Commands.Reads), own: l.hosts.reads(), needs: l.hosts.needs()}
}

func (l liveSite) metrics() prometheus.Config { return prometheus.Config{Access: l.metricsOf.access} }

func (l liveSite) identity(r *redact.Redactor) map[string]string {
	about := l.hosts.identify(l.metricsOf.identify(l.flags.identity(r), r))
	about = identifyContacts(identifyStore(l.file.S3, about, r), l.contacts(), r)
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
