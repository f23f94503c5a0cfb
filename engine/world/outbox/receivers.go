package outbox

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"runbook/engine/contact"
)

// events is where a receiver that is PagerDuty takes events.
const events = "/v2/enqueue"

// largest is how long a message may be, and largestEvent one of PagerDuty's.
const (
	largest      = 1 << 20
	largestEvent = 512 << 10
)

// AddressOf is where a receiver is, on the server at an address.
func AddressOf(server, name, kind string) string {
	if kind == contact.KindPagerDuty {
		return server + "/" + name + events
	}
	return server + "/" + name
}

// ReceiverOf is the name of the receiver that a request is for.
func ReceiverOf(r *http.Request) string {
	return strings.Trim(strings.TrimSuffix(r.URL.Path, events), "/")
}

// Receivers are those of a world that are called over HTTP.
type Receivers struct {
	Outbox *Outbox
	Known  map[string]contact.Receiver
}

// ServeHTTP takes a message.
func (s Receivers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := ReceiverOf(r)
	to, known := s.Known[name]
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largest))
	switch {
	case err != nil, to.PagerDuty != nil && len(text) > largestEvent:
		http.Error(w, "the message is too long", http.StatusRequestEntityTooLarge)
	case !known:
		http.Error(w, "no_service", http.StatusNotFound)
	case to.Slack != nil:
		s.slack(w, name, text)
	case to.PagerDuty != nil:
		s.pagerDuty(w, name, text)
	default:
		s.Outbox.keep(Message{Receiver: name, Kind: contact.KindWebhook, Title: textAt(text, "title"), Text: textAt(text, "text"), Body: string(text)})
		say(w, http.StatusOK, "ok")
	}
}

// Refuse answers as a receiver words a refusal.
func Refuse(w http.ResponseWriter, r *http.Request, code int, message string, retryAfter time.Duration) {
	if retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((retryAfter+time.Second-1)/time.Second)))
	}
	if message == "" {
		message = http.StatusText(code)
	}
	if strings.HasSuffix(r.URL.Path, events) {
		sayJSON(w, code, map[string]any{"status": "throttle exceeded", "message": message})
		return
	}
	say(w, code, message)
}

func say(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, text) // a client that went away is no failure of ours
}

func sayJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v)
}

// textAt is a text of a JSON object, "" if there is none.
func textAt(object []byte, name string) string {
	var of map[string]any
	if json.Unmarshal(object, &of) != nil {
		return ""
	}
	text, _ := of[name].(string)
	return text
}

type slackText struct {
	Text string `json:"text"`
}

type slackBlock struct {
	Type     string      `json:"type"`
	Text     *slackText  `json:"text"`
	Fields   []slackText `json:"fields"`
	Elements []slackText `json:"elements"`
}

type slackMessage struct {
	Text        string       `json:"text"`
	Blocks      []slackBlock `json:"blocks"`
	Attachments []struct {
		Color  string       `json:"color"`
		Blocks []slackBlock `json:"blocks"`
	} `json:"attachments"`
}

func (s Receivers) slack(w http.ResponseWriter, name string, text []byte) {
	var m slackMessage
	if json.Unmarshal(text, &m) != nil {
		say(w, http.StatusBadRequest, "invalid_payload")
		return
	}
	blocks := m.Blocks
	for _, a := range m.Attachments {
		blocks = append(blocks, a.Blocks...)
	}
	switch {
	case m.Text == "" && len(blocks) == 0:
		say(w, http.StatusBadRequest, "no_text")
		return
	case len(blocks) > 50 || slices.ContainsFunc(blocks, slackBlock.invalid):
		say(w, http.StatusBadRequest, "invalid_blocks")
		return
	}
	title, read := html.UnescapeString(m.Text), []string(nil)
	for _, b := range blocks {
		if b.Type == "header" && b.Text != nil {
			title = b.Text.Text // plain text, in which nothing is escaped
			continue
		}
		read = append(read, b.texts()...)
	}
	s.Outbox.keep(Message{
		Receiver: name, Kind: contact.KindSlack, Title: title, Text: html.UnescapeString(strings.Join(read, "\n")), Body: string(text),
	})
	say(w, http.StatusOK, "ok")
}

func (b slackBlock) texts() (texts []string) {
	if b.Text != nil {
		texts = append(texts, b.Text.Text)
	}
	for _, t := range slices.Concat(b.Fields, b.Elements) {
		texts = append(texts, t.Text)
	}
	return texts
}

// invalid tells whether Slack refuses a block, by the sizes that it documents.
func (b slackBlock) invalid() bool {
	most := map[string]int{"header": 150, "section": 3000, "context": 3000}[b.Type]
	if most == 0 || len(b.texts()) == 0 || len(b.Fields) > 10 || len(b.Elements) > 10 {
		return true
	}
	if b.Text != nil && (b.Text.Text == "" || utf8.RuneCountInString(b.Text.Text) > most) {
		return true
	}
	return slices.ContainsFunc(b.Fields, func(t slackText) bool { return t.Text == "" || utf8.RuneCountInString(t.Text) > 2000 })
}

func (s Receivers) pagerDuty(w http.ResponseWriter, name string, text []byte) {
	var e struct {
		RoutingKey string `json:"routing_key"`
		Action     string `json:"event_action"`
		DedupKey   string `json:"dedup_key"`
		Payload    *struct {
			Summary, Source, Severity string
			Details                   map[string]any `json:"custom_details"`
		}
	}
	var faults []string
	switch err := json.Unmarshal(text, &e); {
	case err != nil:
		faults = append(faults, "the event is no JSON")
	case e.RoutingKey == "":
		faults = append(faults, "'routing_key' is missing or blank")
	case !slices.Contains([]string{"trigger", "acknowledge", "resolve"}, e.Action):
		faults = append(faults, "'event_action' is missing or invalid")
	case len(e.DedupKey) > 255:
		faults = append(faults, "'dedup_key' is too long")
	case e.Action != "trigger" && e.DedupKey == "":
		faults = append(faults, "'dedup_key' is missing or blank")
	case e.Action == "trigger" && (e.Payload == nil || e.Payload.Summary == "" || e.Payload.Source == ""):
		faults = append(faults, "'payload' is missing, or its 'summary' or 'source' is")
	case e.Action == "trigger" && !slices.Contains([]string{"critical", "error", "warning", "info"}, e.Payload.Severity):
		faults = append(faults, "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')")
	}
	if len(faults) > 0 {
		sayJSON(w, http.StatusBadRequest, map[string]any{"status": "invalid event", "message": "Event object is invalid", "errors": faults})
		return
	}
	m := Message{Receiver: name, Kind: contact.KindPagerDuty, Event: e.Action, Key: e.DedupKey, Body: string(text)}
	if m.Key == "" {
		m.Key = fmt.Sprintf("made-by-pagerduty-%d", len(s.Outbox.Messages()))
	}
	if e.Payload != nil {
		m.Title, m.Severity = e.Payload.Summary, e.Payload.Severity
		m.Text, _ = e.Payload.Details["text"].(string)
	}
	s.Outbox.keep(m)
	sayJSON(w, http.StatusAccepted, map[string]any{"status": "success", "message": "Event processed", "dedup_key": m.Key})
}
