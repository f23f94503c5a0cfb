//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a Prometheus may know of us.
const (
	ofAddress = "canary-ADDRESS.+=~_x"
	ofHeader  = "canary-HEADER \"q\" <&>"
	ofClient  = "canary-CLIENT.+/=~_<x>&y"
	ofToken   = "canary-ISSUED.+/=~_x"
	ofProxy   = "canary-PASSWORD-of-basic"
)

// A gossip is a Prometheus, and an issuer of tokens, that gives back who asks: in labels, in errors, in pages.
func gossip(t *testing.T) *httptest.Server {
	t.Helper()
	said := func(r *http.Request) string {
		_, password, _ := r.BasicAuth()
		return strings.Join([]string{r.Header.Get("Authorization"), password, r.Header.Get("X-Key"), noSecret}, " | ")
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		switch query := r.Form.Get("query"); {
		case r.URL.Path == "/token":
			_, password, _ := r.BasicAuth()
			if r.Form.Get("scope") == "none" {
				w.WriteHeader(http.StatusUnauthorized)
				_, _ = fmt.Fprintf(w, "no token for %s, %s", password, r.Header.Get("Authorization"))
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(map[string]any{"access_token": ofToken, "token_type": "Bearer", "expires_in": 3600})
		case query == "bad":
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]any{"status": "error", "errorType": "bad_data", "error": said(r)})
		case query == "page":
			w.Header().Set("Content-Type", "text/html")
			_, _ = fmt.Fprintf(w, "<html><body>%s%s</body></html>", strings.Repeat("x", 290), said(r)) // which the message cuts at 300
		case query == "away":
			http.Redirect(w, r, "http://elsewhere.invalid/?of="+r.Header.Get("Authorization"), http.StatusFound)
		case r.URL.Path == "/api/v1/targets":
			_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": map[string]any{"activeTargets": []any{
				map[string]any{"labels": map[string]string{"job": said(r)}, "lastError": said(r), "scrapeUrl": "http://x/?" + said(r)},
			}}})
		default:
			_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "warnings": []string{said(r)}, "data": map[string]any{
				"resultType": "vector", "result": []any{map[string]any{"metric": map[string]string{"told": said(r)}, "value": []any{1, "1"}}},
			}})
		}
	}))
	t.Cleanup(server.Close)
	return server
}

const gossiping = `local prometheus = require "prometheus"
local json = require "json"
return runbook { summary = "Ask", steps = { step("Ask", function()
  log(prometheus.query("good"))
  log(json.encode(prometheus.values { a = "good", b = "bad", c = "page" }))
  log(json.encode(prometheus.targets()))
  for _, expr in ipairs { "bad", "page", "away" } do
    local _, err = try(prometheus.query, expr)
    log(err and err.message or "?")
  end
  prometheus.query("bad")
end) } }`

// No credential for a Prometheus is in anything that a run leaves, wherever it comes from, and whoever gives it back.
func TestNoCredentialForMetricsInAnythingThatARunLeaves(t *testing.T) {
	server := gossip(t)
	withUser := strings.Replace(server.URL, "http://", "http://me:"+ofAddress+"@", 1)
	canaries := map[string]string{"address": ofAddress, "header": ofHeader, "client": ofClient, "token": ofToken, "password": ofProxy}
	header, err := json.Marshal(ofHeader)
	require.NoError(t, err)
	const headers = "http_headers: {X-Key: {secrets: [%s]}}\n"
	for name, config := range map[string]string{
		"of the address": headers,
		"basic":          headers + "basic_auth: {username: me, password_file: credential-password}\n",
		"bearer":         headers + "authorization: {credentials_file: credential-token}\n",
		"a token":        headers + "oauth2: {client_id: me, client_secret_file: credential-client, token_url: '" + server.URL + "/token'}\n",
		"no token":       headers + "oauth2: {client_id: me, client_secret_file: credential-client, scopes: [none], token_url: '" + server.URL + "/token'}\n",
		"broken":         headers + "basic_auth: " + ofProxy + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := &cage{process: newProcess(t, gossiping), said: map[string]string{}}
			c.file("credential-password", ofProxy+"\n")
			c.file("credential-token", ofToken+"\n")
			c.file("credential-client", ofClient+"\n")
			c.file("credential-http.yaml", fmt.Sprintf(config, header))
			c.file("credential-site.yaml", "prometheus: {url: '"+withUser+"', http_config: credential-http.yaml}\n")
			for _, args := range [][]string{
				{"run", "./script.lua", "--site", "./credential-site.yaml"},
				{"run", "./script.lua", "--site", "./credential-site.yaml", "--dry-run", "--out", "made.plan", "-o", "json"},
				{"run", "./script.lua", "--prometheus", withUser, "--http.config.file", "credential-http.yaml", "--record", "made.rec"},
				{"runs", "show", "last"},
			} {
				c.runs(args...)
			}
			if name == "no token" || name == "broken" {
				require.NotContains(t, c.lastErr, noSecret)
				c.keeps(canaries)
				return
			}
			c.keeps(canaries, "stdout of run ./script.lua --site", "journal.jsonl")
		})
	}
}
