package engine

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/journal"
	"runbook/engine/module"
)

// pureNow is a module whose one function is pure, and depends on what time it is.
func pureNow() *module.Module {
	return &module.Module{Name: "age", Funcs: []module.Func{{Name: "now", Pure: func(ctx context.Context, _ module.Args) (any, error) {
		return module.Now(ctx).Format(time.RFC3339Nano), nil
	}}}}
}

const ages = `
local age, time = require "age", require "time"
return runbook { summary = "s", steps = { step("One", function()
  log(age.now())
  sleep(0.002)
  log(age.now())
  log(age.now())
  parallel({ "a", "b" }, function(n) sleep(0.001) log(age.now()) end)
  time.now()
  log(age.now())
end) } }`

// What a pure function says of the time is the same when the run is heard again, however late that is.
func TestTheTimeOfARunIsWrittenDown(t *testing.T) {
	first := &dying{}
	cfg := newBench(t, ages, carryOut()).cfg
	cfg.Library.Modules = []*module.Module{pureNow()}
	cfg.Open = func() (journal.Sink, error) { return first, nil }
	_, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	shown := byBranch(first.records)
	require.Len(t, shown[""], 4)
	assert.NotEqual(t, shown[""][0], shown[""][1], "it moves with what the script gets")
	assert.Equal(t, shown[""][1], shown[""][2], "and only with that")

	heard := &dying{}
	cfg.Past = Recording(first.records)
	cfg.Mode = Replayed(cfg.Past.Run)
	cfg.Open = func() (journal.Sink, error) { return heard, nil }
	_, err = Run(t.Context(), cfg)
	require.NoError(t, err)
	assert.Equal(t, shown, byBranch(heard.all))
}

func TestInADryRunTheTimeFollowsTheWaiting(t *testing.T) {
	b := newBench(t, `local age = require "age"
return runbook { summary = "s", steps = { step("One", function() sleep(900) log(age.now()) end) } }`, dry())
	b.cfg.Library.Modules = []*module.Module{pureNow()}
	b.run(t)
	assert.Equal(t, start.Add(15*time.Minute).Format(time.RFC3339Nano), b.records.of(journal.KindShow)[0].Show.Text)
}

func byBranch(records []*journal.Record) map[string][]string {
	out := map[string][]string{}
	for _, r := range records {
		if r.Kind == journal.KindShow {
			out[r.Branch] = append(out[r.Branch], r.Show.Text)
		}
	}
	return out
}
