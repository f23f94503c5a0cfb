package inbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"
)

// The kinds of messages.
const (
	KindMail    = "mail"
	KindWebhook = "webhook"
)

// largest is how long a message may be.
const largest = 1 << 20

// Mail is a message that was handed in, or the attempt at one recipient who was refused.
type Mail struct {
	Time    time.Time           `json:"time"`
	Kind    string              `json:"kind"`
	From    string              `json:"from"` // these two are the envelope's
	To      []string            `json:"to"`
	Refused string              `json:"refused,omitempty"` // what the server said
	Subject string              `json:"subject,omitempty"`
	Headers map[string][]string `json:"headers,omitempty"`
	Body    string              `json:"body,omitempty"` // its text: the plain one, where there are several
}

// Webhook is a request that a webhook got, whatever was answered.
type Webhook struct {
	Time    time.Time           `json:"time"`
	Kind    string              `json:"kind"`
	Method  string              `json:"method"`
	Path    string              `json:"path"`
	Query   string              `json:"query,omitempty"`
	Headers map[string][]string `json:"headers,omitempty"`
	Body    json.RawMessage     `json:"body,omitempty"` // a string if it was no JSON
	Status  int                 `json:"status"`         // what was answered
}

// ledger is a file of messages.
type ledger struct {
	mu   sync.Mutex // lines are written one after another
	file *os.File
}

func openLedger(path string) (*ledger, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open what messages are written to: %w", err)
	}
	return &ledger{file: file}, nil
}

// add writes a message down, in one go.
func (l *ledger) add(message any) error {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false) // a mail's <b> is to be found by who looks for it
	if err := encoder.Encode(message); err != nil {
		return fmt.Errorf("write a message to %s: %w", l.file.Name(), err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.file.Write(line.Bytes()); err != nil {
		return fmt.Errorf("write a message to %s: %w", l.file.Name(), err)
	}
	return nil
}

func (l *ledger) close() error { return l.file.Close() }
