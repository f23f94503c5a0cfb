package prometheus

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"strings"

	"golang.org/x/oauth2"

	"runbook/engine/action"
	"runbook/engine/httpclient"
	"runbook/engine/module"
)

// explain turns a failure into an error that says what was attempted, what came back and what to type next.
func (b *binding) explain(ctx context.Context, link *link, q question, a *answer, err error) *action.Error {
	switch {
	case a.response == nil || a.err != nil:
		return b.broken(ctx, link, q, err).On(q.target)
	case a.response.StatusCode/100 == 2 && !a.refuses():
		return b.garbled(link, q, a, err).On(q.target)
	}
	return b.refused(ctx, link, q, a).On(q.target)
}

// broken is that no answer came, or half of one.
func (b *binding) broken(ctx context.Context, link *link, q question, err error) *action.Error {
	if own, ok := errors.AsType[*action.Error](err); ok {
		return own // the transport under the client refused it
	}
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, context.DeadlineExceeded):
		return action.Errorf(action.CodeTimeout, "cannot %s: no answer in time: %w", q.purpose, cause).
			Try(`ask for less, or give it longer: { timeout = "5m" }`)
	case cause != nil:
		return action.Errorf(action.CodeTimeout, "cannot %s: interrupted: %w", q.purpose, cause)
	}
	if token, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		said := b.short(string(token.Body))
		return action.Errorf(action.CodeUnauth, "cannot %s: no token for it: %s", q.purpose, httpclient.Status(token.Response.StatusCode, said)).
			Try("look at oauth2 in the HTTP client configuration")
	}
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		return action.Errorf(action.CodeInvalid, "cannot %s: a file of the HTTP client configuration cannot be read: %w", q.purpose, file)
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return action.Errorf(action.CodeUnavailable, "cannot %s: %s is not trusted: %w", q.purpose, link.base.Host, httpclient.Plain(err)).
			Try("name its authority in the HTTP client configuration: tls_config: {ca_file: …}")
	}
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return action.Errorf(action.CodeUnavailable, "cannot %s: Prometheus does not answer: %s: %w", q.purpose, link.base.Host, httpclient.Plain(err)).
			Again().Try("look at its address: %s", link.where())
	}
	return action.Errorf(action.CodeUnavailable, "cannot %s: the connection to %s was lost: %w", q.purpose, link.base.Host, httpclient.Plain(err)).Again()
}

// garbled is a successful answer that cannot be read.
func (b *binding) garbled(link *link, q question, a *answer, err error) *action.Error {
	if isPage(a) {
		return action.Errorf(action.CodeUnavailable, "cannot %s: a page came back, and no answer of Prometheus: %s", q.purpose, b.short(string(a.body))).
			Try("look what is at %s: a proxy that wants a login, or a prefix that is missing", link.where())
	}
	return action.Errorf(action.CodeUnavailable, "cannot %s: the answer cannot be read: %s", q.purpose, b.short(err.Error())).Again().
		Try("it is cut short, or is not Prometheus's: look what is at %s", link.where())
}

// envelope is the part of an answer that says what went wrong.
type envelope struct {
	Status    string `json:"status"`
	ErrorType string `json:"errorType"`
	Error     string `json:"error"`
}

func (a *answer) envelope() (e envelope) {
	_ = json.Unmarshal(a.body, &e) // what is none has none
	return e
}

// refuses tells whether an answer says itself that it is none.
func (a *answer) refuses() bool { return a.envelope().Status == "error" }

// refused is an answer that is not a success.
func (b *binding) refused(ctx context.Context, link *link, q question, a *answer) *action.Error {
	said, code := a.envelope(), a.response.StatusCode
	message := b.short(said.Error)
	if said.Error == "" {
		message = httpclient.Status(code, b.short(string(a.body)))
	}
	e := action.Errorf(codeOf(code, said), "cannot %s: %s", q.purpose, message)
	switch e.Code {
	case action.CodeThrottled, action.CodeUnavailable:
		e = e.Again()
		if e.After = httpclient.RetryAfter(a.response.Header, module.OutsideOf(ctx).Now()); e.After > 0 {
			e = e.Try("the server asks to slow down; try again in %s", e.After)
		}
	case action.CodeTimeout:
		e = e.Try(`ask for less, or give it longer: { timeout = "5m" }`)
	case action.CodeUnauth, action.CodeForbidden:
		e = e.Try("give credentials in Prometheus's own HTTP client configuration: prometheus.http_config in the site file, or --http.config.file")
	case action.CodeNotFound:
		e = e.Try("look at the address, and at the prefix of its paths: %s", link.where())
	}
	if to := a.response.Header.Get("Location"); code/100 == 3 && to != "" {
		e.Message += ": it sends us to " + b.short(WithoutUser(stripped(to)))
		e = e.Try("name the address that answers by itself, or give credentials: --prometheus, --http.config.file")
	}
	return e
}

// codeOf says what kind of failure an answer is.
func codeOf(code int, said envelope) action.Code {
	switch {
	case (code == http.StatusServiceUnavailable || code == http.StatusGatewayTimeout) && said.ErrorType == "timeout":
		return action.CodeTimeout
	case code/100 == 3: // to where one logs in
		return action.CodeUnauth
	}
	return httpclient.CodeOf(code)
}

func isPage(a *answer) bool {
	return strings.HasPrefix(a.response.Header.Get("Content-Type"), "text/html") || strings.HasPrefix(strings.TrimSpace(string(a.body)), "<")
}

// short is a text in one line of bounded length, without secrets.
func (b *binding) short(text string) string { return httpclient.Short(text, b.Secrets.String) }

// stripped is an address without what is asked of it, which may be a credential on its way.
func stripped(address string) string {
	address, _, _ = strings.Cut(address, "?")
	return address
}
