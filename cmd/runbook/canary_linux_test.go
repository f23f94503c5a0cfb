package main

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"runbook/engine"
)

// What is typed at a terminal stays there, and what the terminal shows is folded: a secret that is hidden only as a whole would show
// its halves.
func TestNoSecretThatIsTypedInAnythingThatARunLeaves(t *testing.T) {
	const typed = `canary-TYPED "q" \back <&> ü€ of a length that a line of a terminal does not hold, so that it is folded`
	p := newParrot(t, map[string]string{"typed": typed, "control": noSecret})
	c := newCage(t, p, `local kubernetes = require "kubernetes"
return runbook { summary = "s", may = { "kubernetes.exec pods" }, params = { pw = { secret = true, ask = "Password?" }, open = {} },
steps = { step("one", function(run)
  local all = ask("pw") .. " " .. run.params.open
  for _, text in pairs(kubernetes.get("configmap/told").data) do all = all .. " " .. text end
  log(all)
  wait_until({ name = all, timeout = "1s", every = "1s" }, function() return true end)
  kubernetes.exec("pod/web", { all })
  log(confirm("Is it " .. all .. "?"))
  error(all)
end) } }`, fmt.Sprintf(`{"token":%q}`, token))
	c.cmd.Args = append(c.cmd.Args, "-p", "open="+noSecret, "--record", "rec")
	c.startOnTerminal()
	c.err.waitFor(t, "Password?", 1)
	c.types(typed + "\n")
	c.err.waitFor(t, "[y]es", 1)
	c.types("y\n")
	c.err.waitFor(t, "[y]es or [n]o?", 1)
	c.types("y\n")
	c.err.waitFor(t, "FAILED", 1)
	assert.Equal(t, engine.ExitFailed, c.exit())
	c.said["the terminal"] = c.err.String()
	c.keeps(map[string]string{"typed": typed, "token": token}, "the terminal", "journal.jsonl", "rec")
}
