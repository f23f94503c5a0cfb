//go:build unix

package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine"
	"runbook/engine/redact/redacttest"
)

// The secrets of these tests. Those that cannot stand in a header have everything that an encoding changes.
const (
	inEnv    = "canary-ENV \"q\" \\back <&> ü€😀 +/=%41\nsecond line of it: 0123456789"
	inFile   = "canary-FILE/+=@'~!*()$#;,"
	inSecret = "canary-SECRET \"in a cluster\" \\ <ü>\n+another line, of that length"
	token    = "canary-TOKEN.+/=~_<x>&y"
	// endOfToken is in no other canary.
	endOfToken = "=~_"
	password   = "canary-PASSWORD:\"ü\\"
	// noSecret is a canary too: what does not find it where it was written finds nothing.
	noSecret = "control \"q\" \\back <&> ü€😀 +/=%41\nof the canaries"
)

// A parrot is an API server that gives back what it is told, and what it knows.
type parrot struct {
	*httptest.Server
	t     *testing.T
	tells map[string]string // canaries: each is told in every way to write it
	known []string          // the tokens that it lets in; nil for anybody

	mu      sync.Mutex      // held around all that follows, and known
	heard   map[string]bool // Authorization headers
	events  []string
	listing func() // called when somebody lists pods: the program is in the middle of a run
}

func newParrot(t *testing.T, tells map[string]string) *parrot {
	p := &parrot{t: t, tells: tells, heard: map[string]bool{}}
	mux := http.NewServeMux()
	const core = "/api/v1/namespaces/shop"
	mux.HandleFunc("GET "+core+"/configmaps/told", func(w http.ResponseWriter, r *http.Request) {
		p.answer(w, 200, configMap("told", p.told(r)))
	})
	mux.HandleFunc("GET "+core+"/configmaps/forbidden", func(w http.ResponseWriter, r *http.Request) {
		p.refuse(w, 403, strings.Join(slices.Sorted(maps.Values(p.told(r))), " "))
	})
	mux.HandleFunc("GET "+core+"/configmaps/broken", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(400)
		_, _ = fmt.Fprintf(w, "%s%s\n<html>", strings.Repeat("x", 290), p.credential(r)) // which the message cuts at 300
	})
	mux.HandleFunc("GET "+core+"/configmaps/down", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(502)
		_, _ = fmt.Fprint(w, "down for ", p.credential(r))
	})
	mux.HandleFunc("GET "+core+"/secrets/s", func(w http.ResponseWriter, _ *http.Request) { p.answer(w, 200, secretObject()) })
	mux.HandleFunc("GET "+core+"/secrets", func(w http.ResponseWriter, _ *http.Request) {
		p.answer(w, 200, map[string]any{"kind": "SecretList", "apiVersion": "v1", "items": []any{secretObject()}})
	})
	mux.HandleFunc("GET "+core+"/configmaps/template", func(w http.ResponseWriter, _ *http.Request) {
		object := configMap("template", map[string]string{"note": "it holds " + inSecret})
		object["template"] = secretObject()
		manifest, _ := json.Marshal(secretObject())
		object["metadata"].(map[string]any)["annotations"] = map[string]any{"made.from": string(manifest)}
		p.answer(w, 200, object)
	})
	mux.HandleFunc("POST "+core+"/configmaps", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var made map[string]any
		assert.NoError(t, json.Unmarshal(body, &made))
		made["metadata"].(map[string]any)["uid"] = "u7"
		p.answer(w, 201, made)
	})
	mux.HandleFunc("GET "+core+"/configmaps/made", func(w http.ResponseWriter, _ *http.Request) { p.refuse(w, 404, "none") })
	mux.HandleFunc("GET "+core+"/pods", func(w http.ResponseWriter, _ *http.Request) {
		p.mu.Lock()
		if p.listing != nil {
			p.listing()
		}
		p.mu.Unlock()
		p.answer(w, 200, map[string]any{"kind": "PodList", "apiVersion": "v1", "items": []any{}})
	})
	mux.HandleFunc("GET "+core+"/pods/web", func(w http.ResponseWriter, r *http.Request) {
		p.answer(w, 200, map[string]any{"kind": "Pod", "apiVersion": "v1",
			"metadata": map[string]any{"name": "web", "namespace": "shop", "uid": "u1", "annotations": p.told(r)},
			"spec":     map[string]any{"containers": []any{map[string]any{"name": "c"}}}})
	})
	mux.HandleFunc("GET "+core+"/pods/web/log", func(w http.ResponseWriter, r *http.Request) {
		for range 1 + len(r.URL.Query().Get("previous"))*20 { // then it is too much for one record: the journal has it in a file beside it
			for _, text := range p.told(r) {
				_, _ = fmt.Fprintln(w, text)
			}
		}
	})
	mux.HandleFunc("GET "+core+"/pods/web/exec", p.exec)
	mux.HandleFunc("POST "+core+"/events", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.events = append(p.events, string(body))
		w.WriteHeader(201)
		_, _ = w.Write(body)
	})
	mux.HandleFunc("POST /apis/authentication.k8s.io/v1/selfsubjectreviews", func(w http.ResponseWriter, _ *http.Request) {
		p.answer(w, 201, map[string]any{"status": map[string]any{"userInfo": map[string]any{"username": "somebody"}}})
	})
	mux.HandleFunc("POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews", func(w http.ResponseWriter, _ *http.Request) {
		p.answer(w, 201, map[string]any{"status": map[string]any{"allowed": true}})
	})
	p.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.heard[r.Header.Get("Authorization")] = true
		known := p.known
		p.mu.Unlock()
		w.Header().Set("X-Who", p.credential(r))
		w.Header().Set("Warning", `299 - "`+p.credential(r)+`"`)
		if known != nil && !slices.Contains(known, p.credential(r)) {
			p.refuse(w, 401, "nobody knows "+p.credential(r))
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// credential is what a request carries: a token, or a password.
func (p *parrot) credential(r *http.Request) string {
	if _, password, ok := r.BasicAuth(); ok {
		return password
	}
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// told is every canary in every way to write it, and the request's own credential.
func (p *parrot) told(r *http.Request) map[string]string {
	out := map[string]string{}
	canaries := maps.Clone(p.tells)
	canaries["credential"] = p.credential(r)
	for name, canary := range canaries {
		if canary == "" {
			continue
		}
		for way, text := range redacttest.Written(canary) {
			out[strings.ReplaceAll(name+"."+way, " ", "-")] = text
		}
	}
	return out
}

func configMap(name string, data map[string]string) map[string]any {
	return map[string]any{"kind": "ConfigMap", "apiVersion": "v1",
		"metadata": map[string]any{"name": name, "namespace": "shop", "uid": "u2"}, "data": data}
}

func secretObject() map[string]any {
	manifest, _ := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "Secret", "stringData": map[string]string{"password": inSecret}})
	return map[string]any{"kind": "Secret", "apiVersion": "v1",
		"metadata": map[string]any{"name": "s", "namespace": "shop", "uid": "u3", "annotations": map[string]string{
			"kubectl.kubernetes.io/last-applied-configuration": string(manifest)}},
		"data": map[string]string{"password": base64.StdEncoding.EncodeToString([]byte(inSecret))}}
}

func (p *parrot) answer(w http.ResponseWriter, code int, object any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	assert.NoError(p.t, json.NewEncoder(w).Encode(object))
}

func (p *parrot) refuse(w http.ResponseWriter, code int, message string) {
	p.answer(w, code, map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": message,
		"details": map[string]any{"name": "x", "kind": "x"}})
}

// exec runs a command that prints all it knows on both streams, and fails if it is told to.
func (p *parrot) exec(w http.ResponseWriter, r *http.Request) {
	connection, buffer, err := http.NewResponseController(w).Hijack()
	if !assert.NoError(p.t, err) {
		return
	}
	defer func() { _ = connection.Close() }()
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	_, _ = fmt.Fprintf(buffer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n", base64.StdEncoding.EncodeToString(sum[:]))
	said := strings.Join(slices.Sorted(maps.Values(p.told(r))), "\n")
	status := `{"kind":"Status","apiVersion":"v1","status":"Success"}`
	if r.URL.Query()["command"][0] == "fail" {
		status = `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NonZeroExitCode","message":"command terminated with exit code 7",` +
			`"details":{"causes":[{"reason":"ExitCode","message":"7"}]}}`
		said = strings.Repeat("x", 2000) + p.credential(r) + strings.Repeat("y", 490) // of which the message keeps the last 500
	}
	for channel, text := range map[byte]string{1: said, 2: said} {
		frame(buffer, channel, text)
	}
	frame(buffer, 3, status)
	_, _ = buffer.Write([]byte{0x88, 2, 3, 0xe8}) // the end, as it should be
	_ = buffer.Flush()
}

func frame(w io.Writer, channel byte, text string) {
	n := len(text) + 1
	_, _ = w.Write([]byte{0x82, 127, 0, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), channel})
	_, _ = io.WriteString(w, text)
}

// kubeconfig leads to it, for that user.
func (p *parrot) kubeconfig(user string) string {
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Certificate().Raw})
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"c",
"contexts":[{"name":"c","context":{"cluster":"c","user":"u","namespace":"shop"}}],
"clusters":[{"name":"c","cluster":{"server":%q,"certificate-authority-data":%q}}],
"users":[{"name":"u","user":%s}]}`, p.URL, base64.StdEncoding.EncodeToString(ca), user)
}

// talkative says everything that it knows wherever a script can say anything.
const talkative = `local host = require "host"
local kubernetes = require "kubernetes"
local report = require "report"
local json = require "json"

return runbook {
  summary = "Say everything",
  may = { "kubernetes.create configmaps", "kubernetes.exec pods", "host.run commands" },
  params = {
    env  = { secret = true, help = "h" },
    file = { secret = true },
    open = { type = "string" },
  },
  steps = {
    step("Look", function(run)
      kubernetes.list("pods")
      local told = kubernetes.get("configmap/told")
      run.texts = { run.params.env, run.params.file, run.params.open }
      for _, text in pairs(told.data) do run.texts[#run.texts + 1] = text end
      log(told)
      log("as text " .. tostring(told))
      for _, name in ipairs { "forbidden", "broken" } do
        local _, err = try(kubernetes.get, "configmap/" .. name)
        log(err and err.message or "?")
      end
      log(kubernetes.get("pod/web"))
      report.lines(kubernetes.logs("pod/web"), "the log")
      kubernetes.logs("pod/web", { previous = true, tail = -1 })
      report.pairs({ { "secret", json.encode(kubernetes.get("secret/s")) }, { "listed", json.encode(kubernetes.list("secrets")) },
        { "template", json.encode(kubernetes.get("configmap/template")) } })
    end),
    step("Say", function(run)
      local rows = {}
      for i, text in ipairs(run.texts) do
        log(text)
        log(string.format("%q", text))
        log({ text = text, [text] = { text } })
        rows[i] = { text = text, json = json.encode({ a = text }), number = i }
      end
      report.table(rows, { "number", "text", "json" }, { title = run.texts[1] })
      report.pairs({ { run.texts[1], run.texts[2] }, { "control", run.params.open } }, { title = run.params.open })
      local checks, charts = require("health").new(), {}
      for i, text in ipairs(run.texts) do
        checks:add(text, "degraded", text)
        charts[i] = { name = text, text = text, values = { i } }
      end
      checks:above(run.texts[1], 2, { degraded = 1, unit = run.texts[1] })
      checks:report(run.texts[1])
      checks:verdict()
      report.sparklines(charts, { title = run.texts[1], unit = run.texts[1] })
      report.bars({ { name = run.texts[1], value = 1, text = run.texts[2] } }, { title = run.texts[2], unit = run.texts[1] })
      verdict("healthy", run.texts[1])
      parallel(run.texts, { on_error = "continue" }, function(text) log("of a branch") kubernetes.get("configmap/told") end)
      for i, text in ipairs(run.texts) do
        wait_until({ name = text, timeout = "1s", every = "1s" }, function() return { text } end)
        pcall(error, text)
        local _, err = pcall(function() error({ code = text, message = text, hint = text }) end)
        log(err)
      end
    end),
    step("Do", function(run)
      kubernetes.create({ apiVersion = "v1", kind = "ConfigMap", metadata = { name = "made", labels = { text = run.params.open } },
        data = { env = run.params.env, file = run.params.file, open = run.params.open, json = json.encode(run.texts) } })
      kubernetes.exec("pod/web", { run.params.env, run.params.file, run.params.open, json.encode({ pw = run.params.env }) })
      local _, err = try(kubernetes.exec, "pod/web", { "fail" })
      log(err and err.message or "?")
      log(host.run({ "printf", "%s", run.params.env, run.params.file, run.params.open, json.encode({ pw = run.params.env }) }))
      log(host.run({ "printf", "%s", "x" .. run.params.env }, { max_output = 10 })) -- which cuts it in two
      _, err = try(host.run, { "sh", "-c", "printf %s \"$0\" >&2; exit 7", ("x"):rep(2000) .. run.params.file .. ("y"):rep(490) })
      log(err and err.message or "?")
      _, err = try(host.run, { run.params.env })
      log(err and err.message or "?")
      log(tostring(host.which(run.params.file)))
      confirm("Is it " .. run.params.env .. " or " .. run.params.file .. " or " .. run.params.open .. "?")
    end),
    step("Skip", function(run) skip(table.concat(run.texts, " ")) end),
    step("Judge", function(run)
      on_exit(function() log(table.concat(run.texts, " ")) end)
      verdict("healthy", table.concat(run.texts, " "))
    end),
  },
}
`

// raising ends as a script can: with an error, a table, or fail.
func raising(how string) string {
	return `local kubernetes = require "kubernetes"
return runbook { summary = "s", params = { env = { secret = true }, open = {} }, steps = { step("one", function(run)
  try(kubernetes.get, "configmap/told") -- which a plugin answers with another token
  local told = kubernetes.get("configmap/told")
  local all = run.params.env .. " " .. run.params.open
  for _, text in pairs(told.data) do all = all .. " " .. text end
  ` + how + `
end) } }`
}

// A cage is where canaries are kept: a process's home, and all that came out of it.
type cage struct {
	*process
	said    map[string]string // what was printed, by the command
	lastErr string            // the end of what was printed last
}

func newCage(t *testing.T, p *parrot, script, user string) *cage {
	t.Helper()
	c := &cage{process: newProcess(t, script), said: map[string]string{}}
	c.file("kubeconfig", p.kubeconfig(user))
	c.file("secret-file", inFile+"\n")
	c.cmd.Env = append(c.cmd.Env, "CANARY="+inEnv, "LANG=C.UTF-8")
	return c
}

// runs runs the program and keeps what it prints.
func (c *cage) runs(args ...string) int {
	c.t.Helper()
	cmd := exec.Command("runbook", args...)
	cmd.Dir, cmd.Env = c.home, c.cmd.Env
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	watch := time.AfterFunc(deadline, func() { _ = cmd.Process.Kill() })
	defer watch.Stop()
	failed := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](failed); failed != nil && !ok {
		require.NoError(c.t, exit)
	}
	name := strings.Join(args, " ")
	c.said["stdout of "+name], c.said["stderr of "+name] = out.String(), err.String()
	both := out.String() + err.String()
	c.lastErr = both[max(0, len(both)-2000):]
	return cmd.ProcessState.ExitCode()
}

var given = []string{"-p", "env=${env:CANARY}", "-p", "file=${file:secret-file}", "-p", "open=" + noSecret}

// all is everything that was printed and written, without what the test itself wrote.
func (c *cage) all() map[string]string {
	c.t.Helper()
	all := maps.Clone(c.said)
	require.NoError(c.t, filepath.WalkDir(c.home, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(c.home, path)
		if err != nil || slices.Contains([]string{"kubeconfig", "secret-file", "plugin"}, name) || strings.HasPrefix(name, "credential") {
			return err
		}
		text, err := os.ReadFile(path)
		all[name] = string(text)
		return err
	}))
	return all
}

// keeps asserts that none of the canaries can be read in anything, and that what is no secret can be read in those places: a search
// that does not find it finds nothing.
func (c *cage) keeps(canaries map[string]string, places ...string) {
	c.t.Helper()
	all := c.all()
	searched := maps.Clone(canaries)
	searched["control"] = noSecret
	var shown []string
	for _, place := range slices.Sorted(maps.Keys(all)) {
		found := redacttest.FindAll(all[place], searched)
		if _, ok := found["control"]; ok {
			shown = append(shown, place)
			delete(found, "control")
		}
		for name, how := range found {
			c.t.Errorf("the canary %s can be read in %s: %s", name, place, how)
		}
		for _, part := range []string{"canary-", endOfToken} { // of one that was cut
			if at := strings.Index(all[place], part); at >= 0 {
				c.t.Errorf("a part of a canary can be read in %s: …%s", place, all[place][max(0, at-200):min(len(all[place]), at+60)])
			}
		}
	}
	for _, want := range places {
		assert.True(c.t, slices.ContainsFunc(shown, func(place string) bool { return strings.Contains(place, want) }),
			"the control canary is nowhere in %q, only in %q", want, shown)
	}
}

func secrets() map[string]string {
	return map[string]string{"env": inEnv, "file": inFile, "secret": inSecret, "token": token, "password": password}
}

func told() map[string]string {
	return map[string]string{"env": inEnv, "file": inFile, "control": noSecret}
}

func TestNoSecretInAnythingThatARunLeaves(t *testing.T) {
	p := newParrot(t, told())
	c := newCage(t, p, talkative, fmt.Sprintf(`{"token":%q}`, token))
	ps := map[string]string{}
	p.mu.Lock()
	p.listing = func() { maps.Copy(ps, commandLines()) }
	p.mu.Unlock()
	with := func(args ...string) []string { return append(args, given...) }

	require.Equal(t, engine.ExitDone, c.runs(with("run", "./script.lua", "--dry-run", "--out", "the.plan", "--record", "dry.rec")...), "%v", c.lastErr)
	require.Equal(t, engine.ExitDone, c.runs(with("run", "./script.lua", "--dry-run", "-o", "json")...), "%v", c.lastErr)
	require.Equal(t, engine.ExitDone, c.runs(with("run", "./script.lua", "--yes", "--record", "real.rec")...), "%v", c.lastErr)
	require.Equal(t, engine.ExitDone, c.runs("apply", "the.plan", "--record", "applied.rec"), "%v", c.lastErr)
	c.runs("runs")
	c.runs("runs", "-o", "json")
	for _, o := range []string{"text", "json"} {
		require.Equal(t, engine.ExitDone, c.runs("runs", "show", "last", "-o", o))
	}
	for _, rec := range []string{"dry.rec", "real.rec", "applied.rec"} {
		c.runs("replay", rec)
	}
	c.runs("show", "the.plan")
	c.runs("show", "./script.lua")
	c.runs("__complete", "run", "./script.lua", "-p", "env=")

	p.mu.Lock()
	defer p.mu.Unlock()
	canaries := secrets()
	c.keeps(canaries, "stdout of run ./script.lua --dry-run --out", "stdout of run ./script.lua --dry-run -o json", "journal.jsonl", "results/", "the.plan", "/plan",
		"dry.rec", "real.rec", "applied.rec", "stdout of apply", "stdout of runs show last -o text", "stdout of runs show last -o json", "stdout of replay dry.rec")
	for name, canary := range canaries {
		for line, text := range ps {
			assert.Empty(t, redacttest.Find(text, canary), "%s, in ps: %s", name, line)
		}
	}
	if len(ps) > 0 { // there is a /proc
		assert.NotEmpty(t, redacttest.Find(strings.Join(slices.Collect(maps.Values(ps)), "\n"), noSecret), "the control canary, in ps")
	}
	require.NotEmpty(t, p.events)
	for _, event := range p.events {
		for name, canary := range canaries {
			assert.Empty(t, redacttest.Find(event, canary), "%s, in an event", name)
		}
	}
	assert.True(t, p.heard["Bearer "+token], "the token was used")
}

// commandLines are the command lines of all processes, where there is a /proc.
func commandLines() map[string]string {
	out := map[string]string{}
	found, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range found {
		if text, err := os.ReadFile(path); err == nil {
			out[path] = strings.ReplaceAll(string(text), "\x00", " ")
		}
	}
	return out
}

func TestNoSecretInHowARunEnds(t *testing.T) {
	p := newParrot(t, map[string]string{"env": inEnv, "control": noSecret})
	for _, how := range []string{
		`error(all)`, `error({ message = all, hint = all, code = all })`, `fail(all, all)`, `error(told)`, `log(nil .. all)`,
		`kubernetes.get("configmap/forbidden")`, `kubernetes.get("configmap/broken")`, `kubernetes.get("configmap/down")`, `on_exit(function() error(all) end)`, `verdict("down", all)`, `confirm(all)`,
		`wait_until({ name = all, timeout = "1ms", every = "1ms" }, function() end)`, `kubernetes.exec("pod/web", { all })`,
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			c := newCage(t, p, raising(how), fmt.Sprintf(`{"token":%q}`, token))
			for _, flags := range [][]string{{}, {"--dry-run", "-o", "json"}} {
				c.runs(append([]string{"run", "./script.lua", "-p", "env=${env:CANARY}", "-p", "open=" + noSecret}, flags...)...)
			}
			c.runs("runs", "show", "last")
			c.keeps(secrets(), "stdout of run", "journal.jsonl")
		})
	}
}

// Each kind of user that a kubeconfig can hold, against a server that gives the credential back in every way.
func TestNoCredentialInAnythingThatARunLeaves(t *testing.T) {
	key := clientKey(t)
	plugin := `{"exec":{"apiVersion":"client.authentication.k8s.io/v1","command":"./plugin","interactiveMode":"Never",
"env":[{"name":"LOGIN","value":"canary-LOGIN of a plugin"}]}}`
	for _, c := range []struct {
		name, user string
		canaries   map[string]string
		files      map[string]string
		known      []string // what the server lets in
		sent       string   // the header that proves that it was used
	}{
		{name: "token", user: fmt.Sprintf(`{"token":%q}`, token), canaries: map[string]string{"token": token}, sent: "Bearer " + token},
		{name: "token file", user: `{"tokenFile":"credential"}`, canaries: map[string]string{"token": token}, sent: "Bearer " + token,
			files: map[string]string{"credential": token + "\n"}},
		{name: "password", user: fmt.Sprintf(`{"username":"u","password":%q}`, password), canaries: map[string]string{"password": password},
			sent: "Basic " + base64.StdEncoding.EncodeToString([]byte("u:"+password))},
		{name: "client key", user: fmt.Sprintf(`{"client-certificate-data":%q,"client-key-data":%q}`, b64(key.certificate), b64(key.key)),
			canaries: map[string]string{"key": key.key, "a line of it": key.line}},
		{name: "client key in files", user: `{"client-certificate":"credential.crt","client-key":"credential.key"}`,
			canaries: map[string]string{"key": key.key, "a line of it": key.line},
			files:    map[string]string{"credential.crt": key.certificate, "credential.key": key.key}},
		{name: "plugin", user: plugin, canaries: map[string]string{"token": token, "login": "canary-LOGIN of a plugin"}, sent: "Bearer " + token,
			files: map[string]string{"credential.1": token, "credential.2": token}},
		{name: "plugin whose token is exchanged", user: plugin, canaries: map[string]string{"token": token, "second": token + "-SECOND"},
			files: map[string]string{"credential.1": token, "credential.2": token + "-SECOND"}, known: []string{token + "-SECOND"},
			sent: "Bearer " + token + "-SECOND"},
		{name: "plugin that nobody knows", user: plugin, canaries: map[string]string{"token": token},
			files: map[string]string{"credential.1": token, "credential.2": token}, known: []string{}, sent: "Bearer " + token},
		{name: "impersonation", user: fmt.Sprintf(`{"token":%q,"as":"somebody"}`, token), canaries: map[string]string{"token": token}, sent: "Bearer " + token},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tells := maps.Clone(c.canaries)
			if c.name == "plugin" || strings.HasPrefix(c.name, "plugin ") {
				delete(tells, "second") // it cannot know what it has not seen
				delete(tells, "token")
			}
			delete(tells, "a line of it")
			tells["control"] = noSecret
			p := newParrot(t, tells)
			p.mu.Lock()
			p.known = c.known
			p.mu.Unlock()
			cage := newCage(t, p, raising("log(all) log(kubernetes.get('pod/web')) log(kubernetes.logs('pod/web')) log(kubernetes.exec('pod/web', {'env'}))"+
				" local _, err = try(kubernetes.get, 'configmap/forbidden') log(err) kubernetes.get('configmap/broken')"), c.user)
			cage.file("runbook.yaml", "name: s\ncommands: { reads: [[env]] }\n")
			for name, text := range c.files {
				cage.file(name, text)
			}
			writePlugin(t, cage.home)
			for _, flags := range [][]string{{}, {"--dry-run", "-o", "json", "--record", "rec"}} {
				args := append([]string{"run", "./script.lua", "-p", "env=${env:CANARY}", "-p", "open=" + noSecret}, flags...)
				require.Equal(t, engine.ExitFailed, cage.runs(args...), "%v", cage.lastErr)
				require.NoError(t, os.RemoveAll(filepath.Join(cage.home, "credential.asked")))
			}
			places := []string{"journal.jsonl"}
			if len(c.known) > 0 || c.known == nil {
				places = append(places, "stdout of run", "rec")
			}
			cage.keeps(c.canaries, places...)
			if c.sent != "" {
				p.mu.Lock()
				defer p.mu.Unlock()
				assert.True(t, p.heard[c.sent], "it was not used: %v", p.heard)
			}
		})
	}
}

func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// writePlugin writes a credential plugin: it prints the token in credential.1 the first time, and in credential.2 from then on.
func writePlugin(t *testing.T, home string) {
	t.Helper()
	const text = `#!/bin/sh
n=1
[ -e credential.asked ] && n=2
: > credential.asked
printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}' "$(cat credential.$n)"
`
	require.NoError(t, os.WriteFile(filepath.Join(home, "plugin"), []byte(text), 0o700))
}

type keyPair struct{ certificate, key, line string }

func clientKey(t *testing.T) keyPair {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "u"}, NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	key, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	return keyPair{
		certificate: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})),
		key:         strings.TrimSpace(text), line: strings.Split(text, "\n")[1],
	}
}

// What is on a command line is seen by everybody: a secret there is refused, and not repeated.
func TestASecretOnTheCommandLineIsRefusedAndNotRepeated(t *testing.T) {
	p := newParrot(t, nil)
	c := newCage(t, p, raising("log(all)"), `{}`)
	for _, param := range []string{"env=canary-PLAIN", "env=${canary-PLAIN}", "canary-PLAIN", "nothing=canary-PLAIN", "env=${env:NONE}canary-PLAIN"} {
		assert.Equal(t, engine.ExitUsage, c.runs("run", "./script.lua", "-p", param, "-p", "open="+noSecret))
		c.runs("__complete", "run", "./script.lua", "-p", param)
		c.runs("__complete", "run", "./script.lua", "-p", param, "-p", "")
	}
	for name, text := range c.all() { // the names are the command lines themselves
		assert.NotContains(t, text, "canary-", name)
	}
	assert.NoDirExists(t, filepath.Join(c.home, "state", "runbook", "runs"))
}
