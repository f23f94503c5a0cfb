// Package notify tells people: messages to the receivers of a site, incidents of PagerDuty, alerts and silences of Alertmanager, and who is
// told next.
//
// A message that cannot be delivered does not end a runbook, unless the runbook says that it must be: its call returns what went wrong, and
// the run tells of it as of any failure. Where the other side knows a message by a key it is sent again when an answer is lost; elsewhere
// nobody may be told twice by a guess. Addresses and keys are references, read when they are needed, and shown nowhere.
//
// The senders are small and our own, over net/http and net/smtp. shoutrrr, which knows the same services, sends with a context that
// nobody can end, puts the webhook's address into its errors, and does not hear when a server asks to be left alone; an Alertmanager's
// generated client brings a runtime that costs more at the start than all of this.
//
// Read next: parcel.go for how a message becomes what its receiver gets, delivery.go for how it is sent, silence.go for what is no message.
package notify

import (
	"context"
	"crypto/x509"
	"net"
	"net/http"

	"runbook/engine/action"
	"runbook/engine/contact"
	"runbook/engine/module"
)

// What targets are called.
const (
	system    = "notify"
	receivers = "receivers"
	incidents = "incidents"
	alerts    = "alerts"
	silences  = "silences"
)

// Config says who can be told, and how.
type Config struct {
	Site func() Site // asked when something is to be sent, or looked at; nil for a site with nobody in it
	// Reveal reads the references in a text, and makes known what it read before it returns it.
	Reveal        func(text string) (string, error)
	Secrets       module.Secrets                                                       // kept out of what is shown; nil for nobody who does that
	WrapTransport func(http.RoundTripper) http.RoundTripper                            // put under every client; may be nil
	Dial          func(ctx context.Context, network, address string) (net.Conn, error) // for mail; nil for this machine's
	UserAgent     string                                                               // of every request
	Run           Run
}

// A Site is who can be told of something.
type Site struct {
	Name         string
	Receivers    map[string]contact.Receiver
	Matrix       contact.Matrix
	Alertmanager Server
	Roots        *x509.CertPool // authorities of mail servers that name none themselves; nil for the system's
}

// A Server is where an Alertmanager is.
type Server struct {
	URL        string
	HTTPConfig string // file with Prometheus's HTTP client configuration
}

// Run is who tells.
type Run struct {
	ID   string
	User string // "" for nobody in particular
}

// A binding is the module of one site.
type binding struct{ Config }

// New makes the module. It reads no secret and contacts nobody.
func New(cfg Config) *module.Module {
	if cfg.Secrets == nil {
		cfg.Secrets = module.Openly{}
	}
	if cfg.Site == nil {
		cfg.Site = func() Site { return Site{} }
	}
	if cfg.Reveal == nil {
		cfg.Reveal = func(text string) (string, error) { return text, nil }
	}
	if cfg.Dial == nil {
		cfg.Dial = new(net.Dialer).DialContext
	}
	b := &binding{cfg}
	return &module.Module{
		Name: system,
		Doc: `Tells people: by the receivers that the site file names, and by its Alertmanager.

A message that does not arrive does not end the run: the call returns { sent = false, error = { code, message } }, the screen shows it as
failed, the end of the run lists it, and -o json counts it. With required = true it is an error like any other. The exit code tells how the
work went and not who heard of it: it is 0 where only a message that was not required failed. A dry run shows the very text that each
receiver would get, and sends nothing.

The site file says who there is. Secrets stand in it only by reference, ${env:NAME} or ${file:PATH}:

  alertmanager: {url: http://alertmanager:9093}
  notify:
    receivers:
      incidents: {slack: {url: "${env:SLACK_URL}"}, title: "[{{.Severity}} INCIDENT] {{.Title}}"}
      pager: {pagerduty: {routing_key: "${file:pager-key}"}}
      team: {smtp: {server: "mail.example.com:587", from: runbook@example.com, to: [team@example.com], user: runbook, password: "${env:MAIL}"}}
      statuspage: {webhook: {url: "https://status.example.com/hook", headers: {Authorization: "Bearer ${env:STATUS}"}, body: '{"text": {{json .Text}}}'}}
      alerts: {alertmanager: {labels: {team: photon}}}
  escalation:
    P0: {respond: 15m, path: [{who: On-call, receiver: pager}, {who: Manager, receiver: team, after: 20m}]}

title, text and body are Go templates of .Title, .Text, .Severity, .Status, .Key, .Link, .Fields (each .Name and .Value), .Field "name", .Time,
.Runbook, .Run and .Site, with upper, lower, json, default and join. runbook docs scenario says how the same stands in a scenario.`,
		Funcs: []module.Func{
			b.receiversFunc(),
			b.sendFunc(),
			b.triggerFunc(),
			b.acknowledgeFunc(),
			b.resolveFunc(),
			b.alertFunc(),
			b.silencesFunc(),
			b.silenceFunc(),
			b.expireFunc(),
			b.escalationFunc(),
		},
	}
}

// sending are the codes of errors with which what is sent may end.
var sending = []action.Code{
	action.CodeNotFound, action.CodeUnavailable, action.CodeTimeout, action.CodeUncertain, action.CodeRejected, action.CodeUnauth,
	action.CodeForbidden, action.CodeThrottled,
}
