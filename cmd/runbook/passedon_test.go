//go:build unix

package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine"
)

// inNames is in a Secret and looks like a name, so nobody looks for it elsewhere: only its type keeps it.
const inNames = "canary-ordinary.example.com"

// passing shows values of Secrets in every way that there is, and passes them on.
const passing = `local kubernetes = require "kubernetes"
local report = require "report"
local json = require "json"
local yaml = require "yaml"

return runbook {
  summary = "Pass on",
  may = { "kubernetes.create configmaps", "kubernetes.create secrets" },
  params = { open = { type = "string" } },
  steps = {
    step("Say", function(run)
      local host = kubernetes.secret("names").host
      log(run.params.open)
      log(kubernetes.secret("names"))
      log(host)
      log("it is " .. tostring(host) .. string.format(" %s", host))
      log({ host = host, list = { host } })
      log(json.encode({ host = host }) .. yaml.encode({ host = host }))
      report.table({ { a = host, b = { host } } }, { "a", "b" })
      report.pairs({ { "host", host } }, { title = tostring(host) })
      parallel({ host }, function(h) log(h) end)
      for _, broken in ipairs { function() error(host) end, function() error({ message = "no", code = host }) end, function() return host.x end,
        function() kubernetes.list(host) end, function() kubernetes.label("pod/x", { a = host }) end, function() return #host end,
        function() fail(host) end, function() report.lines({ host }) end } do
        local ok, err = pcall(broken)
        log(ok and "it worked" or tostring(err))
        log(err)
      end
      wait_until({ name = "look", timeout = "1s", every = "1s" }, function() return { host } end)
      on_exit(function() log(host) end)
    end),
    step("Pass on", function(run)
      local password = kubernetes.secret("s").password
      kubernetes.create({ apiVersion = "v1", kind = "ConfigMap", metadata = { name = "made" },
        data = { password = password, header = "Bearer " .. password, open = run.params.open } })
      kubernetes.create({ apiVersion = "v1", kind = "Secret", metadata = { name = "made" },
        stringData = { password = password, host = kubernetes.secret("names").host }, data = { again = password } })
      verdict("healthy", tostring(password))
    end),
  },
}
`

// A value of a Secret arrives where it is passed on, and nowhere else; a run that is taken up passes on the same value.
func TestAValueThatIsPassedOnIsNowhereElse(t *testing.T) {
	p := newParrot(t, nil)
	var mu sync.Mutex
	var arrived []map[string]any
	refusing := false
	rest := p.Config.Handler
	p.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method + " " + r.URL.Path {
		case "GET /api/v1/namespaces/shop/secrets/names":
			object := configMap("names", map[string]string{"host": base64.StdEncoding.EncodeToString([]byte(inNames))})
			object["kind"] = "Secret"
			p.answer(w, 200, object)
		case "POST /api/v1/namespaces/shop/secrets":
			body, _ := io.ReadAll(r.Body)
			var made map[string]any
			assert.NoError(t, json.Unmarshal(body, &made))
			mu.Lock()
			defer mu.Unlock()
			if refusing && r.URL.Query().Get("dryRun") == "" {
				p.refuse(w, 403, "not now, and not "+inSecret)
				return
			}
			if r.URL.Query().Get("dryRun") == "" {
				arrived = append(arrived, made)
			}
			made["metadata"].(map[string]any)["uid"] = "u9"
			p.answer(w, 201, made)
		default:
			rest.ServeHTTP(w, r)
		}
	})
	c := newCage(t, p, passing, fmt.Sprintf(`{"token":%q}`, token))
	with := func(args ...string) []string { return append(args, "-p", "open="+noSecret) }
	require.Equal(t, engine.ExitDone, c.runs(with("run", "./script.lua", "--dry-run", "--out", "the.plan", "--record", "dry.rec")...), "%v", c.lastErr)
	require.Equal(t, engine.ExitDone, c.runs(with("run", "./script.lua", "--dry-run", "-o", "json")...), "%v", c.lastErr)
	require.Equal(t, engine.ExitDone, c.runs(with("run", "./script.lua", "--yes", "--record", "real.rec")...), "%v", c.lastErr)
	require.Equal(t, engine.ExitDone, c.runs("apply", "the.plan"), "%v", c.lastErr)
	mu.Lock()
	refusing = true
	mu.Unlock()
	require.Equal(t, engine.ExitFailed, c.runs(with("run", "./script.lua", "--yes")...), "%v", c.lastErr)
	mu.Lock()
	refusing = false
	mu.Unlock()
	require.Equal(t, engine.ExitDone, c.runs("resume", "last", "--yes"), "%v", c.lastErr)
	c.runs("runs", "show", "last")
	c.runs("runs", "show", "last", "-o", "json")
	c.runs("show", "the.plan")
	for _, rec := range []string{"dry.rec", "real.rec"} {
		require.Equal(t, engine.ExitDone, c.runs("replay", rec), "%v", c.lastErr)
	}

	require.Len(t, arrived, 3, "of the run, the plan's, and the resumed one")
	for _, made := range arrived {
		assert.Equal(t, map[string]any{"password": inSecret, "host": inNames}, made["stringData"])
		assert.Equal(t, map[string]any{"again": base64.StdEncoding.EncodeToString([]byte(inSecret))}, made["data"])
	}
	c.keeps(map[string]string{"secret": inSecret, "names": inNames, "token": token}, "journal.jsonl", "the.plan", "stdout of run ./script.lua --dry-run -o json",
		"stdout of resume", "dry.rec")
	assert.Contains(t, c.said["stdout of run ./script.lua --yes -p open="+noSecret], "it is [secret] [secret]")
}
