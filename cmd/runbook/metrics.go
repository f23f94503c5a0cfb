package main

import (
	"errors"
	"net/http"

	"github.com/spf13/pflag"

	"runbook/bindings/prometheus"
	"runbook/engine/module"
	"runbook/engine/redact"
	"runbook/engine/site"
	"runbook/engine/wall"
)

// metricsKey is the key under which the Prometheus of a site stands in what identifies it.
const metricsKey = "prometheus"

// metricsFlags say which Prometheus is meant.
type metricsFlags struct {
	url        addressFlag
	httpConfig string
}

func (m *metricsFlags) add(flags *pflag.FlagSet) {
	flags.Var(&m.url, "prometheus", "address of the Prometheus that the metrics are of; without it the site file's")
	flags.StringVar(&m.httpConfig, "http.config.file", "", "file with Prometheus's HTTP client configuration: credentials, TLS, proxies")
}

// An addressFlag is the address of a server. One that is given and empty, as by a variable that is not set, must not be another server.
type addressFlag string

func (a *addressFlag) String() string { return withoutUser(string(*a)) }

// Type is what help calls the value.
func (a *addressFlag) Type() string { return "URL" }

// Set takes an address.
func (a *addressFlag) Set(address string) error {
	if fault := site.CheckURL(address); fault != "" {
		return errors.New(fault)
	}
	*a = addressFlag(address)
	return nil
}

// fillIn takes from the site file what the command line does not say. The credentials of one server are none for another.
func (m *metricsFlags) fillIn(p site.Prometheus) {
	if m.url == "" {
		m.url = addressFlag(p.URL)
	}
	if m.httpConfig == "" && (p.URL == "" || string(m.url) == p.URL) {
		m.httpConfig = p.HTTPConfig
	}
}

func (m *metricsFlags) access() prometheus.Access {
	return prometheus.Access{URL: string(m.url), HTTPConfig: m.httpConfig}
}

// identify adds the Prometheus to what identifies a site: what a plan does was decided by its numbers. Its credentials are made known to
// the redactor; they do not belong to the site's identity.
func (m *metricsFlags) identify(about map[string]string, r *redact.Redactor) map[string]string {
	if m.url == "" {
		return about
	}
	r.Add(m.access().Credentials()...)
	if about == nil {
		about = map[string]string{}
	}
	about[metricsKey] = withoutUser(string(m.url))
	return about
}

// metricsModule is the prometheus module of the run of that id, at a venue. The second wall is nil in a real run.
func metricsModule(at systems, id string, second *wall.Wall, r *redact.Redactor) *module.Module {
	cfg := at.metrics()
	cfg.WrapTransport, cfg.Secrets, cfg.UserAgent = clientsUnder(second, r), r, userAgent(id)
	return prometheus.New(cfg)
}

// userAgent is how a run appears to every server.
func userAgent(id string) string { return "runbook/" + version + " " + id }

// clientsUnder is what is put under every client: it learns the credentials that it sends, and stands behind the second wall if there is one.
func clientsUnder(second *wall.Wall, r *redact.Redactor) func(http.RoundTripper) http.RoundTripper {
	learn := learning(r)
	if second == nil {
		return learn
	}
	return func(next http.RoundTripper) http.RoundTripper { return second.Wrap(learn(next)) }
}
