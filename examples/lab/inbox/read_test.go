package inbox

import (
	"os"
	"strings"
	"testing"

	"runbook/examples/lab/layout"
)

func TestMessagesAreInTheOrderOfTheirTimes(t *testing.T) {
	dir := layout.Dir(t.TempDir())
	if err := os.Mkdir(dir.Logs(), layout.FolderMode); err != nil {
		t.Fatal(err)
	}
	mails := `{"time":"2026-11-25T10:00:00Z","kind":"mail","to":["a@b","c@d"],"subject":"first"}
{"time":"2026-11-25T10:00:02Z","kind":"mail","to":["x@busy.example"],"refused":"451 Mailbox busy"}
`
	webhooks := `{"time":"2026-11-25T10:00:01Z","kind":"webhook","method":"POST","path":"/\u001b[31m","body":"` + strings.Repeat("ä", 100) + `","status":200}
{"time":"2026-11-25T10:00:03Z","kind":"webhook","method":"POST","path":"/fail/503","body":{"text":"x"},"status":503}
{"time":"2026-11-25T10:00:04Z","ki`
	for path, content := range map[string]string{dir.Mail(): mails, dir.Webhooks(): webhooks} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	messages, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []Received{
		{Kind: KindMail, To: "a@b, c@d", Subject: "first"},
		{Kind: KindWebhook, To: "POST / [31m", Subject: strings.Repeat("ä", excerpt) + "…"},
		{Kind: KindMail, To: "x@busy.example", Subject: "(451 Mailbox busy)"},
		{Kind: KindWebhook, To: "POST /fail/503", Subject: `(503) {"text":"x"}`},
	}
	if len(messages) != len(want) {
		t.Fatalf("got %d messages, want %d", len(messages), len(want))
	}
	for i, m := range messages {
		if m.Kind != want[i].Kind || m.To != want[i].To || m.Subject != want[i].Subject {
			t.Errorf("message %d is %q to %q about %q, want %+v", i, m.Kind, m.To, m.Subject, want[i])
		}
	}
}

func TestMessagesOfNoLab(t *testing.T) {
	if _, err := Read(layout.Dir(t.TempDir())); err == nil || !strings.Contains(err.Error(), "lab up") {
		t.Errorf("got %v, want how to start a lab", err)
	}
}
