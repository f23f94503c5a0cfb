package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/contact"
	"runbook/engine/redact"
)

// canary is what must be nowhere in an error.
const canary = "canary-SECRET-of-a-webhook"

// reveal finds a secret by its reference, and tells the redactor.
func reveal(r *redact.Redactor, secrets map[string]string) func(string) (string, error) {
	return func(text string) (string, error) {
		for reference, value := range secrets {
			if strings.Contains(text, reference) {
				r.Add(value)
				text = strings.ReplaceAll(text, reference, value)
			}
		}
		if strings.Contains(text, "${") {
			return "", action.Errorf(action.CodeInvalid, "the environment has no variable %s", text)
		}
		return text, nil
	}
}

func to(r contact.Receiver) func() Site {
	return func() Site { return Site{Receivers: map[string]contact.Receiver{"it": r}} }
}

// What goes wrong with a server that is called over HTTP, and that no error tells a secret: neither its address, which libraries put into
// their errors, nor what a server gives back.
func TestWhatGoesWrongOverHTTP(t *testing.T) {
	gossip := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			_, _ = fmt.Fprintf(w, "no %s for %s", r.URL.Path, r.Header.Get("X-Key"))
		}
	}
	for name, c := range map[string]struct {
		serve http.HandlerFunc
		code  action.Code
		again bool
		after time.Duration
		says  string
	}{
		"it does not know the path": {gossip(404), action.CodeNotFound, false, 0, "Slack answered HTTP status 404 Not Found: no [secret] for"},
		"it is gone":                {gossip(410), action.CodeNotFound, false, 0, "410 Gone"},
		"it forbids":                {gossip(403), action.CodeForbidden, false, 0, "403 Forbidden"},
		"it does not know us":       {gossip(401), action.CodeUnauth, false, 0, "401 Unauthorized"},
		"it does not understand":    {gossip(400), action.CodeRejected, false, 0, "400 Bad Request"},
		"it fails":                  {gossip(500), action.CodeUnavailable, true, 0, "500 Internal Server Error"},
		"it is away":                {gossip(503, "Retry-After", "7"), action.CodeUnavailable, true, 7 * time.Second, "503 Service Unavailable"},
		"it is busy":                {gossip(429, "Retry-After", "3"), action.CodeThrottled, true, 3 * time.Second, "429 Too Many Requests"},
		"it is busy until a time":   {gossip(429, "Retry-After", start.Add(5*time.Second).Format(http.TimeFormat)), action.CodeThrottled, true, 5 * time.Second, "429"},
		"somebody before waited":    {gossip(504), action.CodeTimeout, false, 0, "504 Gateway Timeout"},
		"it sends us away":          {gossip(302, "Location", "http://elsewhere.invalid/"), action.CodeRejected, false, 0, "302 Found"},
		"it is a page":              {gossip(200), action.CodeRejected, false, 0, "this is not what Slack answers"},
		"it answers in time never": {func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}, action.CodeTimeout, false, 0, "Slack did not answer in time"},
		"it breaks off": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, action.CodeUncertain, false, 0, "was lost: EOF"},
		"it breaks off in the middle": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "o")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, action.CodeUncertain, false, 0, "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(c.serve)
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.Start()
			t.Cleanup(server.Close)
			r := redact.New()
			d := drive(t, Config{
				Site:   to(contact.Receiver{Slack: &contact.Slack{URL: "${env:HOOK}"}, Timeout: 200 * time.Millisecond}),
				Reveal: reveal(r, map[string]string{"${env:HOOK}": server.URL + "/services/T0/B0/" + canary}), Secrets: r, WrapTransport: quiet(t),
			})
			e := d.fails("send", "it", opts("title", "t", "required", true))
			assert.Equal(t, c.code, e.Code, e.Message)
			assert.Contains(t, e.Message, "cannot send to it: ")
			assert.Contains(t, e.Message, c.says)
			assert.Equal(t, c.again, e.Retryable)
			assert.Equal(t, c.after, e.After)
			assert.Equal(t, "receivers/it", e.Target.String())
			assert.NotContains(t, fmt.Sprintf("%v %+v %s", e, e.Cause, e.Hint), canary)
			assert.NotContains(t, e.Message, "/services/T0")
		})
	}
}

func TestAServerThatIsNotThereOrNotTrusted(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	strange := httptest.NewUnstartedServer(http.NotFoundHandler())
	strange.Config.ErrorLog = log.New(io.Discard, "", 0)
	strange.StartTLS()
	t.Cleanup(strange.Close)
	for address, c := range map[string]struct {
		says  string
		again bool
	}{gone.URL: {"does not answer", true}, strange.URL: {"is not trusted", false}, "nonsense": {"the address of the webhook is none", false}} {
		r := redact.New()
		d := drive(t, Config{
			Site:   to(contact.Receiver{Webhook: &contact.Webhook{URL: "${env:HOOK}"}, Timeout: 10 * time.Second}),
			Reveal: reveal(r, map[string]string{"${env:HOOK}": address + "/" + canary}), Secrets: r, WrapTransport: quiet(t),
		})
		e := d.fails("send", "it", opts("title", "t"))
		assert.Contains(t, e.Message, c.says)
		assert.Equal(t, c.again, e.Retryable, e.Message)
		assert.NotContains(t, e.Message, canary)
	}
}

// A secret that is not there is told before anything is sent, and to whom it belongs.
func TestASecretThatIsNotThere(t *testing.T) {
	d := drive(t, Config{Site: to(contact.Receiver{Slack: &contact.Slack{URL: "${env:NONE}"}}), Reveal: reveal(redact.New(), nil)})
	a, err := d.act("send", "it", opts("title", "t"))
	require.NoError(t, err)
	p, err := a.Predict(d.ctx(), d.view)
	require.NoError(t, err)
	assert.Contains(t, p.Warnings[0], "a secret of this receiver is not there: the environment has no variable")
	_, err = a.Apply(d.ctx(), p)
	assert.Equal(t, action.CodeInvalid, action.CodeOf(err))
}

// What a failure that is tolerated returns.
func TestWhatAToleratedFailureReturns(t *testing.T) {
	d := drive(t, Config{Site: to(contact.Receiver{Slack: &contact.Slack{}})})
	for call, values := range map[string][]any{
		"send": {"it", opts("title", "t")}, "trigger": {"it", "k", opts("title", "t")}, "acknowledge": {"it", "k"}, "resolve": {"it", "k"}, "alert": {"a"},
	} {
		a, err := d.act(call, values...)
		require.NoError(t, err)
		may, ok := a.(action.Tolerated)
		require.True(t, ok, call)
		got := may.Failed(action.Errorf(action.CodeTimeout, "no answer"))
		assert.Equal(t, map[string]any{"sent": false, "error": map[string]any{"code": "timeout", "message": "no answer"}}, got)
		options, given := values[len(values)-1].(map[string]any)
		if !given {
			options = map[string]any{}
			values = append(values, options)
		}
		options["required"] = true
		a, err = d.act(call, values...)
		require.NoError(t, err)
		_, ok = a.(action.Tolerated)
		assert.False(t, ok, "%s must not fail", call)
	}
	for _, name := range []string{"silence", "expire"} {
		a, err := d.act(name, map[string]any{"id": "x", "matchers": `a="b"`}, nil)
		if err == nil {
			_, ok := a.(action.Tolerated)
			assert.False(t, ok, name)
		}
	}
}

// What can be told of a message whose answer was lost.
func TestWhatIsKnownOfALostAnswer(t *testing.T) {
	for kind, c := range map[string]struct {
		r    contact.Receiver
		want action.Settlement
	}{
		"slack":        {contact.Receiver{Slack: &contact.Slack{}}, action.Unknown},
		"smtp":         {contact.Receiver{SMTP: &contact.SMTP{}}, action.Unknown},
		"webhook":      {contact.Receiver{Webhook: &contact.Webhook{}}, action.Unknown},
		"pagerduty":    {contact.Receiver{PagerDuty: &contact.PagerDuty{}}, action.SendAgain},
		"alertmanager": {contact.Receiver{Alertmanager: &contact.Alert{}}, action.SendAgain},
	} {
		d := drive(t, Config{Site: to(c.r)})
		a, err := d.act("send", "it", opts("title", "t"))
		require.NoError(t, err)
		got, err := a.Settle(d.ctx(), action.Intent{})
		require.NoError(t, err)
		assert.Equal(t, c.want, got, kind)
		assert.Equal(t, c.want == action.SendAgain, a.Describe().Idempotent, kind)
	}
}

// A mailServer goes wrong as it is told.
type mailServer struct {
	mechanisms []string
	plain      bool // it offers no STARTTLS
	refuse     map[string]*smtp.SMTPError
	login      *smtp.SMTPError
	from       *smtp.SMTPError
	data       *smtp.SMTPError
	cut        string // "mail" or "data": where the connection breaks
	hang       string
	got        []string
}

func (m *mailServer) start(t *testing.T, certificate *tls.Certificate) string {
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &mailSession{m, c}, nil }))
	server.Domain, server.ErrorLog = "localhost", log.New(io.Discard, "", 0)
	server.AllowInsecureAuth = m.plain
	if !m.plain {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*certificate}}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return listener.Addr().String()
}

type mailSession struct {
	*mailServer
	c *smtp.Conn
}

func (s *mailSession) AuthMechanisms() []string { return s.mechanisms }

func (s *mailSession) Auth(mechanism string) (sasl.Server, error) {
	check := func(user, password string) error {
		if s.login != nil {
			return s.login
		}
		if user != "me" || password != canary {
			return &smtp.SMTPError{Code: 535, Message: "no such password: " + password}
		}
		return nil
	}
	if mechanism == "LOGIN" {
		return &loginServer{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

// loginServer asks as Exchange does.
type loginServer struct {
	check func(user, password string) error
	user  string
	step  int
}

func (l *loginServer) Next(response []byte) ([]byte, bool, error) {
	l.step++
	switch l.step {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.user = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.user, string(response))
}

func (s *mailSession) wrong(where string) {
	if s.cut == where {
		_ = s.c.Conn().Close()
	}
	if s.hang == where {
		_, _ = s.c.Conn().Read(make([]byte, 1)) // until whoever waits is gone
	}
}

func (s *mailSession) Mail(string, *smtp.MailOptions) error {
	s.wrong("mail")
	if s.from != nil {
		return s.from
	}
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.refuse[to]; err != nil {
		return err
	}
	s.got = append(s.got, to)
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	_, _ = io.ReadAll(r)
	s.wrong("data")
	if s.data != nil {
		return s.data
	}
	return nil
}

func (*mailSession) Reset()        {}
func (*mailSession) Logout() error { return nil }

// trusted is a certificate for this machine, and the file with its authority.
func trusted(t *testing.T) (*tls.Certificate, string) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.StartTLS()
	server.Close()
	certificate := server.TLS.Certificates[0]
	parsed, err := x509.ParseCertificate(certificate.Certificate[0])
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "ca.crt")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: parsed.Raw}), 0o600))
	return &certificate, path
}

// What goes wrong with a mail server: until the text is out nothing was taken, so it may be sent again; after that nobody knows.
func TestWhatGoesWrongWithMail(t *testing.T) {
	certificate, authority := trusted(t)
	refused := func(code int, text string) *smtp.SMTPError { return &smtp.SMTPError{Code: code, Message: text} }
	both := []string{"a@example.com", "b@example.com"}
	aRefused := map[string]*smtp.SMTPError{"a@example.com": refused(550, "no such mailbox")}
	for name, c := range map[string]struct {
		server   mailServer
		tls      string
		ca       string
		password string
		code     action.Code // "" for none
		again    bool
		says     string
		hint     string
	}{
		"nothing":                   {server: mailServer{mechanisms: []string{"PLAIN"}}},
		"another way to log in":     {server: mailServer{mechanisms: []string{"LOGIN"}}},
		"no way to log in":          {server: mailServer{mechanisms: []string{"CRAM-MD5"}}, code: action.CodeRejected, says: "lets nobody log in by PLAIN or LOGIN, only by CRAM-MD5"},
		"another password":          {server: mailServer{mechanisms: []string{"PLAIN"}}, password: "another-" + canary, code: action.CodeUnauth, says: "535 "},
		"another password by LOGIN": {server: mailServer{mechanisms: []string{"LOGIN"}}, password: "another-" + canary, code: action.CodeUnauth, says: "535 "},
		"no protection":             {server: mailServer{mechanisms: []string{"PLAIN"}, plain: true}, code: action.CodeRejected, says: "offers no STARTTLS"},
		"another authority":         {server: mailServer{mechanisms: []string{"PLAIN"}}, ca: "none", code: action.CodeUnavailable, says: "is not trusted"},
		"TLS too early":             {server: mailServer{mechanisms: []string{"PLAIN"}}, tls: "tls", code: action.CodeUnavailable, says: "does not speak TLS from the first byte on"},
		"one address":               {server: mailServer{mechanisms: []string{"PLAIN"}, refuse: map[string]*smtp.SMTPError{"a@example.com": refused(550, "no such mailbox")}}, code: action.CodeRejected, says: "1 of 2 got it, and these did not: a@example.com: 550", hint: "who is named in the site file"},
		"one address, for now":      {server: mailServer{mechanisms: []string{"PLAIN"}, refuse: map[string]*smtp.SMTPError{"a@example.com": refused(451, "busy")}}, code: action.CodeRejected, says: "a@example.com: 451", hint: "for the moment only"},
		"a stranger":                {server: mailServer{mechanisms: []string{"PLAIN"}, from: refused(451, "greylisted, try again in 300 seconds")}, code: action.CodeUnavailable, again: true, says: "451", hint: "it makes strangers wait, for 5m0s this time"},
		"each address, one for now": {server: mailServer{mechanisms: []string{"PLAIN"}, refuse: map[string]*smtp.SMTPError{"a@example.com": refused(451, "busy"), "b@example.com": refused(550, "none")}}, code: action.CodeRejected, says: "a@example.com: 451"},
		"each address for now":      {server: mailServer{mechanisms: []string{"PLAIN"}, refuse: map[string]*smtp.SMTPError{"a@example.com": refused(451, "busy"), "b@example.com": refused(452, "full")}}, code: action.CodeUnavailable, again: true, says: "452"},
		"the text for now":          {server: mailServer{mechanisms: []string{"PLAIN"}, data: refused(451, "later")}, code: action.CodeUnavailable, again: true, says: "451"},
		"the text":                  {server: mailServer{mechanisms: []string{"PLAIN"}, data: refused(554, "spam "+canary)}, code: action.CodeRejected, says: "554"},
		"who sends":                 {server: mailServer{mechanisms: []string{"PLAIN"}, from: refused(550, "not yours")}, code: action.CodeRejected, says: "550 5.0.0 not yours", hint: "`from` of this receiver"},
		"the text, by 550":          {server: mailServer{mechanisms: []string{"PLAIN"}, data: refused(550, "spam")}, code: action.CodeRejected, says: "550 5.0.0 spam"},
		"the text, and one address": {server: mailServer{mechanisms: []string{"PLAIN"}, refuse: aRefused, data: refused(554, "spam")}, code: action.CodeRejected, says: "said 554 5.0.0 spam"},
		"each address":              {server: mailServer{mechanisms: []string{"PLAIN"}, refuse: map[string]*smtp.SMTPError{"a@example.com": refused(553, "no"), "b@example.com": refused(550, "none")}}, code: action.CodeNotFound, says: "a@example.com: 553 5.0.0 no; b@example.com: 550", hint: "under `to`"},
		"the login by 550":          {server: mailServer{mechanisms: []string{"PLAIN"}, login: refused(550, "account blocked")}, code: action.CodeUnauth, says: "account blocked", hint: "user and password"},
		"the login for now":         {server: mailServer{mechanisms: []string{"PLAIN"}, login: refused(454, "later")}, code: action.CodeUnavailable, again: true, says: "454"},
		"a cut before the text":     {server: mailServer{mechanisms: []string{"PLAIN"}, cut: "mail"}, code: action.CodeUnavailable, again: true, says: "took nothing"},
		"a cut after the text":      {server: mailServer{mechanisms: []string{"PLAIN"}, cut: "data"}, code: action.CodeUncertain, says: "no answer came"},
		"no answer before the text": {server: mailServer{mechanisms: []string{"PLAIN"}, hang: "mail"}, code: action.CodeUnavailable, says: "took nothing: no answer in time"},
		"no answer after the text":  {server: mailServer{mechanisms: []string{"PLAIN"}, hang: "data"}, code: action.CodeUncertain, says: "no answer came: no answer in time"},
		"an authority that is none": {server: mailServer{mechanisms: []string{"PLAIN"}}, ca: "/none", code: action.CodeInvalid, says: "its ca_file cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			address := c.server.start(t, certificate)
			r := redact.New()
			password := canary
			if c.password != "" {
				password = c.password
			}
			post := &contact.SMTP{Server: address, From: "me@example.com", To: both, User: "me", Password: "${env:MAIL}", TLS: c.tls, CAFile: authority}
			switch c.ca {
			case "none":
				post.CAFile = ""
			case "":
			default:
				post.CAFile = c.ca
			}
			d := drive(t, Config{
				Site: to(contact.Receiver{SMTP: post, Timeout: 500 * time.Millisecond}), Secrets: r,
				Reveal: reveal(r, map[string]string{"${env:MAIL}": password}),
			})
			if c.code == "" {
				d.does("send", "it", opts("title", "t"))
				assert.Equal(t, both, c.server.got)
				return
			}
			e := d.fails("send", "it", opts("title", "t"))
			assert.Equal(t, c.code, e.Code, e.Message)
			assert.Equal(t, c.again, e.Retryable, e.Message)
			assert.Contains(t, e.Message, c.says)
			assert.Contains(t, e.Hint, c.hint)
			assert.NotContains(t, e.Message, canary)
		})
	}
}

func TestAMailServerThatIsNotThere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	d := drive(t, Config{Site: to(contact.Receiver{SMTP: &contact.SMTP{Server: listener.Addr().String(), From: "a@b.c", To: []string{"a@b.c"}}})})
	e := d.fails("send", "it", opts("title", "t"))
	assert.Equal(t, action.CodeUnavailable, e.Code)
	assert.True(t, e.Retryable)
}

// A dry run that tried to talk to a mail server would not reach it.
func TestARefusedConnectionIsNoFailureOfTheServer(t *testing.T) {
	refused := action.Errorf(action.CodeRefused, "a dry run may only look")
	d := drive(t, Config{
		Site: to(contact.Receiver{SMTP: &contact.SMTP{Server: "127.0.0.1:1", From: "a@b.c", To: []string{"a@b.c"}}}),
		Dial: func(context.Context, string, string) (net.Conn, error) { return nil, refused },
	})
	assert.Equal(t, action.CodeRefused, d.fails("send", "it", opts("title", "t")).Code)
}

// What lets somebody in is hidden, also where a server repeats a part of it alone; what is only a word is not, or nobody could read the rest.
func TestTheSecretPartsOfAnAddress(t *testing.T) {
	for address, want := range map[string][]string{
		"https://hooks.slack.com/services/T0/B0/XXXXXXXXXXXXXXXXXXXXXXXX": {"/services/T0/B0/XXXXXXXXXXXXXXXXXXXXXXXX", "XXXXXXXXXXXXXXXXXXXXXXXX"},
		"https://status.example.com/webhooks?channel=incidents":           {"channel=incidents"},
		"https://a:password@b.example.com/x?token=0123456789abcdef":       {"0123456789abcdef", "token=0123456789abcdef", "password"},
		"no address": nil,
	} {
		assert.ElementsMatch(t, want, slices.DeleteFunc(PartsOf(address), func(s string) bool { return s == "" }), address)
	}
}

func TestWhatThisMachineCallsItself(t *testing.T) {
	for address, want := range map[string]string{"127.0.0.1": "localhost", "::1": "localhost", "10.1.2.3": "[10.1.2.3]", "2001:db8::1": "[IPv6:2001:db8::1]"} {
		assert.Equal(t, want, ourName(&net.TCPAddr{IP: net.ParseIP(address), Port: 1}))
	}
	assert.Equal(t, "localhost", ourName(&net.UnixAddr{}))
}
