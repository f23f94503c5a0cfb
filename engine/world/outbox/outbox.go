// Package outbox is where the messages of a simulated site end: the servers of its receivers, which take what real ones take and keep it for
// whoever asks what was sent.
//
// Nothing of it leaves this process. Slack, PagerDuty and webhooks are one HTTP handler, mail is a server of its own, Alertmanager keeps
// alerts and silences. They refuse what the real ones refuse; what goes wrong beside that, a scenario's faults say. Read next: receivers.go,
// mail.go, alertmanager.go; the table in bindings/notify holds them to real servers.
package outbox

import (
	"slices"
	"sync"
	"time"
)

// A Message is one that arrived.
type Message struct {
	Time     time.Time         `json:"time"`
	Receiver string            `json:"receiver"` // its name; alertmanager for an alert that a script posts itself
	Kind     string            `json:"kind"`     // slack, smtp, pagerduty, webhook, alertmanager
	Title    string            `json:"title"`
	Text     string            `json:"text"`               // as who gets it reads it
	To       []string          `json:"to,omitempty"`       // of mail
	Event    string            `json:"event,omitempty"`    // of an incident: trigger, acknowledge, resolve
	Key      string            `json:"key,omitempty"`      // what an incident is known by
	Severity string            `json:"severity,omitempty"` // in the receiver's own words
	Labels   map[string]string `json:"labels,omitempty"`   // of an alert
	Body     string            `json:"body,omitempty"`     // as it came
}

// A Clock is the simulated time.
type Clock interface{ Now() time.Time }

// An Outbox keeps the messages of one world.
type Outbox struct {
	clock    Clock
	mu       sync.Mutex
	messages []Message
}

// New makes an empty one.
func New(clock Clock) *Outbox { return &Outbox{clock: clock} }

// Messages are those that arrived, in order.
func (o *Outbox) Messages() []Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.messages)
}

func (o *Outbox) keep(m Message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	m.Time = o.clock.Now()
	o.messages = append(o.messages, m)
}
