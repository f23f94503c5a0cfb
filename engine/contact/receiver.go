// Package contact says who can be told of something, and how: the receivers of a site, what their messages look like, and who is told next
// when an incident goes on.
//
// It is data, strictly checked, as it stands in a site file and in a scenario. It sends nothing and holds no secret: where one belongs there
// is only a reference. Read next: template.go, then bindings/notify, which sends.
package contact

import (
	"path/filepath"
	"regexp"
	"time"
)

// A Receiver is somebody who can be told of something. It has exactly one of slack, smtp, pagerduty, webhook and alertmanager.
type Receiver struct {
	Slack        *Slack     `yaml:"slack"`        // a channel, by an incoming webhook of Slack, or of what understands its blocks as well
	SMTP         *SMTP      `yaml:"smtp"`         // mail
	PagerDuty    *PagerDuty `yaml:"pagerduty"`    // who is on call, by PagerDuty's Events API v2
	Webhook      *Webhook   `yaml:"webhook"`      // whatever takes JSON over HTTP
	Alertmanager *Alert     `yaml:"alertmanager"` // an alert, which the site's Alertmanager passes on to whom it fires for
	// what its titles look like, as a Go template: "[{{.Severity}} INCIDENT] {{.Title}}"; the title itself if not given
	Title string `yaml:"title"`
	// what its texts look like, as a Go template; the text, then the fields and the link, if not given. Fields and the link are then where
	// the template puts them, and nowhere else
	Text string `yaml:"text"`
	// how long to wait for its server: 10s if not given
	Timeout time.Duration `yaml:"timeout"`
}

// Slack is an incoming webhook.
type Slack struct {
	URL        string `yaml:"url"`         // the webhook's address, which is a secret: ${env:NAME} or ${file:PATH}
	HTTPConfig string `yaml:"http_config"` // file with Prometheus's HTTP client configuration: proxies, TLS
}

// SMTP is where mail is handed in, from whom it is, and to whom.
type SMTP struct {
	Server   string   `yaml:"server"`   // host:port, such as mail.example.com:587
	From     string   `yaml:"from"`     // an address, or "Name <address>"
	To       []string `yaml:"to"`       // the same, at least one
	User     string   `yaml:"user"`     // who hands it in; nobody logs in if not given
	Password string   `yaml:"password"` // ${env:NAME} or ${file:PATH}
	TLS      string   `yaml:"tls"`      // starttls (if not given), tls from the first byte on, or none
	CAFile   string   `yaml:"ca_file"`  // the authority of the server's certificate; those of the system if not given
}

// PagerDuty is an integration of a service.
type PagerDuty struct {
	RoutingKey string `yaml:"routing_key"` // its integration key: ${env:NAME} or ${file:PATH}
	URL        string `yaml:"url"`         // where events go: https://events.pagerduty.com/v2/enqueue if not given
	Source     string `yaml:"source"`      // what the events are about; the site's name if not given
	HTTPConfig string `yaml:"http_config"` // file with Prometheus's HTTP client configuration: proxies, TLS
}

// Webhook is an address that takes JSON.
type Webhook struct {
	URL    string `yaml:"url"`    // an address, or a reference to one that is secret: ${env:NAME} or ${file:PATH}
	Method string `yaml:"method"` // POST (if not given) or PUT
	// headers of its requests; secrets in them by reference: "Bearer ${env:NAME}"
	Headers map[string]string `yaml:"headers"`
	// what is sent, as a Go template that makes JSON: '{"text": {{json .Text}}}'; everything that is known if not given
	Body       string `yaml:"body"`
	HTTPConfig string `yaml:"http_config"` // file with Prometheus's HTTP client configuration: credentials, proxies, TLS
}

// Alert is what alerts say beside the message itself.
type Alert struct {
	Labels map[string]string `yaml:"labels"` // such as team: photon; by these Alertmanager knows whom to tell
}

// The kinds of receivers.
const (
	KindSlack        = "slack"
	KindSMTP         = "smtp"
	KindPagerDuty    = "pagerduty"
	KindWebhook      = "webhook"
	KindAlertmanager = "alertmanager"
)

// Kinds lists what a receiver is.
func (r Receiver) Kinds() (kinds []string) {
	for _, one := range []struct {
		kind  string
		given bool
	}{
		{KindSlack, r.Slack != nil}, {KindSMTP, r.SMTP != nil}, {KindPagerDuty, r.PagerDuty != nil},
		{KindWebhook, r.Webhook != nil}, {KindAlertmanager, r.Alertmanager != nil},
	} {
		if one.given {
			kinds = append(kinds, one.kind)
		}
	}
	return kinds
}

// Kind is what a receiver is, "" for one that is none.
func (r Receiver) Kind() string {
	if kinds := r.Kinds(); len(kinds) == 1 {
		return kinds[0]
	}
	return ""
}

// HTTPConfig is the file with the configuration of the receiver's HTTP client, "" for none.
func (r Receiver) HTTPConfig() string {
	for _, file := range r.files() {
		if r.SMTP == nil {
			return *file
		}
	}
	return ""
}

// files are the paths that the receiver names.
func (r Receiver) files() []*string {
	switch {
	case r.Slack != nil:
		return []*string{&r.Slack.HTTPConfig}
	case r.SMTP != nil:
		return []*string{&r.SMTP.CAFile}
	case r.PagerDuty != nil:
		return []*string{&r.PagerDuty.HTTPConfig}
	case r.Webhook != nil:
		return []*string{&r.Webhook.HTTPConfig}
	}
	return nil
}

// Secrets are the texts in which references to secrets may stand.
func (r Receiver) Secrets() (texts []string) {
	switch {
	case r.Slack != nil:
		texts = append(texts, r.Slack.URL)
	case r.SMTP != nil:
		texts = append(texts, r.SMTP.Password)
	case r.PagerDuty != nil:
		texts = append(texts, r.PagerDuty.RoutingKey)
	case r.Webhook != nil:
		texts = append(texts, r.Webhook.URL)
		for _, value := range r.Webhook.Headers {
			texts = append(texts, value)
		}
	}
	return texts
}

var fileReference = regexp.MustCompile(`\$\{file:([^}]+)\}`)

// In makes the paths of a receiver those from a folder, references to files included.
func (r Receiver) In(folder string) {
	for _, path := range r.files() {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(folder, *path)
		}
	}
	from := func(text *string) {
		*text = fileReference.ReplaceAllStringFunc(*text, func(reference string) string {
			path := fileReference.FindStringSubmatch(reference)[1]
			if !filepath.IsAbs(path) {
				path = filepath.Join(folder, path)
			}
			return "${file:" + path + "}"
		})
	}
	switch {
	case r.Slack != nil:
		from(&r.Slack.URL)
	case r.SMTP != nil:
		from(&r.SMTP.Password)
	case r.PagerDuty != nil:
		from(&r.PagerDuty.RoutingKey)
	case r.Webhook != nil:
		from(&r.Webhook.URL)
		for name, value := range r.Webhook.Headers {
			from(&value)
			r.Webhook.Headers[name] = value
		}
	}
}
