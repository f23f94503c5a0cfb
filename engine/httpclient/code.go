package httpclient

import (
	"net/http"

	"runbook/engine/action"
)

// CodeOf says what kind of failure an HTTP status is, where its server does not say it better.
func CodeOf(status int) action.Code {
	switch status {
	case http.StatusUnauthorized, http.StatusProxyAuthRequired:
		return action.CodeUnauth
	case http.StatusForbidden:
		return action.CodeForbidden
	case http.StatusNotFound:
		return action.CodeNotFound
	case http.StatusTooManyRequests:
		return action.CodeThrottled
	}
	if status >= http.StatusInternalServerError {
		return action.CodeUnavailable
	}
	return action.CodeRejected
}
