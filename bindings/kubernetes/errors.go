package kubernetes

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"runbook/engine/action"
	"runbook/engine/module"
)

// refused turns an answer of the server that is not a success into an error that says what was attempted, what the server said
// and what to type next.
func refused(r request, response *http.Response, body []byte, secrets module.Secrets) *action.Error {
	status := statusOf(body, secrets)
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		if status.Details == nil {
			status.Details = &metav1.StatusDetails{}
		}
		status.Details.RetryAfterSeconds = max(status.Details.RetryAfterSeconds, int32(min(max(seconds, 0), math.MaxInt32)))
	}
	return refusedWith(r, response.StatusCode, status)
}

func refusedWith(r request, code int, status metav1.Status) *action.Error {
	said := strings.TrimSpace(status.Message)
	if said == "" {
		said = fmt.Sprintf("HTTP status %d %s", code, http.StatusText(code))
	}
	e := action.Errorf(codeFor(r, code, status), "cannot %s: %s", r.purpose, said).On(r.target)
	e.Cause = &answer{code, status}
	if code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable && fromServer(status) || code >= 500 && !r.mutates {
		e = e.Again()
		if status.Details != nil {
			e.After = time.Duration(status.Details.RetryAfterSeconds) * time.Second
		}
	}
	return hinted(e, r)
}

// An answer is the server's own error, for the code that has to look into it.
type answer struct {
	code   int
	status metav1.Status
}

func (a *answer) Error() string { return a.status.Message }

func answerOf(err error) *answer {
	var a *answer
	if errors.As(err, &a) {
		return a
	}
	return &answer{}
}

// fromServer tells whether a failure is the API server's own answer and not that of a proxy before it.
func fromServer(status metav1.Status) bool { return status.Kind == "Status" }

// statusOf reads the Status object of a failure. A proxy's answer is none: its text becomes the message.
func statusOf(body []byte, secrets module.Secrets) metav1.Status {
	var status metav1.Status
	if json.Unmarshal(body, &status) != nil || status.Kind != "Status" {
		text, _, _ := strings.Cut(secrets.String(strings.TrimSpace(string(body))), "\n")
		return metav1.Status{Message: text[:min(len(text), 300)]}
	}
	return status
}

func codeFor(r request, code int, status metav1.Status) action.Code {
	switch code {
	case http.StatusUnauthorized:
		return action.CodeUnauth
	case http.StatusForbidden:
		return action.CodeForbidden
	case http.StatusNotFound:
		return action.CodeNotFound
	case http.StatusConflict:
		if status.Reason == metav1.StatusReasonAlreadyExists {
			return action.CodeExists
		}
		return action.CodeConflict
	case http.StatusTooManyRequests:
		return action.CodeThrottled
	}
	switch {
	case code < 500:
		return action.CodeRejected
	case code == http.StatusNotImplemented, code == http.StatusServiceUnavailable && fromServer(status):
		return action.CodeUnavailable // the API server says so before it does anything; somebody between us and it may say so afterwards
	case r.mutates:
		return action.CodeUncertain // somebody between us and the store gave up waiting; the store may still have done it
	}
	return action.CodeUnavailable
}

func hinted(e *action.Error, r request) *action.Error {
	switch e.Code {
	case action.CodeForbidden:
		return e.Try("ask whether you may: %s", canI(r))
	case action.CodeUnauth:
		return e.Try("the cluster does not know you: kubectl auth whoami; kubectl config get-contexts")
	case action.CodeThrottled:
		if e.After > 0 {
			return e.Try("the server asks to slow down; try again in %s", e.After)
		}
		return e.Try("the server asks to slow down; try again in a moment")
	}
	return e
}

func canI(r request) string {
	resource := r.target.Kind
	if _, subresource, ok := strings.Cut(r.verb, " "); ok {
		resource += " --subresource=" + subresource
	}
	verb, _, _ := strings.Cut(r.verb, " ")
	line := "kubectl auth can-i " + verb + " " + resource
	if r.target.Scope != "" {
		line += " -n " + r.target.Scope
	}
	return line
}

// broken turns a failure to get any answer into an error. Whether a change was made is unknown once a request was on its way.
func broken(ctx context.Context, r request, link *link, err error) *action.Error {
	var own *action.Error
	if errors.As(err, &own) {
		return own // the transport under the client refused it
	}
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, context.DeadlineExceeded):
		return action.Errorf(action.CodeTimeout, "cannot %s: no answer in time: %w", r.purpose, cause).On(r.target)
	case isTimeout(err) && !neverSent(err):
		return action.Errorf(action.CodeTimeout, "cannot %s: no answer in time: %w", r.purpose, plain(err)).On(r.target)
	case neverSent(err):
		return action.Errorf(action.CodeUnavailable, "cannot %s: the cluster does not answer: %s: %w", r.purpose, link.base.Host, plain(err)).
			On(r.target).Again().Try("%s", link.whereToLook())
	case r.mutates:
		return action.Errorf(action.CodeUncertain, "sent, but the connection was lost before an answer came: %s: %w", r.purpose, plain(err)).On(r.target)
	case cause != nil:
		return action.Errorf(action.CodeTimeout, "cannot %s: interrupted: %w", r.purpose, cause).On(r.target)
	}
	return action.Errorf(action.CodeUnavailable, "cannot %s: the connection was lost: %w", r.purpose, plain(err)).On(r.target).Again()
}

// plain drops the method and address that net/http puts before every error: the purpose says it better.
func plain(err error) error {
	for {
		wrapped, ok := err.(interface{ Unwrap() error })
		if !ok || !strings.Contains(fmt.Sprintf("%T", err), "url.Error") {
			return err
		}
		err = wrapped.Unwrap()
	}
}

// neverSent tells whether the request cannot have reached a server: no address, no connection, no trust.
func neverSent(err error) bool {
	var dial *net.OpError
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	switch {
	case errors.As(err, &dial) && dial.Op == "dial":
		return true
	case errors.As(err, &dns), errors.As(err, &certificate), errors.As(err, &record), errors.As(err, &authority):
		return true
	}
	return false
}

// isLoss tells whether a connection could not be made or broke by itself.
func isLoss(err error) bool {
	var own *action.Error
	var network *net.OpError
	switch {
	case errors.As(err, &own), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return false // we ended it
	case errors.As(err, &network):
		return network.Op != "remote error" // how crypto/tls says that the other side does not trust us
	}
	return !neverSent(err)
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}
