//go:build unix

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What a receiver may know of us.
const (
	ofWebhook = "canary-HOOK.+=~_x"
	ofPager   = "canary-PAGER-key-1234"
	ofMailbox = "canary-MAILBOX pass<&>"
	ofBearer  = "canary-BEARER.+/=~_x"
)

// A tattler is a receiver that gives back where it was called, who called, and with what: as Slack, PagerDuty and other servers do in
// errors.
func tattler(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, "%s | %s | %s | %s | %s", noSecret, r.URL, r.URL.Path, r.Header.Get("Authorization"), body)
	}))
	t.Cleanup(server.Close)
	return server
}

const tattling = `local notify = require "notify"
local json = require "json"
return runbook { summary = "Tell", may = { "notify.send receivers", "notify.trigger incidents", "notify.silence silences" }, steps = { step("Tell", function()
  log([==[CONTROL]==])
  for _, r in ipairs(notify.receivers()) do log(json.encode(notify.send(r.name, { title = "t", text = "NO-SECRET" }))) end
  log(json.encode(notify.trigger("pager", "k", { title = "t" })))
  local _, err = try(notify.silence, { a = "b" }, { lasts = "1m", comment = "c" })
  log(err and err.message or "?")
  notify.send("hook", { title = "t", required = true })
end) } }`

// No secret of a receiver is in anything that a run leaves, whatever goes wrong with it, and whoever gives it back.
func TestNoSecretOfAReceiverInAnythingThatARunLeaves(t *testing.T) {
	server := tattler(t)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	canaries := map[string]string{"webhook": ofWebhook, "pager": ofPager, "mailbox": ofMailbox, "bearer": ofBearer}
	const ofHTTP = `
alertmanager: {url: '%[1]s'}
notify:
  receivers:
    slack: {slack: {url: '${file:credential-slack}'}}
    pager: {pagerduty: {url: '%[1]s/v2/enqueue', routing_key: '${file:credential-pager}'}}
    hook: {webhook: {url: '%[1]s/x/${file:credential-slack}', headers: {Authorization: 'Bearer ${file:credential-bearer}'}}}
    alerts: {alertmanager: {}}
`
	const unreachable = `
notify:
  receivers:
    slack: {slack: {url: '${file:credential-slack}'}}
    mail: {smtp: {server: '127.0.0.1:1', from: a@example.com, to: [a@example.com], user: a, password: '${file:credential-mail}'}}
`
	for name, c := range map[string]struct{ base, site string }{
		"a server that tells": {server.URL, fmt.Sprintf(ofHTTP, server.URL)}, "nobody there": {gone.URL, unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			cage := &cage{process: newProcess(t, strings.Replace(tattling, "CONTROL", noSecret, 1)), said: map[string]string{}}
			cage.file("credential-slack", c.base+"/services/T0/B0/"+ofWebhook+"?token="+ofWebhook+"\n")
			cage.file("credential-pager", ofPager+"\n")
			cage.file("credential-mail", ofMailbox+"\n")
			cage.file("credential-bearer", ofBearer+"\n")
			cage.file("credential-site.yaml", c.site)
			for _, args := range [][]string{
				{"run", "./script.lua", "--site", "./credential-site.yaml", "--yes", "--record", "made.rec"},
				{"run", "./script.lua", "--site", "./credential-site.yaml", "--dry-run", "--out", "made.plan", "-o", "json"},
				{"runs", "show", "last"},
			} {
				cage.runs(args...)
			}
			cage.keeps(canaries, "stdout of run ./script.lua --site", "journal.jsonl")
		})
	}
}
