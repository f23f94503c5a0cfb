//go:build lab

package inbox

import (
	"crypto/x509"
	"fmt"
	"net/smtp"
	"os"
	"slices"
	"strings"
	"testing"

	"runbook/examples/lab/layout"
	"runbook/examples/lab/supervisor"
)

func TestLabTakesMailFromWhoHasItsFiles(t *testing.T) {
	dir := layout.Dir(os.Getenv("RUNBOOK_LAB"))
	state, err := supervisor.ReadState(dir)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := os.ReadFile(dir.Authority())
	if err != nil {
		t.Fatal(err)
	}
	secret, err := os.ReadFile(dir.MailPassword())
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(authority)
	address := fmt.Sprintf("%s:%d", supervisor.Loopback, state.Ports[SMTPPort])
	client := dial(t, address, trusted, smtp.PlainAuth("", User, string(secret), supervisor.Loopback))
	subject := "lab test at " + t.TempDir() // no other mail has it
	if err := send(client, "Subject: "+subject+"\r\n\r\n", "oncall@photon-mlir.example"); err != nil {
		t.Fatal(err)
	}
	messages, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(messages, func(m Received) bool { return m.Subject == subject }) {
		t.Errorf("the mail is not among %d messages", len(messages))
	}
	for _, message := range messages {
		if strings.Contains(string(message.Line), string(secret)) {
			t.Errorf("the password is in %s", message.Line)
		}
	}
}
