package device

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/driver"
	"runbook/engine/gate"
	"runbook/engine/module"
)

// laggard is the rack, where envise-1 shows only some time after a reset that it has begun.
func laggard(t *testing.T, lags string) (site, *opened) {
	t.Helper()
	w := openWorld(t, map[string]string{"base": rack, "now": "extends: base\ndevices: {envise-1: {lags: " + lags + "}}\n"}, "now")
	s := inAWorld(t, nil)
	s.cfg, s.ctx = worldConfig(t, w.scenario, w.World), module.WithOutside(t.Context(), w.Clock())
	return s, &w
}

// Who waits right after a reset must not be told that the device is up because its tool has not noticed yet.
func TestAResetReturnsWhenItHasBegun(t *testing.T) {
	s, w := laggard(t, "4s")
	before := w.Clock().Now()
	_, value, err := s.does(t, "reset", "envise-1")
	require.NoError(t, err)
	require.Equal(t, true, value["begun"])
	require.Equal(t, "resetting", s.status(t, "envise-1")["state"])
	require.Equal(t, 4*time.Second, w.Clock().Now().Sub(before), "it was looked until then")
}

// What nobody has seen is said, and is no error: a reset may be over before anybody looks.
func TestAResetThatNobodySees(t *testing.T) {
	s, w := laggard(t, "1m")
	before := w.Clock().Now()
	a := s.changing(t, "reset", "envise-1")
	p, err := a.Predict(s.ctx, gate.Nothing{})
	require.NoError(t, err)
	require.Equal(t, true, p.Value.(map[string]any)["begun"])
	result, err := a.Apply(s.ctx, p)
	require.NoError(t, err)
	require.Equal(t, false, result.Value.(map[string]any)["begun"])
	require.Equal(t, "nothing has shown within 10s that it has begun: it may have been over before anybody looked", result.Note)
	require.Equal(t, 10*time.Second, w.Clock().Now().Sub(before))
}

// A driver may say that its tool shows a reset at once: then nobody has to look.
func TestAToolThatShowsAResetAtOnce(t *testing.T) {
	s, w := laggard(t, "1m")
	s.cfg.Driver = driverOf(t, `return driver { summary = "x", formats = "x", commands = {
  status = { argv = { "photon-debug", "--list-devices" }, reads = true, parse = function() return { devices = { { id = "envise-1", state = "online" } } } end },
  reset = { argv = { "lightmatter-cli", "reset", "--device", "{id}" }, risk = "disruptive", expects = "online", begins = "0s" },
} }`)
	before := w.Clock().Now()
	_, value, err := s.does(t, "reset", "envise-1")
	require.NoError(t, err)
	require.Equal(t, true, value["begun"])
	require.Zero(t, w.Clock().Now().Sub(before))
}

// Who ends the watch is not told that it was looked all that time.
func TestAWatchThatIsEnded(t *testing.T) {
	s, _ := laggard(t, "1m")
	a := s.changing(t, "reset", "envise-1").(change)
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	out := a.begun(ctx, &seen{Observation: driver.Observation{State: driver.Online}}, action.Result{Value: map[string]any{}})
	require.Equal(t, map[string]any{"begun": false}, out.Value)
	require.Equal(t, "nobody waited to see whether it has begun", out.Note)
}

// Of a device that was down nothing is watched: what brings it up is the reset.
func TestAResetOfWhatIsDown(t *testing.T) {
	s, w := laggard(t, "1m")
	before := w.Clock().Now()
	_, value, err := s.does(t, "reset", "envise-2")
	require.NoError(t, err)
	require.Equal(t, true, value["begun"])
	require.Zero(t, w.Clock().Now().Sub(before))
}

// startsTold is a driver whose tool tells of envise-1 what is another after each start.
func startsTold(t *testing.T, starts string) func(string) (driver.Driver, error) {
	t.Helper()
	return driverOf(t, strings.ReplaceAll(`return driver { summary = "x", formats = "x", commands = {
  status = { argv = { "photon-debug", "--list-devices" }, reads = true, parse = function(said)
    local line = said.text:match("envise%-1[^\n]*")
    return { devices = { { id = "envise-1", state = line:match("online") or line:match("resetting"), starts = "STARTS" } } }
  end },
  reset = { argv = { "lightmatter-cli", "reset", "--device", "{id}" }, risk = "disruptive", expects = "online", begins = "5s" },
} }`, "STARTS", starts))
}

// By what is another after each start a reset is known to have happened, or not, whatever the state is.
func TestStartsSettleAReset(t *testing.T) {
	for name, c := range map[string]struct {
		before, now string
		sent        time.Duration // ago
		want        action.Settlement
	}{
		"started since":                     {"3", "4", time.Second, action.Done},
		"not started, and not yet due":      {"3", "3", time.Second, action.Unknown},
		"not started":                       {"3", "3", time.Hour, action.NotDone},
		"not told then":                     {"", "4", time.Hour, action.Unknown},
		"this run started it before, twice": {string(action.OwnDoing), "4", time.Hour, action.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			s, w := laggard(t, "0s")
			s.cfg.Driver = startsTold(t, c.now)
			old := map[string]any{"state": "online"}
			if c.before != "" {
				old["starts"] = c.before
			}
			settled, err := s.changing(t, "reset", "envise-1").Settle(s.ctx, action.Intent{Evidence: action.Evidence{Old: old}, Sent: w.Clock().Now().Add(-c.sent)})
			require.NoError(t, err)
			require.Equal(t, c.want, settled)
		})
	}
}

// A device that was started anew since a reset was decided on is another one than was looked at.
func TestAResetOfWhatWasResetSince(t *testing.T) {
	s, _ := laggard(t, "0s")
	s.cfg.Driver = startsTold(t, "3")
	p, err := s.changing(t, "reset", "envise-1").Predict(s.ctx, gate.Nothing{})
	require.NoError(t, err)
	require.Equal(t, "3", p.Evidence.Old["starts"])
	s.cfg.Driver = startsTold(t, "4")
	_, err = s.changing(t, "reset", "envise-1").Apply(s.ctx, p)
	require.Equal(t, action.CodeConflict, action.CodeOf(err))
	require.EqualError(t, err, "cannot reset devices/envise-1 in rack-1: it was started anew since this was decided")
}

// meant is a run that intends every device to be online.
type meant struct{ gate.Nothing }

func (meant) Lay(action.Target, map[string]any) (map[string]any, bool) {
	return map[string]any{"state": "online"}, true
}

// How often a device was started is no evidence where the run itself starts it anew before.
func TestAResetAfterAnother(t *testing.T) {
	s, _ := laggard(t, "0s")
	s.cfg.Driver = startsTold(t, "3")
	p, err := s.changing(t, "reset", "envise-1").Predict(s.ctx, meant{})
	require.NoError(t, err)
	require.Equal(t, action.OwnDoing, p.Evidence.Old["starts"])
}

// A reset that nothing shows yet is one all the same.
func TestAResetOfWhatIsAboutToBeReset(t *testing.T) {
	s, _ := laggard(t, "1m")
	_, _, err := s.does(t, "reset", "envise-1")
	require.NoError(t, err)
	_, _, err = s.does(t, "reset", "envise-1")
	require.Equal(t, action.CodeThrottled, action.CodeOf(err))
}
