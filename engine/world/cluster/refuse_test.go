package cluster

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const refusedPath = "/api/v1/namespaces/shop/pods/web-1"

func TestRefuse(t *testing.T) {
	for code, c := range map[int]struct{ message, reason string }{
		403: {`pods "web-1" is forbidden: access denied by the scenario`, "Forbidden"},
		409: {`Operation cannot be fulfilled on pods "web-1": the object has been modified; please apply your changes to the latest version and try again`, "Conflict"},
		429: {"Too many requests: please try again later", "TooManyRequests"},
		500: {"Internal error occurred: etcdserver: request timed out", "InternalError"},
		503: {"the server is currently unable to handle the request (delete pods web-1)", "ServiceUnavailable"},
		504: {"Timeout: request did not complete within the allotted timeout", "Timeout"},
	} {
		w := httptest.NewRecorder()
		Refuse(w, httptest.NewRequest(http.MethodDelete, refusedPath, nil), code, "", 1500*time.Millisecond)
		var status metav1.Status
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &status))
		require.Equal(t, code, w.Code)
		require.EqualValues(t, code, status.Code)
		require.Equal(t, c.message, status.Message)
		require.EqualValues(t, c.reason, status.Reason)
		require.EqualValues(t, 2, status.Details.RetryAfterSeconds, "whole seconds, and never too early")
		require.Equal(t, "2", w.Header().Get("Retry-After"))
		require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	}
	w := httptest.NewRecorder()
	Refuse(w, httptest.NewRequest(http.MethodGet, refusedPath, nil), 418, "no coffee", 0)
	require.Contains(t, w.Body.String(), `"message":"no coffee"`)
	require.Empty(t, w.Header().Get("Retry-After"))
}

func TestIsDryRun(t *testing.T) {
	for name, c := range map[string]struct {
		method, query, body string
		want                bool
	}{
		"a query":           {http.MethodPost, "?dryRun=All", `{"x":1}`, true},
		"a body":            {http.MethodDelete, "", `{"dryRun":["All"]}`, true},
		"neither":           {http.MethodDelete, "", `{"preconditions":{}}`, false},
		"no body":           {http.MethodDelete, "", ``, false},
		"a body of another": {http.MethodPost, "", `{"dryRun":["All"]}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, refusedPath+c.query, strings.NewReader(c.body))
			require.Equal(t, c.want, IsDryRun(r))
			left, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			require.Equal(t, c.body, string(left))
		})
	}
}
