package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/contact"
	"runbook/engine/module"
)

// A parcel is a message as one receiver gets it.
type parcel struct {
	preview  string   // the very text
	id       string   // by which it is known there, "" if it is by nothing
	warnings []string // what a person should know before it is sent
	send     func(ctx context.Context) error
}

// What becomes of an incident. A message that is none of these is only a message.
const (
	trigger     = "trigger"
	acknowledge = "acknowledge"
	resolve     = "resolve"
)

// A letter is what a script wants somebody to be told.
type letter struct {
	contact.Message
	event string // trigger, acknowledge, resolve; "" for a message
	over  bool   // the incident is
	// secret is the link if that is one, such as a presigned address. The message holds the mark for it until it is sent.
	secret *action.Secret
}

// revealed is the letter as it is sent. Whoever gets it may follow its link.
func (b *binding) revealed(l letter) letter {
	if l.secret != nil {
		l.Link = l.secret.Reveal()
		_, query, _ := strings.Cut(l.Link, "?") // which is what makes an address that is signed one; its path is the name of an object
		b.Secrets.Add(l.Link, query)
	}
	return l
}

// doubtful is what a person should know of a link.
func (l letter) doubtful() (warnings []string) {
	link := l.Link
	if l.secret != nil {
		link = l.secret.Reveal()
	}
	if link != "" && !isPage(link) {
		warnings = append(warnings, "the link is no address of a page, such as https://status.example.com, so it is only text")
	}
	return warnings
}

// patience is how long a receiver's server may take unless the site says otherwise.
const patience = 10 * time.Second

// receiver finds one by its name.
func (b *binding) receiver(name string) (contact.Receiver, error) {
	known := b.Site().Receivers
	r, ok := known[name]
	if !ok {
		return r, action.Errorf(action.CodeNotFound, "there is no receiver %q on this site%s", name, module.Suggest(name, slices.Collect(maps.Keys(known)))).
			Try("write it into the site file: notify: {receivers: {%s: {slack: {url: \"${env:SLACK_URL}\"}}}}; runbook docs notify says more", name)
	}
	if r.Timeout == 0 {
		r.Timeout = patience
	}
	return r, nil
}

// pack makes what a receiver gets.
func (b *binding) pack(ctx context.Context, name string, l letter) (parcel, contact.Receiver, error) {
	r, err := b.receiver(name)
	if err != nil {
		return parcel{}, r, err
	}
	if l.event == acknowledge && r.PagerDuty == nil {
		return parcel{}, r, action.Errorf(action.CodeInvalid, "nothing can be acknowledged at %s: it is %s, and only PagerDuty knows that", name, r.Kind())
	}
	if l.event != "" && r.PagerDuty == nil && r.Alertmanager == nil {
		return parcel{}, r, action.Errorf(action.CodeInvalid, "%s has no incidents: it is %s, and only pagerduty and alertmanager know them", name, r.Kind()).
			Try("send it a message: notify.send(%q, { title = … })", name)
	}
	l.over = l.event == resolve || l.Status == resolved
	if l.Message, err = b.complete(ctx, l.Message, r); err != nil {
		return parcel{}, r, err
	}
	var p parcel
	switch {
	case r.Slack != nil:
		p, err = b.forSlack(name, *r.Slack, l)
	case r.SMTP != nil:
		p, err = b.forMail(name, *r.SMTP, l)
	case r.PagerDuty != nil:
		p, err = b.forPagerDuty(name, *r.PagerDuty, l)
	case r.Webhook != nil:
		p, err = b.forWebhook(name, *r.Webhook, l)
	default:
		p, err = b.forAlertmanager(ctx, *r.Alertmanager, l)
	}
	return p, r, err
}

// known tells whether a receiver knows what it gets by a key, so that it may get it twice.
func known(r contact.Receiver) bool { return r.PagerDuty != nil || r.Alertmanager != nil }

// unreadable are the secrets of a receiver that cannot be read: what is sent would fail for want of them.
func (b *binding) unreadable(r contact.Receiver) (warnings []string) {
	for _, text := range r.Secrets() {
		if _, err := b.Reveal(text); err != nil {
			warnings = append(warnings, "a secret of this receiver is not there: "+err.Error())
		}
	}
	return warnings
}

// name gives what has no name one that is the same whenever the same is sent: of all that is in it, and of the moment.
func named(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:8])
}
