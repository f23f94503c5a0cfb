package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"runbook/engine/action"
	"runbook/engine/contact"
)

// eventsURL is where PagerDuty takes events.
const eventsURL = "https://events.pagerduty.com/v2/enqueue"

// longestSummary is how long a title may be there.
const longestSummary = 1024

// longestDetail is how long a text may be there: an event of more than 512 KB is refused as a whole, and nobody would be called.
const longestDetail = 50_000

// longestFacts is how long all fields together may be, with their names: beside the text there is room for no more, where each character is
// one that JSON writes as six.
const longestFacts = 30_000

// urgencies are PagerDuty's words for severities.
var urgencies = map[string]string{"P0": "critical", "P1": "error", "P2": "warning", "P3": "info"}

// An event is one of the Events API v2.
type event struct {
	RoutingKey string        `json:"routing_key"`
	Action     string        `json:"event_action"`
	DedupKey   string        `json:"dedup_key"`
	Payload    *eventPayload `json:"payload,omitempty"`
	Links      []eventLink   `json:"links,omitempty"`
	Client     string        `json:"client,omitempty"`
}

type eventPayload struct {
	Summary   string         `json:"summary"`
	Source    string         `json:"source"`
	Severity  string         `json:"severity"`
	Timestamp string         `json:"timestamp"`
	Component string         `json:"component,omitempty"`
	Details   map[string]any `json:"custom_details,omitempty"`
}

type eventLink struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

func (b *binding) forPagerDuty(name string, to contact.PagerDuty, l letter) (parcel, error) {
	e, warnings := b.eventOf(to, l)
	send := func(ctx context.Context) error {
		key, err := b.Reveal(to.RoutingKey)
		if err != nil {
			return err
		}
		e.RoutingKey = key
		text, err := json.Marshal(e)
		if err != nil {
			return action.Errorf(action.CodeInternal, "cannot write an event for PagerDuty: %w", err)
		}
		purpose := e.Action + " " + e.DedupKey + " at " + name
		answer, err := b.call(ctx, request{
			purpose: purpose, what: "PagerDuty", method: http.MethodPost, url: cmp.Or(to.URL, eventsURL), config: to.HTTPConfig, body: text,
		})
		if err != nil {
			return err
		}
		var said struct{ Status string }
		if json.Unmarshal(answer, &said) != nil || said.Status != "success" {
			return action.Errorf(action.CodeRejected, "cannot %s: this is not what PagerDuty answers: %s", purpose, b.short(string(answer)))
		}
		return nil
	}
	return parcel{preview: e.preview(), id: e.DedupKey, warnings: warnings, send: send}, nil
}

// eventOf is a letter as PagerDuty takes it, without the key of the integration. What has no key of its own gets one: it may then be sent
// twice.
func (b *binding) eventOf(to contact.PagerDuty, l letter) (e event, warnings []string) {
	e = event{Action: l.event, DedupKey: l.Key, Client: "runbook"}
	if e.DedupKey == "" {
		e.DedupKey = "runbook-" + named(l.Run, l.Title, l.Text, l.Time.String())
	}
	if e.Action == "" {
		e.Action = trigger
		if l.over {
			e.Action = resolve
		}
	}
	if e.Action != trigger {
		if l.Key == "" {
			warnings = append(warnings, "without a key PagerDuty does not know what is over, and nothing comes of it")
		}
		return e, warnings
	}
	summary, cut := fit(l.Title, longestSummary)
	if cut {
		warnings = append(warnings, fmt.Sprintf("PagerDuty cuts the title: it is longer than %d characters", longestSummary))
	}
	text, cut := fit(l.Text, longestDetail)
	if cut {
		warnings = append(warnings, fmt.Sprintf("PagerDuty gets only the beginning of the text: it is longer than %d characters", longestDetail))
	}
	l.Fields, warnings = fittingFacts(l.Fields, warnings)
	details := detailsOf(l, text)
	e.Payload = &eventPayload{
		Summary: summary, Source: cmp.Or(to.Source, l.Site, "runbook"), Severity: cmp.Or(urgencies[l.Severity], "error"),
		Timestamp: l.Time.Format(time.RFC3339), Component: l.Runbook, Details: details,
	}
	switch {
	case isPage(l.Link), l.Link == action.Masked: // what is sent is shown where it will be
		e.Links = []eventLink{{Href: l.Link, Text: l.Link}}
	case l.Link != "":
		details["link"] = l.Link
	}
	return e, warnings
}

// fittingFacts are as many fields as PagerDuty takes, the first ones, with what is to be said of the others.
func fittingFacts(fields []contact.Field, warnings []string) ([]contact.Field, []string) {
	left := longestFacts
	var out []contact.Field
	for i, f := range fields {
		if left -= utf8.RuneCountInString(f.Name); left <= 1 {
			return out, append(warnings, fmt.Sprintf("PagerDuty does not get the last %d fields: they are too long", len(fields)-i))
		}
		value, cut := fit(f.Value, left)
		if cut {
			warnings = append(warnings, "PagerDuty gets only the beginning of the field "+f.Name+": the fields are too long")
		}
		left -= utf8.RuneCountInString(value)
		out = append(out, contact.Field{Name: f.Name, Value: value})
	}
	return out, warnings
}

// detailsOf are the facts of a letter by their names. Two facts of one name are both told, and what is told of every message has another name
// where a fact has its own.
func detailsOf(l letter, text string) map[string]any {
	details := map[string]any{}
	for _, f := range l.Fields {
		if before, twice := details[f.Name]; twice {
			details[f.Name] = fmt.Sprintf("%s\n%s", before, f.Value)
			continue
		}
		details[f.Name] = f.Value
	}
	facts := map[string]any{}
	for name, value := range map[string]string{"text": text, "status": l.Status, "runbook": l.Runbook, "run": l.Run} {
		if _, taken := details[name]; taken {
			name = "message " + name
		}
		if value != "" {
			facts[name] = value
		}
	}
	maps.Copy(details, facts)
	return details
}

// preview is what PagerDuty gets, but for the key of the integration.
func (e event) preview() string {
	lines := []string{e.Action + " " + e.DedupKey}
	if p := e.Payload; p != nil {
		lines[0] += " (" + p.Severity + "), of " + p.Source
		lines = append(lines, p.Summary)
		lines = append(lines, strings.Split(strings.TrimSpace(pretty(p.Details)), "\n")...)
	}
	for _, link := range e.Links {
		lines = append(lines, link.Href)
	}
	return strings.Join(lines, "\n")
}

// pretty is a value as JSON that a person reads.
func pretty(v any) string {
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return out.String()
}
