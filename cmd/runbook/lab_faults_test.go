//go:build lab

package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/cmd/runbook/internal/faultproxy"
)

// A faultCase is one call of a script, made through a proxy that lets something go wrong with it.
type faultCase struct {
	name    string
	call    string // in Lua; what it returns is printed
	faults  []faultproxy.Fault
	args    []string
	got     []string // what the script prints of it: "ok VALUE", or "CODE MESSAGE HINT"
	outcome string   // of the call, as the journal has it
	done    int      // how often the server did it; for a read 0
	atMost  bool     // the server may also have been kept from it
	asked   int      // how often it was asked by that method and path, refused and lost ones included; 0 for not looked at
	pauses  time.Duration
}

// The calls.
const (
	faultList   = `#kubernetes.list("configmaps", { namespace = at.namespace, fields = "metadata.name=there" })`
	faultGet    = `kubernetes.get("configmap/there", at).data.text`
	faultCreate = `kubernetes.create({ apiVersion = "v1", kind = "ConfigMap", metadata = { name = me }, data = { text = "hello" } }, at).metadata.name == me`
	faultDelete = `kubernetes.delete("configmap/" .. me, at)`
	faultScale  = `kubernetes.scale("deployment/" .. me, 2, at)`
	faultWait   = `kubernetes.wait("configmap/there", { namespace = at.namespace, timeout = "3s", every = "100ms" }) ~= nil`
	faultLogs   = `#kubernetes.logs(pod, { tail = 2 })`
	faultRead   = `kubernetes.exec(pod, { "echo", "hello" }).stdout`
	faultExec   = `kubernetes.exec(pod, { "sh", "-c", "echo once >> " .. trace .. "; echo done" }).stdout`
)

const faultScript = `--- Makes one call that something goes wrong with.
local kubernetes = require "kubernetes"
local at, me, trace, name = { namespace = %q }, %q, %q, %q
local pod
return runbook {
  summary = "Make one call",
  may = { "kubernetes.create configmaps", "kubernetes.delete configmaps", "kubernetes.scale deployments", "kubernetes.exec pods" },
  steps = {
    step("Call", function()
      pod = name ~= "" and kubernetes.get("pod/" .. name, { namespace = "photon-mlir" })
      local got, err = try(function() return %s end)
      if err then
        log("GOT " .. err.code .. " | " .. err.message .. " | " .. tostring(err.target) .. " | " .. tostring(err.hint) .. " END")
      else
        log("GOT ok " .. tostring(got) .. " END")
      end
    end),
  },
}
`

// openFaults is the lab for runs of the program that this test is.
func openFaults(t *testing.T) lab {
	t.Helper()
	l := lab{folder: os.Getenv("RUNBOOK_LAB"), command: os.Getenv("RUNBOOK_LAB_COMMAND")}
	require.NotEmpty(t, l.folder, "start this with make test-lab")
	return l
}

// namespace makes a namespace for one test.
func (l lab) namespace(t *testing.T, prefix string) string {
	t.Helper()
	name := prefix + "-" + strings.ToLower(rand.Text()[:6])
	l.kubectl(t, "create", "namespace", name)
	t.Cleanup(func() { l.kubectl(t, "delete", "namespace", name, "--wait=false") })
	return name
}

func (l lab) kubeconfig() string { return filepath.Join(l.folder, "kubeconfig") }

// try makes the call, and compares what became of it with what should have.
func (c faultCase) try(t *testing.T, l lab, ns string) {
	proxy := faultproxy.Start(t, l.kubeconfig(), "lab-admin", c.faults...)
	me := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(c.name))
	pod, trace := "", filepath.Join(t.TempDir(), "trace")
	switch c.call {
	case faultScale:
		l.kubectl(t, "create", "deployment", me, "-n", ns, "--image=registry.example/web:1", "--replicas=1")
	case faultDelete:
		l.kubectl(t, "create", "configmap", me, "-n", ns)
	case faultExec, faultRead, faultLogs:
		pod = l.kubectl(t, "get", "pods", "-l", "app=photon-compiler", "-o", "jsonpath={.items[0].metadata.name}")
	}
	state := t.TempDir()
	script := filepath.Join(state, "script.lua")
	require.NoError(t, os.WriteFile(script, fmt.Appendf(nil, faultScript, ns, me, trace, pod, c.call), 0o600))
	site := filepath.Join(state, "site.yaml")
	require.NoError(t, os.WriteFile(site, []byte("name: lab\ncommands:\n  reads:\n    - [echo, ...]\n"), 0o600))

	began := l.auditEnd(t)
	cmd := exec.Command("runbook", append([]string{"run", script, "--yes", "--site", site}, c.args...)...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+proxy.Kubeconfig, "XDG_STATE_HOME="+state, "HOME="+state)
	out, err := cmd.CombinedOutput()
	text := string(out)
	require.NoError(t, err, text)
	require.Empty(t, proxy.Unused(), "a fault befell nothing:\n%s", text)
	_, got, _ := strings.Cut(unwrap(text), "GOT ")
	got, _, _ = strings.Cut(got, " END")
	t.Log(got)
	for _, part := range c.got {
		part = strings.ReplaceAll(part, " in faults", " in "+ns)
		part = strings.ReplaceAll(part, "-n faults", "-n "+ns)
		assert.Contains(t, got, part, text)
	}

	journals, err := filepath.Glob(filepath.Join(state, "runbook", "runs", "*", "journal.jsonl"))
	require.NoError(t, err)
	require.Len(t, journals, 1)
	records := readLines(t, journals[0], 0)
	verb, _, _ := strings.Cut(strings.TrimPrefix(c.call, "#"), "(")
	assert.Equal(t, c.outcome, outcomeOf(records, verb), text)
	done := l.did(t, verb, filepath.Base(filepath.Dir(journals[0])), trace, began)
	assert.True(t, done == c.done || c.atMost && done < c.done, "the server did it %d times, not %d:\n%s", done, c.done, text)
	if f := c.faults[0]; c.asked > 0 {
		asked := proxy.Asked(f.Match)
		assert.Len(t, asked, c.asked, "%+v", asked)
		if c.pauses > 0 {
			assert.GreaterOrEqual(t, asked[len(asked)-1].At.Sub(asked[len(asked)-2].At), c.pauses, "it was asked to slow down")
		}
	}
}

// unwrap undoes the screen's line breaks.
func unwrap(text string) string { return strings.Join(strings.Fields(text), " ") }

// outcomeOf is how the last operation of that verb ended.
func outcomeOf(records []map[string]any, verb string) string {
	status := ""
	for _, r := range records {
		call, _ := r["call"].(map[string]any)
		if outcome, ok := r["outcome"].(map[string]any); ok && call["verb"] == verb {
			status = outcome["status"].(string)
		}
	}
	return status
}

// did counts what a run really changed: by the audit log from where it began, and for a command by the trace that it left.
func (l lab) did(t *testing.T, verb, run, trace string, began int64) int {
	t.Helper()
	if verb == "kubernetes.exec" {
		text, _ := os.ReadFile(trace) // none was left
		return strings.Count(string(text), "once")
	}
	count := 0
	for _, e := range readLines(t, l.auditLog(), began) {
		agent, _ := e["userAgent"].(string)
		object, _ := e["objectRef"].(map[string]any)
		status, _ := e["responseStatus"].(map[string]any)
		if !strings.Contains(agent, run) || looks(e) || object["resource"] == "events" || e["stage"] != "ResponseComplete" {
			continue
		}
		if code, _ := status["code"].(float64); code < 300 {
			count++
		}
	}
	return count
}

func on(method, path string) faultproxy.Match { return faultproxy.Match{Method: method, Path: path} }

// nth befalls the nth request that matches, the first being 1.
func nth(n int, m faultproxy.Match, do faultproxy.Effect) []faultproxy.Fault {
	return []faultproxy.Fault{{Match: m, Skip: n - 1, Count: 1, Do: do}}
}

func always(m faultproxy.Match, do faultproxy.Effect) []faultproxy.Fault {
	return []faultproxy.Fault{{Match: m, Do: do}}
}

func TestLabFaults(t *testing.T) {
	l := openFaults(t)
	ns := l.namespace(t, "faults")
	l.kubectl(t, "create", "configmap", "there", "-n", ns, "--from-literal=text=hello")
	var (
		throttle    = faultproxy.Answer(429, "TooManyRequests", "too many requests, please try again later", time.Second)
		longer      = faultproxy.Answer(429, "TooManyRequests", "too many requests, please try again later", time.Hour)
		forbidden   = faultproxy.Answer(403, "Forbidden", "user oncall cannot do that", 0)
		conflict    = faultproxy.Answer(409, "Conflict", "the object has been modified", 0)
		notFound    = faultproxy.Answer(404, "NotFound", "the server could not find the requested resource", 0)
		gone        = faultproxy.Answer(410, "Expired", "The provided continue parameter is too old", 0)
		internal    = faultproxy.Answer(500, "InternalError", "etcdserver: request timed out", 0)
		unavailable = faultproxy.Answer(503, "ServiceUnavailable", "apiserver is shutting down", 0)
		badGateway  = faultproxy.AnswerAfter(502, "upstream prematurely closed connection")
		strange     = faultproxy.AnswerAfter(520, "web server is returning an unknown error")
		portal      = faultproxy.AnswerAfter(200, "<html>please log in</html>")

		lists    = on("GET", "/configmaps$")
		gets     = on("GET", "/configmaps/there$")
		posts    = on("POST", "/configmaps$")
		deletes  = on("DELETE", "/configmaps/")
		patches  = on("PATCH", "/scale$")
		scales   = on("GET", "/scale$")
		logs     = on("GET", "/log$")
		execs    = on("", "/exec$")
		objects  = on("GET", "/configmaps/[^/]+$")
		impolite = []string{"--request-timeout=1s"}
	)
	cases := []faultCase{
		{name: "list throttled", call: faultList, faults: nth(1, lists, throttle), got: []string{"ok 1"}, outcome: "done", asked: 2, pauses: time.Second},
		{name: "list throttled for an hour", call: faultList, faults: always(lists, longer), got: []string{"throttled | cannot list configmaps in faults: too many requests", "1h"}, outcome: "failed", asked: 1},
		{name: "list forbidden", call: faultList, faults: always(lists, forbidden), got: []string{"forbidden | cannot list configmaps in faults: user oncall cannot do that", "kubectl auth can-i list configmaps -n faults"}, outcome: "failed", asked: 1},
		{name: "list expired", call: faultList, faults: nth(1, lists, gone), got: []string{"ok 1"}, outcome: "done", asked: 2},
		{name: "list expired for ever", call: faultList, faults: always(lists, gone), got: []string{"cannot list configmaps in faults: The provided continue parameter is too old"}, outcome: "failed", asked: 3},
		{name: "list fails for a moment", call: faultList, faults: nth(1, lists, internal), got: []string{"ok 1"}, outcome: "done", asked: 2},
		{name: "list hangs", call: faultList, faults: always(lists, faultproxy.Hang), args: impolite, got: []string{"timeout | cannot list configmaps in faults: no answer in time"}, outcome: "failed", asked: 1},
		{name: "list cut in the middle", call: faultList, faults: nth(1, lists, faultproxy.CutBody), got: []string{"ok 1"}, outcome: "done", asked: 2},
		{name: "list shortened", call: faultList, faults: nth(1, lists, faultproxy.Shorten), got: []string{"ok 1"}, outcome: "done", asked: 2},

		{name: "get unavailable for a moment", call: faultGet, faults: nth(1, gets, unavailable), got: []string{"ok hello"}, outcome: "done", asked: 2},
		{name: "get unavailable", call: faultGet, faults: always(gets, unavailable), got: []string{"unavailable | cannot read configmaps/there in faults: apiserver is shutting down | "}, outcome: "failed", asked: 5},
		{name: "get of what no proxy knows", call: faultGet, faults: always(gets, notFound), got: []string{"not_found | cannot read configmaps/there in faults: the server could not find the requested resource"}, outcome: "failed", asked: 1},
		{name: "get cut off", call: faultGet, faults: nth(1, gets, faultproxy.CutAfter), got: []string{"ok hello"}, outcome: "done"},
		{name: "get cut off for ever", call: faultGet, faults: always(gets, faultproxy.CutBefore), got: []string{"unavailable | cannot read configmaps/there in faults: the connection was lost"}, outcome: "failed"},
		{name: "get shortened", call: faultGet, faults: nth(1, gets, faultproxy.Shorten), got: []string{"ok hello"}, outcome: "done", asked: 2},
		{name: "get from a portal", call: faultGet, faults: always(gets, portal), got: []string{"cannot read configmaps/there in faults: the server's answer is no JSON"}, outcome: "failed"},

		{name: "create foreseen when throttled", call: faultCreate, faults: nth(1, posts, throttle), got: []string{"ok true"}, outcome: "done", done: 1, asked: 3},
		{name: "create throttled", call: faultCreate, faults: nth(2, posts, throttle), got: []string{"ok true"}, outcome: "done", done: 1, asked: 3, pauses: time.Second},
		{name: "create forbidden at last", call: faultCreate, faults: nth(2, posts, forbidden), got: []string{"forbidden | cannot create configmaps/"}, outcome: "failed", asked: 2},
		{name: "create unavailable for a moment", call: faultCreate, faults: nth(2, posts, unavailable), got: []string{"ok true"}, outcome: "done", done: 1, asked: 3},
		{name: "create cut before", call: faultCreate, faults: nth(2, posts, faultproxy.CutBefore), got: []string{"unavailable | ", "it was not done"}, outcome: "failed", asked: 2},
		{name: "create cut after", call: faultCreate, faults: nth(2, posts, faultproxy.CutAfter), got: []string{"ok true"}, outcome: "done", done: 1, asked: 2},
		{name: "create cut in the middle", call: faultCreate, faults: nth(2, posts, faultproxy.CutBody), got: []string{"ok true"}, outcome: "done", done: 1, asked: 2},
		{name: "create shortened", call: faultCreate, faults: nth(2, posts, faultproxy.Shorten), got: []string{"ok true"}, outcome: "done", done: 1, asked: 2},
		{name: "create and a portal", call: faultCreate, faults: nth(2, posts, portal), got: []string{"ok true"}, outcome: "done", done: 1, asked: 2},
		{name: "create and a bad gateway", call: faultCreate, faults: nth(2, posts, badGateway), got: []string{"ok true"}, outcome: "done", done: 1, asked: 2},
		{name: "create and a strange gateway", call: faultCreate, faults: nth(2, posts, strange), got: []string{"ok true"}, outcome: "done", done: 1, asked: 2},
		{name: "create done and silent", call: faultCreate, faults: nth(2, posts, faultproxy.HangAfter), args: impolite, got: []string{"ok true"}, outcome: "done", done: 1, asked: 2},
		{name: "create lost while nobody looks", call: faultCreate, faults: append(nth(2, posts, faultproxy.CutAfter), faultproxy.Fault{Match: objects, Do: faultproxy.Answer(403, "Forbidden", "not now", 0)}), got: []string{"uncertain | kubernetes.create configmaps/create-lost-while-nobody-looks in faults was sent, and nobody knows whether it took effect", "look at configmaps/"}, outcome: "uncertain", done: 1, asked: 2},
		{name: "create lost while the server is away", call: faultCreate, faults: append(nth(2, posts, faultproxy.CutAfter), faultproxy.Fault{Match: objects, Count: 3, Do: unavailable}), got: []string{"ok true"}, outcome: "done", done: 1, asked: 2},

		{name: "delete throttled", call: faultDelete, faults: nth(2, deletes, throttle), got: []string{"ok true"}, outcome: "done", done: 1, asked: 3, pauses: time.Second},
		{name: "delete conflict", call: faultDelete, faults: always(deletes, conflict), got: []string{"conflict | cannot delete configmaps/delete-conflict in faults: the object has been modified"}, outcome: "failed", asked: 1},
		{name: "delete cut before", call: faultDelete, faults: nth(2, deletes, faultproxy.CutBefore), got: []string{"ok true"}, outcome: "done", done: 1, asked: 3},
		{name: "delete cut after", call: faultDelete, faults: nth(2, deletes, faultproxy.CutAfter), got: []string{"ok true"}, outcome: "done", done: 1, asked: 2},
		{name: "delete late", call: faultDelete, faults: nth(2, deletes, faultproxy.Late(objects)), got: []string{"ok true"}, outcome: "done", done: 1, asked: 3},
		{name: "delete internal error", call: faultDelete, faults: nth(2, deletes, internal), got: []string{"ok true"}, outcome: "done", done: 1, asked: 3},

		{name: "scale foreseen when hanging", call: faultScale, faults: always(patches, faultproxy.Hang), args: impolite, got: []string{"timeout | cannot scale deployments/scale-foreseen-when-hanging in faults: no answer in time"}, outcome: "failed", asked: 1},
		{name: "scale throttled", call: faultScale, faults: nth(2, patches, throttle), got: []string{"ok 1"}, outcome: "done", done: 1, pauses: time.Second},
		{name: "scale conflict", call: faultScale, faults: nth(2, patches, conflict), got: []string{"ok 1"}, outcome: "done", done: 1},
		{name: "scale cut before", call: faultScale, faults: nth(2, patches, faultproxy.CutBefore), got: []string{"ok 1"}, outcome: "done", done: 1},
		{name: "scale cut after", call: faultScale, faults: nth(2, patches, faultproxy.CutAfter), got: []string{"ok 1"}, outcome: "done", done: 1},
		{name: "scale late", call: faultScale, faults: nth(2, patches, faultproxy.Late(scales)), got: []string{"ok 1"}, outcome: "done", done: 1},
		{name: "scale shortened", call: faultScale, faults: nth(2, patches, faultproxy.Shorten), got: []string{"ok 1"}, outcome: "done", done: 1},
		{name: "scale while the pods are throttled", call: faultScale, faults: nth(1, on("GET", "/pods$"), throttle), args: []string{"--dry-run"}, got: []string{"ok 1"}, outcome: "intended", asked: 2},

		{name: "wait cut off", call: faultWait, faults: nth(1, gets, faultproxy.CutBefore), got: []string{"ok true"}, outcome: "met"},
		{name: "wait while the server is away", call: faultWait, faults: []faultproxy.Fault{{Match: gets, Count: 6, Do: unavailable}}, args: nil, got: []string{"unavailable | kubernetes.wait configmaps/there", "apiserver is shutting down"}, outcome: "failed"},
		{name: "wait for a server that hangs", call: faultWait, faults: always(gets, faultproxy.Hang), got: []string{"unavailable | kubernetes.wait configmaps/there"}, outcome: "failed", asked: 1},
		{name: "wait with an answer lost", call: faultWait, faults: nth(1, gets, faultproxy.Hang), args: impolite, got: []string{"ok true"}, outcome: "met", asked: 2},
		{name: "wait forbidden", call: faultWait, faults: always(gets, forbidden), got: []string{"forbidden | cannot wait for configmaps/there in faults: user oncall"}, outcome: "failed", asked: 1},

		{name: "logs cut in the middle", call: faultLogs, faults: nth(1, logs, faultproxy.CutBody), got: []string{"ok 2"}, outcome: "done", asked: 2},
		{name: "logs throttled", call: faultLogs, faults: nth(1, logs, throttle), got: []string{"ok 2"}, outcome: "done", asked: 2, pauses: time.Second},

		{name: "command that looks throttled", call: faultRead, faults: nth(1, execs, throttle), got: []string{"ok hello"}, outcome: "done", asked: 2, pauses: time.Second},
		{name: "command that looks cut", call: faultRead, faults: nth(1, execs, faultproxy.CutStream("hello")), got: []string{"ok hello"}, outcome: "done", asked: 2},
		{name: "command throttled", call: faultExec, faults: nth(1, execs, throttle), got: []string{"ok done"}, outcome: "done", done: 1, asked: 2, pauses: time.Second},
		{name: "command throttled by fairness", call: faultExec, faults: nth(1, execs, faultproxy.AnswerWith(429, "Too many requests, please try again later.")), got: []string{"ok done"}, outcome: "done", done: 1, asked: 2},
		{name: "command unavailable for a moment", call: faultExec, faults: nth(1, execs, unavailable), got: []string{"ok done"}, outcome: "done", done: 1, asked: 2},
		{name: "command forbidden", call: faultExec, faults: always(execs, forbidden), got: []string{"forbidden | cannot run sh -c", "user oncall cannot do that"}, outcome: "failed"},
		{name: "command cut", call: faultExec, faults: nth(1, execs, faultproxy.CutStream("done")), got: []string{"uncertain | kubernetes.exec pods/"}, outcome: "uncertain", done: 1, asked: 1},
		{name: "command cut before", call: faultExec, faults: nth(1, execs, faultproxy.CutBefore), got: []string{"uncertain | kubernetes.exec pods/"}, outcome: "uncertain", asked: 1},
		{name: "command and a bad gateway", call: faultExec, faults: always(execs, badGateway), got: []string{"uncertain | kubernetes.exec pods/", "upstream prematurely closed"}, outcome: "uncertain", atMost: true, done: 1, asked: 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // most of it is waiting
			c.try(t, l, ns)
		})
	}
}
