package notify

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"os"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/contact"
)

// A handover is one mail on its way to a server. How far it came says what an error means: until the text is out, nothing was taken.
type handover struct {
	b       *binding
	purpose string
	to      contact.SMTP
	host    string
	client  *smtp.Client
	at      stage
	refused []string // who does not get it, and why
	later   int      // how many of them only for the moment
	out     bool     // the text is out, and the answer to it is not in
}

// A stage is what a server was asked for last: by it one knows what it refuses.
type stage int

const (
	greeting stage = iota
	login
	sender
	addressees
	content
)

// handIn hands a mail in. net/smtp is all that is needed: its errors hold what the server said and no password, and a connection that is
// ours is bounded by ctx.
func (b *binding) handIn(ctx context.Context, purpose string, to contact.SMTP, p post) error {
	text, err := p.bytes()
	if err != nil {
		return action.Errorf(action.CodeInternal, "cannot write a mail: %w", err)
	}
	h := &handover{b: b, purpose: purpose, to: to}
	if h.host, _, err = net.SplitHostPort(to.Server); err != nil {
		return action.Errorf(action.CodeInvalid, "cannot %s: %q is no mail server such as mail.example.com:587", purpose, to.Server)
	}
	connection, err := b.Dial(ctx, "tcp", to.Server)
	if err != nil {
		return h.broken(ctx, err)
	}
	defer connection.Close() //nolint:errcheck // Quit said goodbye, or there is nothing to say
	defer context.AfterFunc(ctx, func() { _ = connection.SetDeadline(time.Unix(1, 0)) })()
	if err := h.talk(ctx, connection, p, text); err != nil {
		return h.broken(ctx, err)
	}
	return nil
}

// talk is the whole of the conversation.
func (h *handover) talk(ctx context.Context, connection net.Conn, p post, text []byte) error {
	if err := h.greet(ctx, connection); err != nil {
		return err
	}
	h.at = login
	if err := h.logIn(); err != nil {
		return err
	}
	h.at = sender
	if err := h.client.Mail(p.from); err != nil {
		return err
	}
	h.at = addressees
	if err := h.address(p.to); err != nil {
		return err
	}
	h.at = content
	w, err := h.client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	h.out = true
	if err := w.Close(); err != nil {
		if _, said := errors.AsType[*textproto.Error](err); said {
			h.out = false // it was not taken
		}
		return err
	}
	_ = h.client.Quit() // it is taken, whatever comes of the goodbye
	return h.partly(p.to)
}

// greet says hello, behind TLS if the site wants it.
func (h *handover) greet(ctx context.Context, connection net.Conn) (err error) {
	if h.to.TLS == "tls" {
		settings, err := h.tls()
		if err != nil {
			return err
		}
		encrypted := tls.Client(connection, settings)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			return err
		}
		connection = encrypted
	}
	if h.client, err = smtp.NewClient(connection, h.host); err != nil {
		return err
	}
	if err := h.client.Hello(ourName(connection.LocalAddr())); err != nil || cmp.Or(h.to.TLS, "starttls") != "starttls" {
		return err
	}
	if offered, _ := h.client.Extension("STARTTLS"); !offered {
		return action.Errorf(action.CodeRejected, "cannot %s: %s offers no STARTTLS, so everybody on the way could read it", h.purpose, h.to.Server).
			Try("if it speaks TLS from the first byte on, say so in the site file: tls: tls")
	}
	settings, err := h.tls()
	if err != nil {
		return err
	}
	return h.client.StartTLS(settings)
}

// ourName is what this machine calls itself: by its address, as the standard has it for one whose name is not known outside. Servers that
// pass mail on for whole networks take nothing from a "localhost" that is elsewhere.
func ourName(local net.Addr) string {
	tcp, ok := local.(*net.TCPAddr)
	switch {
	case !ok || tcp.IP.IsLoopback():
		return "localhost"
	case tcp.IP.To4() != nil:
		return "[" + tcp.IP.String() + "]"
	}
	return "[IPv6:" + tcp.IP.String() + "]"
}

func (h *handover) tls() (*tls.Config, error) {
	settings := &tls.Config{ServerName: h.host, MinVersion: tls.VersionTLS12, RootCAs: h.b.Site().Roots}
	if h.to.CAFile == "" {
		return settings, nil
	}
	text, err := os.ReadFile(h.to.CAFile)
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "cannot %s: its ca_file cannot be read: %w", h.purpose, err)
	}
	settings.RootCAs = x509.NewCertPool()
	if !settings.RootCAs.AppendCertsFromPEM(text) {
		return nil, action.Errorf(action.CodeInvalid, "cannot %s: there is no certificate in %s", h.purpose, h.to.CAFile)
	}
	return settings, nil
}

// logIn says who hands in, if anybody is named.
func (h *handover) logIn() error {
	if h.to.User == "" {
		return nil
	}
	password, err := h.b.Reveal(h.to.Password)
	if err != nil {
		return err
	}
	_, mechanisms := h.client.Extension("AUTH")
	known := strings.Fields(strings.ToUpper(mechanisms))
	var auth smtp.Auth
	switch {
	case contains(known, "PLAIN"):
		auth = smtp.PlainAuth("", h.to.User, password, h.host)
	case contains(known, "LOGIN"):
		auth = loginAuth{h.to.User, password}
	default:
		return action.Errorf(action.CodeRejected, "cannot %s: %s lets nobody log in by PLAIN or LOGIN, only by %s", h.purpose, h.to.Server, cmp.Or(mechanisms, "nothing"))
	}
	return h.client.Auth(auth)
}

func contains(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}

// loginAuth is how some servers, Exchange among them, ask for a name and a password. net/smtp has it not.
type loginAuth struct{ user, password string }

func (a loginAuth) Start(server *smtp.ServerInfo) (string, []byte, error) {
	if !server.TLS {
		return "", nil, errors.New("a password is not sent where everybody can read it")
	}
	return "LOGIN", nil, nil
}

func (a loginAuth) Next(asked []byte, more bool) ([]byte, error) {
	question := strings.ToLower(string(asked))
	switch {
	case !more:
		return nil, nil
	case strings.HasPrefix(question, "user"):
		return []byte(a.user), nil
	case strings.HasPrefix(question, "pass"):
		return []byte(a.password), nil
	}
	return nil, errors.New("it asks for something else than a name and a password")
}

// address names who gets it. One address that is wrong is no reason to tell nobody: the others get it, and it is told of that one.
func (h *handover) address(to []string) error {
	var first error
	for _, address := range to {
		err := h.client.Rcpt(address)
		said, ok := errors.AsType[*textproto.Error](err)
		switch {
		case err == nil:
		case !ok:
			return err
		default:
			h.refused = append(h.refused, address+": "+h.words(said))
			if said.Code < 500 {
				h.later++
			}
			if first == nil {
				first = err
			}
		}
	}
	if len(h.refused) == len(to) {
		return first
	}
	return nil
}

// partly is that some got it and some did not. It is not sent again: who got it would get it twice.
func (h *handover) partly(to []string) error {
	if len(h.refused) == 0 {
		return nil
	}
	e := action.Errorf(action.CodeRejected, "cannot %s whole: %d of %d got it, and these did not: %s", h.purpose, len(to)-len(h.refused), len(to), strings.Join(h.refused, "; "))
	if h.later == len(h.refused) {
		return e.Try("they were refused for the moment only: tell them some other way, or of the same in a few minutes")
	}
	return e.Try("look at who is named in the site file under `to`")
}

// broken says what an error means, by how far the mail came.
func (h *handover) broken(ctx context.Context, err error) error {
	if own, ok := errors.AsType[*action.Error](err); ok {
		return own
	}
	if said, ok := errors.AsType[*textproto.Error](err); ok {
		return h.said(said)
	}
	if h.out {
		return action.Errorf(action.CodeUncertain, "cannot %s: the mail was handed to %s, and no answer came: %s", h.purpose, h.to.Server, h.why(ctx, err))
	}
	if trust, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return action.Errorf(action.CodeUnavailable, "cannot %s: %s is not trusted: %s", h.purpose, h.to.Server, h.b.short(trust.Error())).
			Try("name its authority in the site file: ca_file: …")
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return action.Errorf(action.CodeUnavailable, "cannot %s: %s does not speak TLS from the first byte on", h.purpose, h.to.Server).
			Try("say in the site file that it begins later: tls: starttls")
	}
	e := action.Errorf(action.CodeUnavailable, "cannot %s: %s took nothing: %s", h.purpose, h.to.Server, h.why(ctx, err))
	if context.Cause(ctx) != nil {
		return e // its time is up: asked again at once, it would take as long again
	}
	return e.Again()
}

func (h *handover) why(ctx context.Context, err error) string {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, context.DeadlineExceeded):
		return "no answer in time"
	case cause != nil:
		return "interrupted: " + cause.Error()
	}
	return h.b.short(err.Error())
}

// wantsAuth is what a server says that takes nothing from whom it does not know.
const wantsAuth = 530

// words are what a server said: its code, and its text in one line.
func (h *handover) words(answer *textproto.Error) string {
	return fmt.Sprintf("%d %s", answer.Code, h.b.short(answer.Msg))
}

// said is a refusal in the server's own words.
func (h *handover) said(answer *textproto.Error) *action.Error {
	text := h.words(answer)
	if h.at == addressees {
		text = strings.Join(h.refused, "; ")
	}
	e := action.Errorf(action.CodeRejected, "cannot %s: %s said %s", h.purpose, h.to.Server, text)
	switch {
	case h.at == addressees && h.later > 0 && h.later < len(h.refused):
		return e // sent again it would be refused by the others again
	case answer.Code < 500:
		e.Code = action.CodeUnavailable
		return deferred(e.Again(), text)
	case h.at == login, answer.Code == wantsAuth:
		e.Code = action.CodeUnauth
		return e.Try("look at user and password of this receiver in the site file")
	case h.at == sender:
		return e.Try("look at `from` of this receiver in the site file: it is what the server refuses")
	case h.at == addressees:
		e.Code = action.CodeNotFound
		return e.Try("look at who is named in the site file under `to`")
	}
	return e
}
