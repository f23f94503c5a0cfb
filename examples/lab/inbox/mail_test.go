package inbox

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"runbook/examples/lab/pki"
)

const password = "correct horse"

// mailServer runs a mail server for one test, and returns its address, whom its clients must trust, and its ledger.
func mailServer(t *testing.T) (address string, trusted *x509.CertPool, path string) {
	t.Helper()
	authority, err := pki.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	pair, err := authority.Server("lab")
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := tls.X509KeyPair(pair.Certificate, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	trusted = x509.NewCertPool()
	trusted.AppendCertsFromPEM(authority.Certificate)
	ledger, path := newLedger(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := newMailServer(ledger, certificate, password)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		if err := errors.Join(server.Close(), <-ended); err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String(), trusted, path
}

func newLedger(t *testing.T) (*ledger, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "messages.jsonl")
	ledger, err := openLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ledger.close(); err != nil {
			t.Error(err)
		}
	})
	return ledger, path
}

// written returns what is in a ledger.
func written[M any](t *testing.T, path string) []M {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var messages []M
	for line := range strings.Lines(string(data)) {
		var message M
		if err := json.Unmarshal([]byte(line), &message); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		messages = append(messages, message)
	}
	return messages
}

// dial connects, and goes as far as the credentials allow: none, TLS alone, or a password too.
func dial(t *testing.T, address string, trusted *x509.CertPool, auth smtp.Auth) *smtp.Client {
	t.Helper()
	client, err := smtp.Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() }) //nolint:errcheck // most tests said goodbye already
	if trusted != nil {
		if err := client.StartTLS(&tls.Config{RootCAs: trusted, ServerName: "127.0.0.1"}); err != nil {
			t.Fatal(err)
		}
	}
	if auth != nil {
		if err := client.Auth(auth); err != nil {
			t.Fatal(err)
		}
	}
	return client
}

func send(client *smtp.Client, message string, to ...string) error {
	if err := client.Mail("runbook@photon-mlir.example"); err != nil {
		return err
	}
	for _, recipient := range to {
		if err := client.Rcpt(recipient); err != nil {
			return err
		}
	}
	data, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := data.Write([]byte(message)); err != nil {
		return err
	}
	return data.Close()
}

func known() smtp.Auth { return smtp.PlainAuth("", User, password, "127.0.0.1") }

func TestMailIsWrittenDown(t *testing.T) {
	address, trusted, path := mailServer(t)
	client := dial(t, address, trusted, known())
	message := "Subject: =?utf-8?q?P0=3A_outage_=E2=80=93_compiler?=\r\nTo: team@photon-mlir.example\r\n\r\n.Dots & <tags>\r\n"
	if err := send(client, message, "oncall@photon-mlir.example", "team@photon-mlir.example"); err != nil {
		t.Fatal(err)
	}
	if err := client.Quit(); err != nil {
		t.Fatal(err)
	}
	mails := written[Mail](t, path)
	if len(mails) != 1 {
		t.Fatalf("%d mails were written down", len(mails))
	}
	got := mails[0]
	if got.Kind != KindMail || got.Time.IsZero() || got.From != "runbook@photon-mlir.example" || got.Refused != "" ||
		!slices.Equal(got.To, []string{"oncall@photon-mlir.example", "team@photon-mlir.example"}) ||
		got.Subject != "P0: outage – compiler" || got.Body != ".Dots & <tags>\r\n" {
		t.Errorf("got %+v", got)
	}
}

func TestMailIsRefused(t *testing.T) {
	address, trusted, path := mailServer(t)
	for _, c := range []struct {
		name   string
		client *smtp.Client
		to     string
		code   int
		kept   bool // the attempt is written down
	}{
		{"without TLS", dial(t, address, nil, nil), "oncall@photon-mlir.example", 530, false},
		{"without a password", dial(t, address, trusted, nil), "oncall@photon-mlir.example", 530, false},
		{"for good", dial(t, address, trusted, known()), "nobody@Reject.Example", 550, true},
		{"for now", dial(t, address, trusted, known()), "somebody@busy.example", 451, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := len(written[Mail](t, path))
			err := send(c.client, "Subject: x\r\n\r\n", c.to)
			if refusal, ok := errors.AsType[*textproto.Error](err); !ok || refusal.Code != c.code {
				t.Errorf("got %v, want %d", err, c.code)
			}
			mails := written[Mail](t, path)[before:]
			if !c.kept && len(mails) > 0 {
				t.Errorf("%+v was written down", mails)
			}
			if c.kept && (len(mails) != 1 || !strings.HasPrefix(mails[0].Refused, fmt.Sprint(c.code)) || mails[0].To[0] != c.to) {
				t.Errorf("%+v was written down, want the attempt", mails)
			}
		})
	}
}

func TestWrongPasswordIsRefused(t *testing.T) {
	address, trusted, _ := mailServer(t)
	for _, auth := range []smtp.Auth{
		smtp.PlainAuth("", User, "wrong", "127.0.0.1"),
		smtp.PlainAuth("", "somebody", password, "127.0.0.1"),
		smtp.PlainAuth("somebody", User, password, "127.0.0.1"),
	} {
		err := dial(t, address, trusted, nil).Auth(auth)
		if refusal, ok := errors.AsType[*textproto.Error](err); !ok || refusal.Code != 535 {
			t.Errorf("got %v, want 535", err)
		}
	}
}

func TestPasswordIsNotAskedForInTheClear(t *testing.T) {
	address, _, _ := mailServer(t)
	if offered, _ := dial(t, address, nil, nil).Extension("AUTH"); offered {
		t.Error("AUTH is offered before STARTTLS")
	}
}

func TestMailThatIsTooLarge(t *testing.T) {
	address, trusted, path := mailServer(t)
	err := send(dial(t, address, trusted, known()), strings.Repeat("long line\r\n", largest/10), "oncall@photon-mlir.example")
	if refusal, ok := errors.AsType[*textproto.Error](err); !ok || refusal.Code != 552 {
		t.Errorf("got %v, want 552", err)
	}
	if mails := written[Mail](t, path); len(mails) > 0 {
		t.Errorf("%d mails were written down", len(mails))
	}
}

func TestTextOfMail(t *testing.T) {
	const alternative = "Content-Type: multipart/alternative; boundary=xx\r\n\r\n"
	for _, c := range []struct{ name, raw, want string }{
		{"no message at all", "hello", "hello"},
		{"quoted-printable", "Content-Transfer-Encoding: quoted-printable\r\n\r\n=E2=80=93 a=\r\nb", "– ab"},
		{"base64", "Content-Transfer-Encoding: base64\r\n\r\naGVs\r\nbG8=\r\n", "hello"},
		{"broken base64", "Content-Transfer-Encoding: base64\r\n\r\n!", "!"},
		{"two texts", alternative + "--xx\r\nContent-Type: text/plain\r\n\r\nplain\r\n--xx\r\nContent-Type: text/html\r\n\r\n<b>rich</b>\r\n--xx--\r\n", "plain"},
		{"rich text alone, as Alertmanager sends it",
			alternative + "--xx\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<b class=3Dx>rich</b>\r\n--xx--\r\n", "<b class=x>rich</b>"},
		{"without an end", alternative + "--yy", "--yy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var message Mail
			message.read([]byte(c.raw))
			if message.Body != c.want {
				t.Errorf("got %q, want %q", message.Body, c.want)
			}
		})
	}
}
