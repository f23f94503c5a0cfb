package main

import (
	"context"
	"net"

	"runbook/bindings/notify"
	"runbook/engine/httpclient"
	"runbook/engine/module"
	"runbook/engine/redact"
	"runbook/engine/secret"
	"runbook/engine/wall"
)

// contactsModule is the notify module of the run of that id, at a venue. The second wall is nil in a real run.
func contactsModule(at venue, id string, second *wall.Wall, r *redact.Redactor) *module.Module {
	cfg := notify.Config{
		Site: at.contacts, Secrets: r, UserAgent: userAgent(id), WrapTransport: clientsUnder(second, r), Run: notify.Run{ID: id},
		Reveal: func(text string) (string, error) {
			revealed, secrets, err := secret.Expand(text)
			r.Add(secrets...)
			return revealed, err
		},
	}
	if at.siteFile() != "" { // whom to ask about a silence; a simulated site is the same whoever opens it
		cfg.Run.User = userName()
	}
	if second != nil {
		cfg.Dial = func(_ context.Context, _, address string) (net.Conn, error) { return nil, second.RefuseDial(address) }
	}
	return notify.New(cfg)
}

// contacts are who the site file names.
func (l liveSite) contacts() notify.Site {
	return notify.Site{
		Name: l.file.Name, Receivers: l.file.Notify.Receivers, Matrix: l.file.Escalation,
		Alertmanager: notify.Server{URL: l.file.Alertmanager.URL, HTTPConfig: l.file.Alertmanager.HTTPConfig},
	}
}

// identifyContacts adds the Alertmanager to what identifies a site: what a plan silences there it must not silence elsewhere. Receivers are
// known by their names.
func identifyContacts(about map[string]string, s notify.Site, r *redact.Redactor) map[string]string {
	hideContacts(r, s)
	if s.Alertmanager.URL == "" {
		return about
	}
	if about == nil {
		about = map[string]string{}
	}
	about["alertmanager"] = withoutUser(s.Alertmanager.URL)
	return about
}

// hideContacts makes the secrets known by which somebody can be told of something. What cannot be read cannot be sent either; the first
// message says so.
func hideContacts(r *redact.Redactor, s notify.Site) {
	r.Add(httpclient.PasswordIn(s.Alertmanager.URL))
	files := []string{s.Alertmanager.HTTPConfig}
	for _, receiver := range s.Receivers {
		files = append(files, receiver.HTTPConfig())
		for _, text := range receiver.Secrets() {
			_, secrets, err := secret.Expand(text)
			if err != nil {
				continue
			}
			for _, s := range secrets {
				r.Add(append(notify.PartsOf(s), s)...)
			}
		}
	}
	for _, file := range files {
		if file != "" {
			r.Add(httpclient.Credentials(file)...)
		}
	}
}
