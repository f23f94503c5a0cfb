package outbox

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"runbook/engine/contact"
	"runbook/engine/world/fault"
	"runbook/engine/world/scenario"
)

// MailPassword is what every simulated receiver of mail logs in with, under its own name: so the server knows for whom a mail is.
const MailPassword = "simulated"

// MailOptions are what the mail server of a world needs.
type MailOptions struct {
	Outbox func() *Outbox                             // as it is since the last rewinding
	Known  map[string]contact.Receiver                // by name
	Faults func() *fault.Faults                       // at the present time
	Call   func(receiver string) fault.Call           // how faults know a mail
	Sleep  func(context.Context, time.Duration) error // in the place of who waits for an answer
}

// A Mail is the mail server of a world.
type Mail struct {
	server *smtp.Server
	roots  *x509.CertPool
}

// NewMail makes it, with a certificate of its own.
func NewMail(o MailOptions) (*Mail, error) {
	certificate, roots, err := ownCertificate()
	if err != nil {
		return nil, err
	}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		_, encrypted := c.TLSConnectionState()
		return &session{options: o, connection: c, encrypted: encrypted}, nil
	}))
	server.Domain = "localhost"
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	server.MaxMessageBytes = largest
	server.EnableSMTPUTF8 = true
	server.ErrorLog = log.New(io.Discard, "", 0) // connections that are cut are part of it
	return &Mail{server, roots}, nil
}

// Serve takes mail until Close.
func (m *Mail) Serve(listener net.Listener) error { return m.server.Serve(listener) }

// Close ends it.
func (m *Mail) Close() error { return m.server.Close() }

// Roots is the authority of its certificate.
func (m *Mail) Roots() *x509.CertPool { return m.roots }

// IsClosed tells whether Serve ended because of Close.
func IsClosed(err error) bool {
	return err == nil || errors.Is(err, smtp.ErrServerClosed) || errors.Is(err, net.ErrClosed)
}

// ownCertificate is one for this machine, which nobody else trusts. It is as old as it can be: a world has a time of its own.
func ownCertificate() (tls.Certificate, *x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	of := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(made)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots, nil
}

// A session is one client's connection, anew once it is encrypted.
type session struct {
	options    MailOptions
	connection *smtp.Conn
	encrypted  bool
	receiver   string // who logged in
	to         []string
	met        *scenario.Fault // what this mail meets
	asked      bool            // whether it meets one was found out
}

var (
	errWantsTLS  = &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Must issue a STARTTLS command first"}
	errWantsAuth = &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
)

// AuthMechanisms are offered once the connection is encrypted.
func (*session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	if mechanism != sasl.Plain {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	return sasl.NewPlainServer(func(_, user, password string) error {
		if s.options.Known[user].SMTP == nil || password != MailPassword {
			return smtp.ErrAuthFailed
		}
		s.receiver = user
		if f := s.meets(); f != nil && f.Answer == strconv.Itoa(smtp.ErrAuthFailed.Code) {
			return s.words(f)
		}
		return nil
	}), nil
}

// meets is the fault that this mail meets, which is found out once.
func (s *session) meets() *scenario.Fault {
	if !s.asked {
		s.asked, s.met = true, s.options.Faults().Meet(s.options.Call(s.receiver))
	}
	return s.met
}

// words is a fault as the server says it.
func (s *session) words(f *scenario.Fault) error {
	code, err := strconv.Atoi(f.Answer)
	if err != nil {
		return nil
	}
	message := f.Message
	if message == "" {
		message = map[int]string{
			421: "Service not available, closing transmission channel", 450: "Mailbox busy, try again later", 451: "Mailbox busy, try again later",
			452: "Insufficient system storage", 535: "Authentication credentials invalid", 550: "No such mailbox", 554: "Transaction failed",
		}[code]
	}
	if message == "" {
		message = "Refused"
	}
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 0, 0}, Message: message}
}

func (s *session) Mail(string, *smtp.MailOptions) error {
	switch {
	case !s.encrypted:
		return errWantsTLS
	case s.receiver == "":
		return errWantsAuth
	}
	f := s.meets()
	if f == nil {
		return nil
	}
	switch {
	case f.Answer == scenario.Slow:
		s.pause(f.Takes)
	case f.Done: // it is taken first
	case f.Answer == scenario.Cut, f.Answer == scenario.Half:
		_ = s.connection.Conn().Close()
	case f.Answer == scenario.Timeout:
		s.pause(tooLong)
		_ = s.connection.Conn().Close()
	}
	return nil
}

// tooLong is how long the server says nothing, as any other of a world.
const tooLong = time.Minute

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if f := s.meets(); f != nil && !f.Done {
		if err := s.words(f); err != nil {
			return err
		}
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m := Message{Receiver: s.receiver, Kind: contact.KindSMTP, To: s.to, Body: string(raw)}
	m.read(raw)
	s.options.Outbox().keep(m)
	f := s.meets()
	if f == nil || !f.Done {
		return nil
	}
	switch f.Answer {
	case scenario.Cut, scenario.Half:
		_ = s.connection.Conn().Close()
		return nil
	case scenario.Timeout:
		s.pause(tooLong)
		_ = s.connection.Conn().Close()
		return nil
	}
	return s.words(f)
}

func (s *session) Reset() { s.to = nil }

func (*session) Logout() error { return nil }

// read takes a mail apart, as who gets it reads it.
func (m *Message) read(raw []byte) {
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		m.Text = string(raw)
		return
	}
	m.Title = parsed.Header.Get("Subject")
	if decoded, err := new(mime.WordDecoder).DecodeHeader(m.Title); err == nil {
		m.Title = decoded
	}
	text := parsed.Body
	if strings.EqualFold(parsed.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		text = quotedprintable.NewReader(text)
	}
	if read, err := io.ReadAll(text); err == nil {
		m.Text = strings.TrimRight(strings.ReplaceAll(string(read), "\r\n", "\n"), "\n")
	}
}

// pause lets time pass in the place of who waits for the answer. A client that gives up meanwhile closes the connection, which ends it: a
// client that waits says nothing, so nothing else is read.
func (s *session) pause(d time.Duration) {
	connection := s.connection.Conn()
	waiting := newLifetime()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, err := connection.Read(make([]byte, 1))
		if timed, ok := errors.AsType[net.Error](err); err != nil && (!ok || !timed.Timeout()) {
			waiting.end()
		}
	}()
	_ = s.options.Sleep(waiting, d)
	_ = connection.SetReadDeadline(time.Unix(1, 0))
	<-gone
	_ = connection.SetReadDeadline(time.Time{})
}

// A lifetime is a context that ends with a connection: nothing above it has one.
type lifetime struct {
	ended chan struct{}
}

func newLifetime() *lifetime { return &lifetime{make(chan struct{})} }

func (l *lifetime) end() { close(l.ended) }

func (*lifetime) Deadline() (time.Time, bool) { return time.Time{}, false }

func (l *lifetime) Done() <-chan struct{} { return l.ended }

func (l *lifetime) Err() error {
	select {
	case <-l.ended:
		return context.Canceled
	default:
		return nil
	}
}

func (*lifetime) Value(any) any { return nil }
