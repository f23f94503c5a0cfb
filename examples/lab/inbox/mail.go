package inbox

import (
	"bytes"
	"crypto/subtle"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// The domains whose recipients are refused.
const (
	RejectDomain = "reject.example" // for good
	BusyDomain   = "busy.example"   // for now
)

// patience is how long a client may take between two lines.
const patience = time.Minute

var (
	errWantsTLS  = &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Must issue a STARTTLS command first"}
	errWantsAuth = &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	errNobody    = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such mailbox"}
	errBusy      = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 2, 1}, Message: "Mailbox busy, try again later"}
	errNotKept   = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "The message could not be written down"}
)

// newMailServer returns a mail server that takes everything from who knows the password.
func newMailServer(ledger *ledger, certificate tls.Certificate, password string) *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		_, encrypted := c.TLSConnectionState()
		return &session{ledger: ledger, password: password, encrypted: encrypted}, nil
	}))
	server.Domain = "localhost"
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	server.MaxMessageBytes = largest
	server.MaxRecipients = 100
	server.ReadTimeout, server.WriteTimeout = patience, patience
	server.EnableSMTPUTF8 = true
	return server
}

// session is one client's connection, anew once it is encrypted.
type session struct {
	ledger    *ledger
	password  string
	encrypted bool
	known     bool // the client is User

	from string
	to   []string
}

// AuthMechanisms are offered once the connection is encrypted.
func (*session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	if mechanism != sasl.Plain {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	return sasl.NewPlainServer(func(identity, user, password string) error {
		right := subtle.ConstantTimeCompare([]byte(password), []byte(s.password)) == 1
		if !right || user != User || identity != "" && identity != User {
			return smtp.ErrAuthFailed
		}
		s.known = true
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if !s.encrypted {
		return errWantsTLS
	}
	if !s.known {
		return errWantsAuth
	}
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if refusal := refuse(to); refusal != nil {
		return s.keep(Mail{To: []string{to}, Refused: fmt.Sprintf("%d %s", refusal.Code, refusal.Message)}, refusal)
	}
	s.to = append(s.to, to)
	return nil
}

// refuse returns what is wrong with a recipient, or nil.
func refuse(to string) *smtp.SMTPError {
	switch domain := to[strings.LastIndex(to, "@")+1:]; strings.ToLower(domain) {
	case RejectDomain:
		return errNobody
	case BusyDomain:
		return errBusy
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	message := Mail{To: s.to}
	message.read(raw)
	return s.keep(message, nil)
}

// keep writes a message down and returns what is to be answered then.
func (s *session) keep(message Mail, answer error) error {
	message.Time, message.Kind, message.From = time.Now().UTC(), KindMail, s.from
	if err := s.ledger.add(message); err != nil {
		log.Print(err)
		return errNotKept
	}
	return answer
}

func (s *session) Reset() { s.from, s.to = "", nil }

func (*session) Logout() error { return nil }

// read takes a message apart. What is no well-formed message is all body.
func (m *Mail) read(raw []byte) {
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		m.Body = string(raw)
		return
	}
	m.Headers = message.Header
	m.Subject = message.Header.Get("Subject")
	if decoded, err := new(mime.WordDecoder).DecodeHeader(m.Subject); err == nil {
		m.Subject = decoded
	}
	body, err := io.ReadAll(message.Body)
	if err != nil { // it is in memory
		body = raw
	}
	m.Body = text(message.Header.Get("Content-Type"), message.Header.Get("Content-Transfer-Encoding"), body)
}

// text is what a person would read of a body: of several parts the first that says something, which is the plain one where
// a mail has its text twice.
func text(contentType, encoding string, body []byte) string {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return decode(encoding, body)
	}
	parts := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err != nil {
			return string(body)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return string(body)
		}
		if said := text(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), content); said != "" {
			return said
		}
	}
}

// decode undoes a transfer encoding. What it does not fit stays as it came.
func decode(encoding string, body []byte) string {
	var decoder io.Reader
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		decoder = quotedprintable.NewReader(bytes.NewReader(body))
	case "base64":
		decoder = base64.NewDecoder(base64.StdEncoding, bytes.NewReader(body))
	default:
		return string(body)
	}
	decoded, err := io.ReadAll(decoder)
	if err != nil {
		return string(body)
	}
	return string(decoded)
}
