package httpclient

import (
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

func TestWhatAStatusMeans(t *testing.T) {
	for status, want := range map[int]action.Code{
		400: action.CodeRejected, 401: action.CodeUnauth, 403: action.CodeForbidden, 404: action.CodeNotFound, 407: action.CodeUnauth,
		409: action.CodeRejected, 422: action.CodeRejected, 429: action.CodeThrottled, 500: action.CodeUnavailable, 503: action.CodeUnavailable,
	} {
		require.Equal(t, want, CodeOf(status), status)
	}
}
