package world

import (
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/contact"
	"runbook/engine/module"
	"runbook/engine/world/fault"
	"runbook/engine/world/outbox"
	"runbook/engine/world/scenario"
)

// Outbox are the messages that arrived since the world was opened or rewound, in order.
func (w *World) Outbox() []outbox.Message { return w.present().outbox.Messages() }

// Alertmanager is the address of the Alertmanager.
func (w *World) Alertmanager() string { return w.servers.alerts }

// MailRoots is the authority of the mail server, nil where nobody gets mail.
func (w *World) MailRoots() *x509.CertPool {
	if w.servers.mail == nil {
		return nil
	}
	return w.servers.mail.Roots()
}

// Receivers are those of the scenario, each with where its simulated server is.
func (w *World) Receivers() map[string]contact.Receiver {
	out := make(map[string]contact.Receiver, len(w.scenario.Notify.Receivers))
	for name, r := range w.scenario.Notify.Receivers {
		address := outbox.AddressOf(w.servers.receivers, name, r.Kind())
		switch {
		case r.Slack != nil:
			of := *r.Slack
			of.URL, r.Slack = address, &of
		case r.PagerDuty != nil:
			of := *r.PagerDuty
			of.URL, of.RoutingKey, r.PagerDuty = address, "simulated", &of
		case r.Webhook != nil:
			of := *r.Webhook
			of.URL, r.Webhook = address, &of
		case r.SMTP != nil:
			of := *r.SMTP
			of.Server, of.User, of.Password, of.TLS, r.SMTP = w.servers.mailbox, name, outbox.MailPassword, "starttls", &of
		}
		out[name] = r
	}
	return out
}

// receivers are the servers of those that are called over HTTP.
func (w *World) receivers() fault.System {
	return fault.System{
		Name: receiversSystem, Refuse: outbox.Refuse,
		Describe: func(r *http.Request) fault.Call { return ofReceiver(outbox.ReceiverOf(r)) },
		Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			outbox.Receivers{Outbox: w.present().outbox, Known: w.scenario.Notify.Receivers}.ServeHTTP(rw, r)
		}),
	}
}

func ofReceiver(name string) fault.Call {
	return fault.Call{System: receiversSystem, Verb: "send", Resource: "receivers", Name: name}
}

// checkReceivers finds the first fault of a receiver that no message meets, in a scenario with all that it extends.
func checkReceivers(s *scenario.Scenario) error {
	for i, f := range s.Faults {
		if err := checkReceiver(f, s.Notify.Receivers); err != nil {
			return action.Errorf(action.CodeInvalid, "the scenario %s: faults[%d].name: %w", s.Name, i, err)
		}
	}
	for i, e := range s.Timeline {
		if e.Fault == nil {
			continue
		}
		if err := checkReceiver(*e.Fault, s.Notify.Receivers); err != nil {
			return action.Errorf(action.CodeInvalid, "the scenario %s: timeline[%d].fault.name: %w", s.Name, i, err)
		}
	}
	return nil
}

// checkReceiver finds a fault of a receiver that no message meets. What goes to one that is an Alertmanager goes to the site's, which knows
// nothing of receivers of ours.
func checkReceiver(f scenario.Fault, known map[string]contact.Receiver) error {
	if f.On != "send receivers" || f.Name == "" || strings.Contains(f.Name, "*") {
		return nil
	}
	switch r, ok := known[f.Name]; {
	case !ok:
		return fmt.Errorf("there is no receiver %q%s", f.Name, module.Suggest(f.Name, slices.Collect(maps.Keys(known))))
	case r.Alertmanager != nil:
		return fmt.Errorf(`what is sent to %s is an alert: write "create alerts" without a name`, f.Name)
	}
	return nil
}

func (w *World) alertmanager() fault.System {
	return fault.System{
		Name: alertsSystem, Refuse: outbox.RefuseAlertmanager,
		Describe: func(r *http.Request) fault.Call {
			verb, resource, name := outbox.Describe(r)
			return fault.Call{Verb: verb, Resource: resource, Name: name}
		},
		Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.present().alerts.ServeHTTP(rw, r) }),
	}
}

// listenForMail starts the mail server, if anybody gets mail.
func (w *World) listenForMail() (err error) {
	anybody := false
	for _, r := range w.scenario.Notify.Receivers {
		anybody = anybody || r.SMTP != nil
	}
	if !anybody {
		return nil
	}
	w.servers.mail, err = outbox.NewMail(outbox.MailOptions{
		Outbox: func() *outbox.Outbox { return w.present().outbox }, Known: w.scenario.Notify.Receivers,
		Faults: w.armed, Call: ofReceiver,
		Sleep: func(ctx context.Context, d time.Duration) error { return sleeper{w}.Sleep(ctx, d) },
	})
	if err != nil {
		return action.Errorf(action.CodeInternal, "cannot make the simulated mail server: %w", err)
	}
	listener, err := net.Listen("tcp", loopback)
	if err != nil {
		return action.Errorf(action.CodeInternal, "cannot open a port on this machine for the simulated mail server: %w", err)
	}
	w.servers.mailbox = listener.Addr().String()
	w.servers.ended.Go(func() {
		if err := w.servers.mail.Serve(listener); !outbox.IsClosed(err) {
			panic(err) // a listener on loopback that fails leaves nothing to simulate with
		}
	})
	return nil
}

// silencesOf are the silences that there are when a run begins.
func silencesOf(s *scenario.Scenario) (out []outbox.Silence) {
	for _, given := range s.Alertmanager.Silences {
		one := outbox.Silence{
			StartsAt: s.Starts().Add(min(given.Ends, 0) - time.Hour), EndsAt: s.Starts().Add(given.Ends),
			CreatedBy: cmp.Or(given.By, "somebody"), Comment: given.Comment,
		}
		for _, m := range given.Parsed() {
			equal := m.Equal
			one.Matchers = append(one.Matchers, outbox.Matcher{Name: m.Name, Value: m.Value, IsRegex: m.Regex, IsEqual: &equal})
		}
		out = append(out, one)
	}
	return out
}
