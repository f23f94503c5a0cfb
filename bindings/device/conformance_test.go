package device

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/gate"
)

// The conformance table is what we know of devices. TestConformance holds a simulated rack to it, TestLabConformance the lab's, with real
// processes behind a real sshd: the expectations are the same literals.

func TestConformance(t *testing.T) {
	for _, c := range table {
		t.Run(c.name, func(t *testing.T) { c.run(t, inAWorld(t, c.set)) })
	}
}

var table = []struct {
	name string
	set  map[string]string // devices in other states than a new rack has them in
	run  func(t *testing.T, s site)
}{
	{"the list", nil, func(t *testing.T, s site) {
		got := map[string]any{}
		for _, row := range s.read(t, "list").([]any) {
			d := row.(map[string]any)
			got[d["id"].(string)] = d["state"]
			assert.NotContains(t, d, "unread")
		}
		require.Equal(t, map[string]any{"envise-1": "online", "envise-2": "offline", "mit-1": "online", "mit-2": "degraded"}, got)
	}},
	{"a device in good health", nil, func(t *testing.T, s site) {
		require.Equal(t, map[string]any{
			"id": "envise-1", "name": "envise-1", "driver": "lightmatter-envise", "on": "rack-1", "state": "online", "said": "READY", "serial": "LM-ENV-000117",
			"fields": map[string]any{"firmware": "3.2.1", "temperature_celsius": 41.5, "optical_power_milliwatts": 12.4, "calibration_drift_percent": 0.4},
		}, s.status(t, "envise-1"))
		require.Equal(t, "link up", s.status(t, "mit-1")["said"])
	}},
	{"a device without a link", nil, func(t *testing.T, s site) {
		require.Equal(t, map[string]any{
			"id": "envise-2", "name": "envise-2", "driver": "lightmatter-envise", "on": "rack-1", "state": "offline", "said": "NO_LINK", "serial": "LM-ENV-000123",
			"fields": map[string]any{"firmware": "3.2.1"},
		}, s.status(t, "envise-2"))
	}},
	{"a link that comes back", map[string]string{"mit-1": "offline"}, func(t *testing.T, s site) {
		p, value, err := s.does(t, "reconnect", "mit-1")
		require.NoError(t, err)
		require.Equal(t, action.Assumed, p.Label)
		require.Equal(t, map[string]any{"state": "offline"}, p.Changes[0].Before)
		require.Equal(t, map[string]any{"state": "online", "expected": true}, p.Changes[0].After)
		require.Equal(t, "MIT-SP-0031", p.Evidence.UID)
		require.Equal(t, "mit-1: link up\n", value["output"])
		require.Equal(t, "online", s.status(t, "mit-1")["state"])
	}},
	{"a link that does not", nil, func(t *testing.T, s site) {
		_, _, err := s.does(t, "reconnect", "envise-2")
		require.Equal(t, action.CodeUnavailable, action.CodeOf(err))
		require.EqualError(t, err, "photon-debug --reconnect-device envise-2 on rack-1 exited with status 4: photon-debug: device envise-2 stays offline: link training failed, no light on lane 3")
	}},
	{"a link that is up", nil, func(t *testing.T, s site) {
		p, err := s.changing(t, "reconnect", "envise-1").Predict(s.ctx, gate.Nothing{})
		require.NoError(t, err)
		require.True(t, p.Unchanged)
		require.Equal(t, "it is online: there is nothing to do", p.Note)
	}},
	{"a reset", nil, func(t *testing.T, s site) {
		a := s.changing(t, "reset", "envise-2")
		p, value, err := s.does(t, "reset", "envise-2")
		require.NoError(t, err)
		require.Equal(t, "envise-2: reset started, takes about 3 s\n", value["output"])
		require.Equal(t, "offline", p.Evidence.Old["state"])
		require.Equal(t, "resetting", s.status(t, "envise-2")["state"])

		settled, err := a.Settle(s.ctx, action.Intent{Evidence: p.Evidence})
		require.NoError(t, err)
		require.Equal(t, action.Done, settled, "it is under way")

		_, err = a.Apply(s.ctx, p)
		require.Equal(t, action.CodeConflict, action.CodeOf(err), "what it was decided on is no more")
		require.EqualError(t, err, "cannot reset devices/envise-2 in rack-1: it was offline when this was decided, and is resetting now")
		p, _, err = s.does(t, "reset", "envise-2")
		require.Equal(t, []string{"it is being reset at this moment, and may refuse"}, p.Warnings)
		require.Equal(t, action.CodeThrottled, action.CodeOf(err))
		var e *action.Error
		require.ErrorAs(t, err, &e)
		require.True(t, e.Retryable, "nothing was changed, and it may do it in a moment")

		s.pass(t)
		require.Equal(t, "online", s.status(t, "envise-2")["state"])
		settled, err = a.Settle(s.ctx, action.Intent{Evidence: action.Evidence{UID: "LM-ENV-000123", Old: map[string]any{"state": "offline"}}})
		require.NoError(t, err)
		require.Equal(t, action.Done, settled, "it has come to what was expected")
	}},
	{"a reset of what is up", nil, func(t *testing.T, s site) {
		_, value, err := s.does(t, "reset", "mit-2")
		require.NoError(t, err)
		require.Equal(t, true, value["begun"])
		require.Equal(t, "offline", s.status(t, "mit-2")["state"], "its link is down meanwhile")
		s.pass(t)
		require.Equal(t, "online", s.status(t, "mit-2")["state"])
	}},
	{"a reset that does not help", map[string]string{"envise-2": "broken"}, func(t *testing.T, s site) {
		p, _, err := s.does(t, "reset", "envise-2")
		require.NoError(t, err)
		s.pass(t)
		require.Equal(t, "offline", s.status(t, "envise-2")["state"])
		settled, err := s.changing(t, "reset", "envise-2").Settle(s.ctx, action.Intent{Evidence: p.Evidence})
		require.NoError(t, err)
		require.Equal(t, action.Unknown, settled, "it is as it was: that may be because nothing was done")
	}},
	{"a calibration that holds", nil, func(t *testing.T, s site) {
		got := s.read(t, "calibrate", "envise-1", map[string]any{"verify": true}).(map[string]any)
		require.Equal(t, true, got["passed"])
		require.Equal(t, map[string]any{"calibration_drift_percent": 0.4, "calibration_tolerance_percent": 5.0}, got["fields"])
	}},
	{"a calibration that does not", map[string]string{"envise-1": "degraded"}, func(t *testing.T, s site) {
		got := s.read(t, "calibrate", "envise-1", map[string]any{"verify": true}).(map[string]any)
		require.Equal(t, false, got["passed"])
		_, value, err := s.does(t, "calibrate", "envise-1")
		require.NoError(t, err)
		require.Equal(t, true, value["passed"])
		require.Equal(t, map[string]any{"calibration_drift_percent": 0.4}, value["fields"])
		require.Equal(t, "online", s.status(t, "envise-1")["state"])
	}},
	{"a calibration without a link", nil, func(t *testing.T, s site) {
		_, err := s.changing(t, "calibrate", "envise-2").Predict(s.ctx, gate.Nothing{})
		require.EqualError(t, err, "cannot calibrate the device envise-2: it is offline, and this is for one that is online or degraded")
		e := s.fails(t, "calibrate", "envise-2", map[string]any{"verify": true})
		require.Equal(t, action.CodeUnavailable, e.Code)
	}},
	{"a diagnosis", nil, func(t *testing.T, s site) {
		got := s.read(t, "diagnose", "mit-2").(map[string]any)
		require.Equal(t, false, got["passed"])
		require.Equal(t, []any{
			map[string]any{"name": "link", "passed": true, "detail": "16 of 16 lanes"},
			map[string]any{"name": "laser", "passed": false, "detail": "6.4 mW, nominal 8.6 mW"},
			map[string]any{"name": "thermal", "passed": true, "detail": "35.2 C"},
			map[string]any{"name": "phase", "passed": false, "detail": "drift 6.8 %, limit 5.0 %"},
		}, got["checks"])
		require.Equal(t, true, s.read(t, "diagnose", "mit-1").(map[string]any)["passed"])
		e := s.fails(t, "diagnose", "envise-1")
		require.Equal(t, "the driver lightmatter-envise of the device envise-1 has no command to diagnose it", e.Message)
		require.Contains(t, e.Hint, "add the command diagnose to devices/lightmatter-envise/lightmatter-envise.lua")
	}},
	{"a device that hangs", map[string]string{"envise-1": "hung"}, func(t *testing.T, s site) {
		e := s.fails(t, "status", "envise-2")
		require.Equal(t, action.CodeTimeout, e.Code)
		require.Contains(t, e.Message, "lightmatter-cli status on rack-1 did not answer within 3s, and was ended with everything that it had started")
		require.Len(t, s.read(t, "list"), 4, "what asks no device is not held up")
		p, _, err := s.does(t, "reset", "envise-1")
		require.Equal(t, "unknown", p.Evidence.Old["state"])
		require.Len(t, p.Warnings, 1)
		require.Contains(t, p.Warnings[0], "how it is now could not be found out: lightmatter-cli status on rack-1 did not answer within 3s")
		require.Equal(t, action.CodeUncertain, action.CodeOf(err), "it may have done it")
	}},
	{"a device that answers with noise", map[string]string{"envise-1": "garbled"}, func(t *testing.T, s site) {
		got := s.status(t, "envise-1")
		require.Equal(t, "unknown", got["state"])
		require.Equal(t, []string{"\x00\uFFFD~%x lane=\uFFFD( temp=NaN 4..12 }{ \x7f"}, got["unread"])
		p, _, err := s.does(t, "reset", "envise-1")
		require.NoError(t, err)
		require.Contains(t, p.Warnings[0], "its state is unknown: the driver does not understand")
		s.pass(t)
		require.Equal(t, "online", s.status(t, "envise-1")["state"])
	}},
	{"a device that the tool does not know", nil, func(t *testing.T, s site) {
		s.cfg.Inventory[0].Called = "envise-7"
		e := s.fails(t, "status", "envise-1")
		require.Equal(t, action.CodeNotFound, e.Code)
		require.Equal(t, `lightmatter-cli status on rack-1 tells nothing of a device "envise-7"`, e.Message)
		_, err := s.changing(t, "reset", "envise-1").Predict(s.ctx, gate.Nothing{})
		require.Equal(t, action.CodeNotFound, action.CodeOf(err), "what is not there is not reset")
	}},
	{"a ping from its host", nil, func(t *testing.T, s site) {
		got := s.read(t, "ping", "envise-1", map[string]any{"count": float64(1)}).(map[string]any)
		require.Equal(t, true, got["reachable"])
		require.Equal(t, "rack-1", got["from"])
		require.Equal(t, []any{int64(1), int64(1)}, []any{got["sent"], got["received"]})
		require.Contains(t, got, "seconds")
		if got["method"] == TCP { // a machine without a ping
			require.Contains(t, got["detail"], "port 22: ")
		} else {
			require.Equal(t, ICMP, got["method"])
		}
	}},
	{"the log", nil, func(t *testing.T, s site) {
		all := s.read(t, "logs", "envise-1").([]any)
		require.NotEmpty(t, all)
		last := s.read(t, "logs", "envise-1", map[string]any{"lines": float64(1)}).([]any)
		require.Equal(t, all[len(all)-1:], last)
		require.Empty(t, s.read(t, "logs", "envise-1", map[string]any{"match": "^no such line$"}))
		s.cfg.Inventory[0].Log = "/no/such/file.log"
		require.Equal(t, action.CodeCommand, s.fails(t, "logs", "envise-1").Code)
		s.cfg.Inventory[0].Log = ""
		require.Equal(t, "cannot read the log of the device envise-1: the device has no log", s.fails(t, "logs", "envise-1").Message)
	}},
	{"a tool that is not there", nil, func(t *testing.T, s site) {
		s.cfg.Driver = driverOf(t, `return driver { summary = "x", formats = "x", commands = { status = {
			argv = { "no-such-tool", "{id}" }, reads = true, parse = function() return {} end } } }`)
		e := s.fails(t, "status", "envise-1")
		require.Equal(t, action.CodeNotFound, e.Code)
		require.Contains(t, e.Message, "no-such-tool")
		require.NotEmpty(t, e.Hint)
	}},
}
