//go:build lab

// Tests against real servers: RUNBOOK_LAB names the folder of a running lab (examples/lab).

package notify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/contact"
	"runbook/engine/module"
	"runbook/engine/world/outbox"
)

// TestLabConformance holds the lab's receivers and its Alertmanager to the table.
func TestLabConformance(t *testing.T) {
	t.Run("receivers", func(t *testing.T) { runConformance(t, inTheLab(t)) })
	t.Run("silences", func(t *testing.T) { runSilences(t, inTheLab(t)) })
	t.Run("Alertmanager", func(t *testing.T) { runAlertmanager(t, inTheLab(t)) })
}

// A real outside is this machine's.
func inTheLab(t *testing.T) place {
	folder := os.Getenv("RUNBOOK_LAB")
	require.NotEmpty(t, folder, "start this with make test-lab")
	var state struct{ Ports map[string]int }
	text, err := os.ReadFile(filepath.Join(folder, "state.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &state))
	address := func(name string) string { return fmt.Sprintf("127.0.0.1:%d", state.Ports[name]) }
	password, err := os.ReadFile(filepath.Join(folder, "config", "mail-password"))
	require.NoError(t, err)
	hooks := fmt.Sprintf("http://%s/notify-test-%d", address("webhook"), time.Now().UnixNano())
	mail := func(from string, to ...string) contact.Receiver {
		return contact.Receiver{SMTP: &contact.SMTP{
			Server: address("smtp"), From: from, To: to, User: "photon-mlir", Password: string(password), CAFile: filepath.Join(folder, "pki", "ca.crt"),
		}}
	}
	hook := func(path string) contact.Receiver { return contact.Receiver{Webhook: &contact.Webhook{URL: path}} }
	failing := "http://" + address("webhook")
	slow := hook(failing + "/slow/30s/x")
	slow.Timeout = time.Second
	receivers := map[string]contact.Receiver{
		"slack":     {Slack: &contact.Slack{URL: hooks + "/slack"}},
		"mail":      mail("Runbook <runbook@photon-mlir.example.com>", "oncall@photon-mlir.example.com", "The Team <team@photon-mlir.example.com>"),
		"nobody":    mail("runbook@photon-mlir.example.com", "x@reject.example"),
		"busy":      mail("runbook@photon-mlir.example.com", "x@busy.example"),
		"pager":     {PagerDuty: &contact.PagerDuty{URL: hooks + "/pager/v2/enqueue", RoutingKey: "key"}},
		"hook":      hook(hooks + "/hook"),
		"failing":   hook(failing + "/fail/503/x"),
		"throttled": hook(failing + "/fail/429/x"),
		"slow":      slow,
	}
	d := drive(t, Config{
		Site: func() Site {
			return Site{Name: "photon", Receivers: receivers, Alertmanager: Server{URL: "http://" + address("alertmanager")}}
		},
		WrapTransport: quiet(t),
	})
	now := time.Now() // which stands still in a run from what it gets from outside to what it gets next
	d.outside, d.now = module.OutsideOf(t.Context()), func() time.Time { return now }
	l := &lab{T: t, folder: folder, receivers: hooks[len("http://"+address("webhook")):]}
	l.new()
	return place{d, l.new, "http://" + address("alertmanager")}
}

// A lab is what its inbox wrote down.
type lab struct {
	*testing.T
	folder    string
	receivers string // what the paths of this test begin with
	read      map[string]int
}

// new are the messages that arrived since it was asked last. What others send to the same lab meanwhile is none of ours.
func (l *lab) new() (out []outbox.Message) {
	if l.read == nil {
		l.read = map[string]int{}
	}
	for _, file := range []string{"mail.jsonl", "webhook.jsonl"} {
		text, err := os.ReadFile(filepath.Join(l.folder, "logs", file))
		require.NoError(l, err)
		for line := range bytes.Lines(text[l.read[file]:]) {
			if m, ours := l.message(line); ours {
				out = append(out, m)
			}
		}
		l.read[file] = len(text)
	}
	return out
}

func (l *lab) message(line []byte) (m outbox.Message, ours bool) {
	var of struct {
		Kind, From, Refused, Subject, Path string
		To                                 []string
		Body                               json.RawMessage
	}
	require.NoError(l, json.Unmarshal(line, &of))
	if of.Kind == "mail" {
		if of.From != "runbook@photon-mlir.example.com" || of.Refused != "" {
			return m, false
		}
		var text string
		require.NoError(l, json.Unmarshal(of.Body, &text))
		return outbox.Message{Kind: "smtp", Receiver: "mail", Title: of.Subject, To: of.To, Text: trimmed(text)}, true
	}
	switch of.Path {
	case l.receivers + "/slack":
		return outbox.Message{Kind: "slack", Receiver: "slack", Body: string(of.Body)}, true
	case l.receivers + "/hook":
		return outbox.Message{Kind: "webhook", Receiver: "hook", Body: string(of.Body)}, true
	case l.receivers + "/pager/v2/enqueue":
		var e event
		require.NoError(l, json.Unmarshal(of.Body, &e))
		m = outbox.Message{Kind: "pagerduty", Receiver: "pager", Event: e.Action, Key: e.DedupKey, Body: string(of.Body)}
		if e.Payload != nil {
			m.Title, m.Severity = e.Payload.Summary, e.Payload.Severity
			m.Text, _ = e.Payload.Details["text"].(string)
		}
		return m, true
	}
	return m, false
}

// trimmed is the text of a mail as it was written: lines end otherwise on the way.
func trimmed(text string) string {
	return string(bytes.TrimRight(bytes.ReplaceAll([]byte(text), []byte("\r\n"), []byte("\n")), "\n"))
}
