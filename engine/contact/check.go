package contact

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/mail"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"runbook/engine/module"
)

// A Problem is what is wrong with a receiver or a matrix, and where in it: a path of names and indexes.
type Problem struct {
	Path []any
	Err  error
}

func (p *Problem) in(path ...any) *Problem {
	if p != nil {
		p.Path = append(path, p.Path...)
	}
	return p
}

func at(err error, path ...any) *Problem {
	if err == nil {
		return nil
	}
	return &Problem{path, err}
}

// name is what a receiver or a person on the path may be called: what is shown and typed, and never a secret.
var name = regexp.MustCompile(`^[A-Za-z0-9][-_.A-Za-z0-9]*$`)

// Check finds the first thing that is wrong with the receivers of a site.
func Check(receivers map[string]Receiver) *Problem { return each(receivers, Receiver.check) }

// CheckSimulated finds the first thing that is wrong with the receivers of a scenario: their servers are simulated, so nothing says where
// they are, and there are no secrets.
func CheckSimulated(receivers map[string]Receiver) *Problem {
	return each(receivers, Receiver.checkSimulated)
}

func each(receivers map[string]Receiver, check func(Receiver) *Problem) *Problem {
	for _, n := range slices.Sorted(maps.Keys(receivers)) {
		if !name.MatchString(n) {
			return at(fmt.Errorf("%q is no name of a receiver: it is made of letters, digits, '-', '_' and '.'", n), n)
		}
		r := receivers[n]
		problem := r.checkKind()
		if problem == nil {
			problem = check(r)
		}
		if problem == nil {
			problem = r.checkLook()
		}
		if problem != nil {
			return problem.in(n)
		}
	}
	return nil
}

func (r Receiver) checkKind() *Problem {
	switch kinds := r.Kinds(); {
	case len(kinds) == 0:
		return at(errors.New("a receiver is one of slack, smtp, pagerduty, webhook and alertmanager, and this is none: oncall: {slack: {url: \"${env:SLACK_URL}\"}}"))
	case len(kinds) > 1:
		return at(fmt.Errorf("a receiver is one of slack, smtp, pagerduty, webhook and alertmanager, and this is %s", strings.Join(kinds, " and ")))
	case r.Timeout < 0:
		return at(errors.New("a duration is not negative here"), "timeout")
	}
	return nil
}

func (r Receiver) checkLook() *Problem {
	for _, t := range []struct{ field, text string }{{"title", r.Title}, {"text", r.Text}} {
		if err := checkTemplate(t.text); err != nil {
			return at(err, t.field)
		}
	}
	if r.Webhook == nil || r.Webhook.Body == "" {
		return nil
	}
	for _, m := range []Message{sample, {}} {
		text, err := Render(r.Webhook.Body, m)
		if err == nil && !json.Valid([]byte(text)) {
			err = fmt.Errorf(`it does not make JSON: put texts in with {{json .Text}}; of a sample it makes %s`, text)
		}
		if err != nil {
			return at(err, KindWebhook, "body")
		}
	}
	return nil
}

func (r Receiver) check() *Problem {
	kind := r.Kind()
	var problem *Problem
	switch {
	case r.Slack != nil:
		problem = at(secret(r.Slack.URL, "the webhook's address"), "url")
	case r.SMTP != nil:
		problem = r.SMTP.check()
	case r.PagerDuty != nil:
		problem = r.PagerDuty.check()
	case r.Webhook != nil:
		problem = r.Webhook.check()
	case r.Alertmanager != nil:
		problem = at(labels(r.Alertmanager.Labels), "labels")
	}
	return problem.in(kind)
}

func (s SMTP) check() *Problem {
	host, port, err := net.SplitHostPort(s.Server)
	switch {
	case err != nil || host == "" || port == "":
		return at(errors.New("this is no server: mail.example.com:587"), "server")
	case s.User != "" && s.Password == "":
		return at(errors.New("whoever logs in has a password: ${env:NAME} or ${file:PATH}"), "password")
	case s.User == "" && s.Password != "":
		return at(errors.New("a password is somebody's: user: NAME"), "user")
	case s.User != "":
		if err := secret(s.Password, "a password"); err != nil {
			return at(err, "password")
		}
		if s.TLS == "none" {
			return at(errors.New("a password is not sent where everybody can read it: tls: starttls"), "tls")
		}
	}
	return s.checkMail()
}

// TLSModes are the ways in which mail is protected.
var TLSModes = []string{"starttls", "tls", "none"}

func (s SMTP) checkMail() *Problem {
	if _, err := mail.ParseAddress(s.From); err != nil {
		return at(errors.New("is missing: the address that mail is from, such as runbook@example.com"), "from")
	}
	if len(s.To) == 0 {
		return at(errors.New("mail is to at least one address: to: [oncall@example.com]"), "to")
	}
	for i, to := range s.To {
		if _, err := mail.ParseAddress(to); err != nil {
			return at(fmt.Errorf("%q is no address such as oncall@example.com", to), "to", i)
		}
	}
	if s.TLS != "" && !slices.Contains(TLSModes, s.TLS) {
		return at(fmt.Errorf("%q is not one of %s%s", s.TLS, strings.Join(TLSModes, ", "), module.DidYouMean(s.TLS, TLSModes)), "tls")
	}
	return nil
}

func (p PagerDuty) check() *Problem {
	if err := secret(p.RoutingKey, "an integration key"); err != nil {
		return at(err, "routing_key")
	}
	if p.URL == "" {
		return nil
	}
	return at(address(p.URL), "url")
}

func (w Webhook) check() *Problem {
	if !references.MatchString(w.URL) {
		if err := address(w.URL); err != nil {
			return at(err, "url")
		}
	}
	if w.Method != "" && w.Method != "POST" && w.Method != "PUT" {
		return at(errors.New("a webhook is called by POST or PUT"), "method")
	}
	for _, name := range slices.Sorted(maps.Keys(w.Headers)) {
		if err := header(name, w.Headers[name]); err != nil {
			return at(err, "headers", name)
		}
	}
	return nil
}

var (
	wholeReference = regexp.MustCompile(`^\$\{(env|file):[^}]+\}$`)
	references     = regexp.MustCompile(`\$\{(env|file):[^}]+\}`)
)

// secret refuses what is no reference. It does not repeat it: it may be the secret.
func secret(text, what string) error {
	if wholeReference.MatchString(text) {
		return nil
	}
	return fmt.Errorf("%s is a secret, and stands here only by reference: ${env:NAME} or ${file:PATH}", what)
}

// secretive is in the names of headers that let somebody in.
var secretive = []string{"auth", "cookie", "password", "secret", "token", "key", "signature"}

func header(name, value string) error {
	if name == "" || textproto.TrimString(name) != name || strings.ContainsAny(name, " :\r\n") || strings.ContainsAny(value, "\r\n") {
		return fmt.Errorf("%q is no header", name)
	}
	for _, word := range secretive {
		if strings.Contains(strings.ToLower(name), word) && !references.MatchString(value) {
			return fmt.Errorf(`what %s holds is a secret, and stands here only by reference: "Bearer ${env:NAME}"`, name)
		}
	}
	return nil
}

// address says what is wrong with an address that stands in a file for everybody to read.
func address(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return errors.New("this is no address, such as https://hooks.example.com/runbook; one that is secret stands here by reference: ${env:NAME}")
	case u.User != nil:
		return errors.New("there is a name or a password in this address: put the whole of it where a reference finds it, ${env:NAME} or ${file:PATH}")
	}
	return nil
}

// IsLabelName tells whether Alertmanager takes a text for the name of a label: every text, since 0.27. An earlier one says itself what it wants.
func IsLabelName(text string) bool { return text != "" && utf8.ValidString(text) }

func labels(given map[string]string) error {
	for _, n := range slices.Sorted(maps.Keys(given)) {
		if !IsLabelName(n) {
			return fmt.Errorf("%q is no name of a label", n)
		}
	}
	return nil
}

// checkSimulated refuses what only a real server has.
func (r Receiver) checkSimulated() *Problem {
	simulated := errors.New("its server is simulated, so nothing says here where it is, or who may use it")
	for _, text := range append(r.Secrets(), r.HTTPConfig()) {
		if text != "" {
			return at(simulated, r.Kind())
		}
	}
	switch {
	case r.SMTP != nil && (r.SMTP.Server != "" || r.SMTP.User != "" || r.SMTP.CAFile != ""):
		return at(simulated, KindSMTP)
	case r.SMTP != nil:
		return r.SMTP.checkMail().in(KindSMTP)
	case r.PagerDuty != nil && r.PagerDuty.URL != "":
		return at(simulated, KindPagerDuty, "url")
	case r.Alertmanager != nil:
		return at(labels(r.Alertmanager.Labels), KindAlertmanager, "labels")
	}
	return nil
}
