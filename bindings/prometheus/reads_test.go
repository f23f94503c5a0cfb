package prometheus

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

func itoa(n int) string { return strconv.Itoa(n) }

type wall struct {
	refuses func(*http.Request, []byte) error
	next    http.RoundTripper
}

func (w wall) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	if err := w.refuses(r, body); err != nil {
		return nil, action.Errorf(action.CodeRefused, "%s %s: %w", r.Method, r.URL.Path, err)
	}
	return w.next.RoundTrip(r)
}

func wallOf(access func() Access) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper { return wall{Reads(access), next} }
}

func TestReads(t *testing.T) {
	file := filepath.Join(t.TempDir(), "http.yaml")
	require.NoError(t, os.WriteFile(file, []byte("oauth2: {client_id: a, client_secret: b, token_url: https://login.example.com/token}\n"), 0o600))
	reads := Reads(func() Access { return Access{URL: "https://m.example.com/prom/", HTTPConfig: file} })
	const base = "https://m.example.com/prom/api/v1/"
	for request, allowed := range map[string]bool{
		"GET " + base + "query?query=up":                           true,
		"POST " + base + "query":                                   true,
		"HEAD " + base + "query":                                   true,
		"POST " + base + "query_range":                             true,
		"POST " + base + "labels":                                  true,
		"POST " + base + "series?match[]=up":                       true,
		"GET " + base + "label/job/values":                         true,
		"GET " + base + "label/U__a_20_b/values":                   true,
		"GET " + base + "alerts":                                   true,
		"GET " + base + "rules":                                    true,
		"GET " + base + "targets":                                  true,
		"GET " + base + "status/buildinfo":                         true,
		"POST " + base + "alerts":                                  false,
		"PUT " + base + "query":                                    false,
		"DELETE " + base + "series?match[]=up":                     false,
		"POST " + base + "admin/tsdb/delete_series":                false,
		"PUT " + base + "admin/tsdb/snapshot":                      false,
		"POST " + base + "write":                                   false,
		"POST " + base + "otlp/v1/metrics":                         false,
		"GET " + base + "label/a/b/values":                         false,
		"GET " + base + "label/../admin/values":                    false,
		"POST https://m.example.com/prom/-/reload":                 false,
		"POST https://m.example.com/prom/-/quit":                   false,
		"POST https://m.example.com/api/v1/query":                  false,
		"POST http://m.example.com/prom/api/v1/query":              false,
		"POST https://other.example.com/prom/api/v1/query":         false,
		"POST https://m.example.com/prom%2fapi/v1/query":           false,
		"POST https://login.example.com/token":                     true,
		"GET https://login.example.com/token":                      false,
		"POST https://login.example.com/revoke":                    false,
		"POST https://login.example.com/token grant_type=password": false,
	} {
		method, rest, _ := strings.Cut(request, " ")
		address, body, given := strings.Cut(rest, " ")
		if !given {
			body = "grant_type=client_credentials"
		}
		err := reads(httptest.NewRequest(method, address, nil), []byte(body))
		require.Equal(t, allowed, err == nil, "%s: %v", request, err)
	}
	upgrade := httptest.NewRequest(http.MethodGet, base+"query", nil)
	upgrade.Header.Set("Upgrade", "websocket")
	require.Error(t, reads(upgrade, nil))
	require.Error(t, Reads(func() Access { return Access{} })(httptest.NewRequest(http.MethodGet, base+"query", nil), nil), "of no Prometheus")
}
