package s3

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"runbook/engine/action"
	"runbook/engine/httpclient"
	"runbook/engine/module"
)

// A question is one call to the store, with what an error message needs to say about it.
type question struct {
	purpose string // for "cannot …": "put s3://b/k"
	target  action.Target
	needs   string // the permission that it takes: "s3:GetObject"
	changes bool   // it changes something: when its answer is lost, nobody knows whether it did
}

// explain turns a failure into an error that says what was attempted, what came back and what to type next.
func (b *binding) explain(ctx context.Context, l *link, q question, err error) *action.Error {
	if own, ok := errors.AsType[*action.Error](err); ok {
		out := *own // of the transport under the client, or of the credentials
		if !strings.HasPrefix(out.Message, "cannot "+q.purpose) && out.Code != action.CodeRefused {
			out.Message = "cannot " + q.purpose + ": " + out.Message
		}
		return out.On(q.target)
	}
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && response.Response != nil && response.HTTPStatusCode() >= http.StatusMultipleChoices {
		return b.refused(ctx, l, q, response).On(q.target)
	}
	return b.broken(ctx, l, q, err).On(q.target)
}

// broken is that no answer came, or half of one.
func (b *binding) broken(ctx context.Context, l *link, q question, err error) *action.Error {
	lost := func(code action.Code, format string, args ...any) *action.Error {
		if q.changes {
			return action.Errorf(action.CodeUncertain, format, args...)
		}
		e := action.Errorf(code, format, args...)
		if code == action.CodeUnavailable {
			e = e.Again()
		}
		return e
	}
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, context.DeadlineExceeded):
		return lost(action.CodeTimeout, "cannot %s: no answer in time: %w", q.purpose, cause).Try("look whether %s answers", l.where())
	case cause != nil:
		return lost(action.CodeTimeout, "cannot %s: interrupted: %w", q.purpose, cause)
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return action.Errorf(action.CodeUnavailable, "cannot %s: %s is not trusted: %w", q.purpose, l.where(), plain(err)).
			Try("name its authority with ca_bundle in the AWS profile, or AWS_CA_BUNDLE")
	}
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return action.Errorf(action.CodeUnavailable, "cannot %s: the object store does not answer: %w", q.purpose, plain(err)).
			Again().Try("look at its address: %s", l.where())
	}
	if strings.Contains(err.Error(), "checksum did not match") {
		return action.Errorf(action.CodeUnavailable, "cannot %s: what came is not what is stored: %w", q.purpose, plain(err)).Again()
	}
	return lost(action.CodeUnavailable, "cannot %s: the connection to %s was lost: %s", q.purpose, l.where(), b.Secrets.String(plain(err).Error()))
}

// plain is what went wrong below all that the SDK and net/http put before it: an address may hold credentials.
func plain(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	if sent, ok := errors.AsType[*smithyhttp.RequestSendError](err); ok {
		return sent.Err
	}
	if operation, ok := errors.AsType[*smithy.OperationError](err); ok {
		return operation.Err
	}
	return err
}

// refused is an answer that is not a success.
func (b *binding) refused(ctx context.Context, l *link, q question, response *smithyhttp.ResponseError) *action.Error {
	status, said, message := response.HTTPStatusCode(), "", ""
	if api, ok := errors.AsType[smithy.APIError](response); ok {
		said, message = own(status, api)
	}
	code := codeOf(status, said)
	switch {
	case wordless(response, status):
		code, said = action.CodeUnauth, ""
	case q.changes && code == action.CodeUnavailable && status >= http.StatusInternalServerError && (status != http.StatusServiceUnavailable || message == ""):
		code = action.CodeUncertain // what broke, or gave up waiting in between, may have done it; a store that is away says so
	}
	e := action.Errorf(code, "cannot %s: %s", q.purpose, b.Secrets.String(worded(status, said, message)))
	switch code {
	case action.CodeUncertain:
		return e.Try("it may have been done: look before it is done again, as with s3.head or s3.list")
	case action.CodeThrottled, action.CodeUnavailable:
		e = e.Again()
		if e.After = httpclient.RetryAfter(response.Response.Header, module.OutsideOf(ctx).Now()); e.After > 0 {
			e = e.Try("the store asks to slow down; try again in %s", e.After)
		}
	case action.CodeForbidden:
		return e.Try("the profile %s needs the permission %s", l.settings.Profile, q.needs)
	case action.CodeUnauth:
		return b.unknown(ctx, l, e, response, said)
	case action.CodeNotFound:
		if said == "NoSuchBucket" {
			return e.Try("see which buckets there are: s3.buckets()")
		}
	case action.CodeInvalid:
		if region := response.Response.Header.Get("X-Amz-Bucket-Region"); region != "" {
			return e.Try("the bucket is in the region %s: write it into the site file (s3: {region: %s})", region, region)
		}
		return e.Try("look at the region: s3.region in the site file, or AWS_REGION")
	}
	return e
}

// wordless tells whether an answer is what AWS says to a HEAD whose credentials are over: 400, and nothing more. One about the region names it.
func wordless(response *smithyhttp.ResponseError, status int) bool {
	r := response.Response.Request
	return status == http.StatusBadRequest && r != nil && r.Method == http.MethodHead && response.Response.Header.Get("X-Amz-Bucket-Region") == ""
}

// unknown is that the store does not know who asks. Credentials that were renewed meanwhile are worth another try.
func (b *binding) unknown(ctx context.Context, l *link, e *action.Error, response *smithyhttp.ResponseError, said string) *action.Error {
	if said == "RequestTimeTooSkewed" {
		return e.Try("set the clock of this machine: date -u shows what it says")
	}
	if l.renewed(ctx, response.Response.Request) {
		return e.Again()
	}
	return e.Try("get new credentials for the profile %s: %s", l.settings.Profile, l.settings.Renew)
}

// own are the code and the words of a store itself: of an answer without, the SDK makes them of the status.
func own(status int, said smithy.APIError) (code, message string) {
	code, message = said.ErrorCode(), strings.TrimSpace(said.ErrorMessage())
	text := http.StatusText(status)
	if message == text || code == "UnknownError" {
		message = ""
	}
	if message == "" && (code == "UnknownError" || code == strings.ReplaceAll(text, " ", "")) {
		code = ""
	}
	return code, message
}

// worded is what the store says. A HEAD has no words of its own.
func worded(status int, code, message string) string {
	text := fmt.Sprintf("HTTP status %d %s", status, http.StatusText(status))
	switch {
	case message != "":
		return code + ": " + message
	case code != "":
		return code + ": " + text
	}
	return text
}

// byCode is what kind of failure the store's own codes are.
var byCode = map[string]action.Code{
	"ExpiredToken": action.CodeUnauth, "ExpiredTokenException": action.CodeUnauth, "InvalidToken": action.CodeUnauth, "TokenRefreshRequired": action.CodeUnauth,
	"InvalidAccessKeyId": action.CodeUnauth, "SignatureDoesNotMatch": action.CodeUnauth, "RequestTimeTooSkewed": action.CodeUnauth,
	"RequestExpired": action.CodeUnauth, "InvalidClientTokenId": action.CodeUnauth,
	"SlowDown": action.CodeThrottled, "Throttling": action.CodeThrottled, "ThrottlingException": action.CodeThrottled,
	"RequestLimitExceeded": action.CodeThrottled, "TooManyRequests": action.CodeThrottled, "RequestThrottled": action.CodeThrottled,
	"RequestTimeout": action.CodeUnavailable, "InternalError": action.CodeUnavailable, "OperationAborted": action.CodeUnavailable,
	"BadDigest": action.CodeUnavailable, "XAmzContentSHA256Mismatch": action.CodeUnavailable, "IncompleteBody": action.CodeUnavailable,
	"AuthorizationHeaderMalformed": action.CodeInvalid, "PermanentRedirect": action.CodeInvalid, "TemporaryRedirect": action.CodeInvalid,
	"IllegalLocationConstraintException": action.CodeInvalid,
	"PreconditionFailed":                 action.CodeConflict, "ConditionalRequestConflict": action.CodeConflict,
}

// codeOf says what kind of failure an answer is.
func codeOf(status int, said string) action.Code {
	if code, known := byCode[said]; known {
		return code
	}
	switch {
	case status == http.StatusConflict, status == http.StatusPreconditionFailed:
		return action.CodeConflict
	case status == http.StatusNotImplemented:
		return action.CodeRejected
	case status == http.StatusRequestTimeout:
		return action.CodeUnavailable
	case status/100 == 3:
		return action.CodeInvalid
	}
	return httpclient.CodeOf(status)
}

// isCut tells whether an answer ended before its end: what came of it is right, and the rest can be asked for.
func isCut(err error) bool {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	read, ok := errors.AsType[*net.OpError](err)
	return ok && read.Op == "read"
}
