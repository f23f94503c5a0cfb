package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/oauth2"

	"runbook/engine/action"
	"runbook/engine/httpclient"
	"runbook/engine/module"
)

// mostRead is how much of an answer is read: none of those that are asked here says much.
const mostRead = 4 << 20

// A request is one call of a server.
type request struct {
	purpose string // for "cannot …": "send to oncall"
	what    string // the server, as people call it: "Slack"
	method  string
	url     string // may be a secret
	config  string // file of the HTTP client's configuration
	header  http.Header
	body    []byte
	look    bool // it changes nothing, so that a lost answer is only one that is asked for again
}

// call makes a request and returns what came back, if that was a success.
func (b *binding) call(ctx context.Context, q request) ([]byte, error) {
	u, err := url.Parse(q.url)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, action.Errorf(action.CodeInvalid, "cannot %s: the address of %s is none, such as https://hooks.example.com/x", q.purpose, q.what)
	}
	client, err := httpclient.New(u, httpclient.Options{
		File: q.config, WrapTransport: b.WrapTransport, UserAgent: b.UserAgent, Secrets: b.Secrets,
	})
	if err != nil {
		return nil, err
	}
	defer client.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, q.method, u.String(), bytes.NewReader(q.body))
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "cannot %s: the request cannot be made: %w", q.purpose, httpclient.Plain(err))
	}
	for name, values := range q.header {
		r.Header[name] = values
	}
	if len(q.body) > 0 && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := client.Do(r)
	if err != nil {
		return nil, b.broken(ctx, q, u, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, mostRead))
	if response.StatusCode/100 == 2 && err != nil {
		return nil, b.broken(ctx, q, u, err)
	}
	if response.StatusCode/100 != 2 {
		return text, b.refused(ctx, q, response, text)
	}
	return text, nil
}

// broken is that no answer came, or half of one. What it says never has an address in it: one may be a secret.
func (b *binding) broken(ctx context.Context, q request, u *url.URL, err error) *action.Error {
	if own, ok := errors.AsType[*action.Error](err); ok {
		return own // the transport under the client refused it
	}
	lost := action.CodeUncertain
	if q.look {
		lost = action.CodeUnavailable
	}
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, context.DeadlineExceeded):
		return action.Errorf(action.CodeTimeout, "cannot %s: %s did not answer in time", q.purpose, q.what).
			Try("if it always takes so long, give it more time in the site file: timeout: 30s")
	case cause != nil:
		return action.Errorf(lost, "cannot %s: interrupted: %w", q.purpose, cause)
	}
	if token, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return action.Errorf(action.CodeUnauth, "cannot %s: no token for it: %s", q.purpose, httpclient.Status(token.Response.StatusCode, b.short(string(token.Body)))).
			Try("look at oauth2 in the HTTP client configuration")
	}
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		return action.Errorf(action.CodeInvalid, "cannot %s: a file of the HTTP client configuration cannot be read: %w", q.purpose, file)
	}
	why := b.short(httpclient.Plain(err).Error())
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return action.Errorf(action.CodeUnavailable, "cannot %s: %s is not trusted: %s", q.purpose, u.Host, why).
			Try("name its authority in the HTTP client configuration: tls_config: {ca_file: …}")
	}
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return action.Errorf(action.CodeUnavailable, "cannot %s: %s does not answer: %s: %s", q.purpose, q.what, u.Host, why).Again()
	}
	e := action.Errorf(lost, "cannot %s: the connection to %s was lost: %s", q.purpose, u.Host, why)
	if q.look {
		return e.Again()
	}
	return e
}

// refused is an answer that is no success.
func (b *binding) refused(ctx context.Context, q request, response *http.Response, text []byte) *action.Error {
	code := response.StatusCode
	e := action.Errorf(codeOf(code), "cannot %s: %s answered %s", q.purpose, q.what, httpclient.Status(code, b.short(string(text))))
	if e.Code == action.CodeThrottled || e.Code == action.CodeUnavailable {
		e = e.Again()
		if e.After = httpclient.RetryAfter(response.Header, module.OutsideOf(ctx).Now()); e.After > 0 {
			e = e.Try("it asks to be left alone for %s", e.After)
		}
	}
	if code/100 == 3 {
		e = e.Try("name the address that answers by itself")
	}
	return e
}

func codeOf(status int) action.Code {
	switch status {
	case http.StatusGone:
		return action.CodeNotFound
	case http.StatusGatewayTimeout:
		return action.CodeTimeout // somebody on the way waited, and what is behind may have taken it
	}
	return httpclient.CodeOf(status)
}

// short is a text in one line of bounded length, without secrets.
func (b *binding) short(text string) string { return httpclient.Short(text, b.Secrets.String) }

// address reads an address that may be a secret. Then its parts are as well: servers and libraries repeat them alone.
func (b *binding) address(text string) (string, error) {
	address, err := b.Reveal(text)
	if err != nil || address == text {
		return address, err
	}
	address = strings.TrimSpace(address)
	b.Secrets.Add(PartsOf(address)...)
	return address, nil
}

// shortestPart is how long a part of an address is at least that lets somebody in. A shorter one is a word, such as webhooks or incidents,
// and to hide it everywhere would hide what people must read.
const shortestPart = 16

// PartsOf are the parts of an address that is a secret which are secrets by themselves: all but where its server is, and what is only a word.
func PartsOf(address string) []string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil
	}
	path := strings.TrimRight(u.Path, "/")
	parts := []string{path, path[strings.LastIndex(path, "/")+1:]}
	for _, values := range u.Query() {
		parts = append(parts, values...)
	}
	parts = slices.DeleteFunc(parts, func(part string) bool { return len(part) < shortestPart })
	return append(parts, u.RawQuery, httpclient.PasswordIn(address))
}
