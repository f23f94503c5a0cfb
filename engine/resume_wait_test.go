package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/clock"
	"runbook/engine/journal"
)

// bounded waits until ten seconds after its beginning for a pump that never starts.
const bounded = `step("One", function(run)
  local _, err = try(wait_until, { name = "w", every = 1, deadline = time.now() + 10 }, function() return plant.running("q").starts > 0 end)
  log(err.code)
  plant.start("after")
end)`

func at(c clock.Clock) option { return func(cfg *Config) { cfg.Mode.Clock = c } }

func secondLook() func(*journal.Record) bool {
	looks := 0
	return func(r *journal.Record) bool {
		if r.Kind == journal.KindRead {
			looks++
		}
		return looks == 2
	}
}

// Who is to be told at half past is told then also if the run died at a quarter past.
func TestAWaitUntilATimeIsNotLongerWhereTheRunDiedMeanwhile(t *testing.T) {
	begin := time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct{ away, ends time.Duration }{
		"taken up in time":         {6 * time.Second, 10 * time.Second},
		"taken up when it is over": {time.Hour, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlant()
			text := inPlant(bounded)
			first := p.killed(t, text, secondLook(), at(clock.NewVirtual(begin)))
			require.Equal(t, 2, p.looks)

			again := clock.NewVirtual(begin.Add(c.away))
			p.finished(t, text, first, 0, at(again))
			assert.Equal(t, begin.Add(c.ends), again.Now().UTC())
			assert.Equal(t, map[string]int{"after": 1}, p.started)
			assert.Greater(t, p.looks, 2, "what was seen before the run died tells nothing of how it is now")
		})
	}
}

// A dry run of what is left of a run there is not, so nobody is sent to look for one.
func TestWhoCannotBeAskedIsToldHowARunIsTakenUp(t *testing.T) {
	p := newPlant()
	text := inPlant(bounded)
	first := p.killed(t, text, secondLook(), at(clock.NewVirtual(time.Unix(0, 0))))
	_, _, err := p.attempt(t, text, first, 0, func(cfg *Config) { cfg.Mode.People = Nobody{} })
	var refused *action.Error
	require.ErrorAs(t, err, &refused)
	assert.Regexp(t, "^take it up in a terminal, or consent to everything that is left: runbook resume .*--yes$", refused.Hint)
}
