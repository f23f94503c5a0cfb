package device

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	shipped "runbook/devices"
	"runbook/engine/action"
	"runbook/engine/catalog"
	"runbook/engine/command"
	"runbook/engine/driver"
	"runbook/engine/drivers"
	"runbook/engine/gate"
	"runbook/engine/machine"
	"runbook/engine/module"
	"runbook/engine/world"
	"runbook/engine/world/scenario"
	"runbook/stdlib"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A site is devices under test: those of the table's rack, wherever they are.
type site struct {
	cfg Config
	ctx context.Context
	// pass lets time pass, until a reset has ended.
	pass func(t *testing.T)
}

// rack is the site of the table.
const rack = `
clock: 2026-11-25T12:00:00Z
devices:
  envise-1: {driver: lightmatter-envise, on: rack-1, address: 127.0.0.1, log: /var/log/device-envise-1.log, has: {serial: LM-ENV-000117}, logs: "{time} INFO one\n{time} WARN two\n"}
  envise-2: {driver: lightmatter-envise, on: rack-1, address: 127.0.0.1, has: {serial: LM-ENV-000123}, reconnects: false}
  mit-1: {driver: mit-silicon-photonics, on: rack-1, address: 127.0.0.1, has: {serial: MIT-SP-0031}}
  mit-2: {driver: mit-silicon-photonics, on: rack-1, address: 127.0.0.1, has: {serial: MIT-SP-0034, bus: "0000:5e:00.0"}}
`

// wellFor are the states that a person sets a device to, as a scenario says them. The words are the lab's.
var wellFor = map[string]string{
	"online": "{state: online}", "degraded": "{state: degraded}", "offline": "{state: offline}", "broken": "{state: offline, after: offline}",
	"hung": "{state: offline, hangs: true}", "garbled": "{state: degraded, garbled: true}", "rigid": "{state: online, calibrates: false}",
}

// asItBegins are the states of the lab's rack when it is new.
var asItBegins = map[string]string{"envise-1": "online", "envise-2": "offline", "mit-1": "online", "mit-2": "degraded"}

// shelf are the shipped drivers, whose looks do not take longer than a test has patience for.
func shelf(t testing.TB) func(string) (driver.Driver, error) {
	shelf := drivers.New(catalog.Catalog{{Origin: "shipped", Path: "devices", Files: shipped.Files}}, stdlib.Files)
	return func(name string) (driver.Driver, error) {
		d, err := shelf.Load(t.Context(), name)
		if err == nil {
			for i := range d.About().Commands {
				d.About().Commands[i].Timeout = patience
			}
		}
		return d, err
	}
}

const patience = 3 * time.Second

func simulatedTool(name string) ([]byte, string, error) {
	where := path.Join(name, "simulated.yaml")
	text, err := fs.ReadFile(shipped.Files, where)
	return text, where, err
}

// inAWorld is the rack in a scenario, with some devices in other states.
func inAWorld(t *testing.T, set map[string]string) site {
	t.Helper()
	text := "extends: base\ndevices:\n"
	for id, state := range asItBegins {
		if other := set[id]; other != "" {
			state = other
		}
		text += fmt.Sprintf("  %s: %s\n", id, wellFor[state])
	}
	w := openWorld(t, map[string]string{"base": rack, "now": text}, "now")
	return site{
		cfg:  worldConfig(t, w.scenario, w.World),
		ctx:  module.WithOutside(t.Context(), w.Clock()),
		pass: func(t *testing.T) { require.NoError(t, w.Clock().Sleep(t.Context(), time.Minute)) },
	}
}

type opened struct {
	*world.World
	scenario *scenario.Scenario
}

func openWorld(t testing.TB, files map[string]string, name string) opened {
	t.Helper()
	folder := fstest.MapFS{}
	for file, text := range files {
		folder[file+".yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	s, err := scenario.Shelves{Folders: []scenario.Shelf{{Path: "the table", Files: folder}}, Check: world.Check, Tool: simulatedTool}.Load(name)
	require.NoError(t, err)
	w, err := world.Open(s)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return opened{w, s}
}

func worldConfig(t testing.TB, s *scenario.Scenario, w *world.World) Config {
	return Config{Inventory: s.Inventory(), Driver: shelf(t), Machines: w.Machines(), AtOnce: 1, Pingers: pingers(w.Machines(), noPinger{}, nil)}
}

type noPinger struct{}

func (noPinger) Ping(context.Context, string, Query) (Echo, error) {
	return Echo{Method: ICMP, Sent: 3}, nil
}

// Command is none.
func (noPinger) Command(string, Query) []string { return nil }

// pingers are those of a rack.
func pingers(on machine.Set[command.Runner], here Pinger, knocker command.Knocker) machine.Set[Pinger] {
	return From(on, here, func(string) command.Knocker { return knocker }, module.Openly{})
}

func (s site) bind(t testing.TB, function string, values []any) (*module.Func, module.Args) {
	t.Helper()
	m := New(s.cfg)
	f := m.Func(function)
	require.NotNil(t, f)
	args, err := f.Bind(m, values)
	require.NoError(t, err)
	return f, args
}

// reading is the read that a call builds.
func (s site) reading(t testing.TB, function string, values ...any) (action.Read, error) {
	t.Helper()
	f, args := s.bind(t, function, values)
	if f.Decide != nil {
		read, _, err := f.Decide(args)
		return read, err
	}
	return f.Read(args)
}

// read makes a call that only looks, on a site about which nothing is intended.
func (s site) read(t testing.TB, function string, values ...any) any {
	t.Helper()
	r, err := s.reading(t, function, values...)
	require.NoError(t, err)
	got, err := r.Read(s.ctx, gate.Nothing{})
	require.NoError(t, err)
	return got
}

// fails is the error of a call that only looks.
func (s site) fails(t testing.TB, function string, values ...any) *action.Error {
	t.Helper()
	r, err := s.reading(t, function, values...)
	if err == nil {
		_, err = r.Read(s.ctx, gate.Nothing{})
	}
	var e *action.Error
	require.ErrorAs(t, err, &e)
	return e
}

// status is what is said of a device.
func (s site) status(t testing.TB, id string) map[string]any {
	t.Helper()
	return s.read(t, "status", id).(map[string]any)
}

// changing is the action that a call builds.
func (s site) changing(t testing.TB, function string, values ...any) action.Action {
	t.Helper()
	f, args := s.bind(t, function, values)
	if f.Decide != nil {
		_, a, err := f.Decide(args)
		require.NoError(t, err)
		return a
	}
	a, err := f.Act(args)
	require.NoError(t, err)
	return a
}

// does predicts and makes a change.
func (s site) does(t testing.TB, function string, values ...any) (action.Prediction, map[string]any, error) {
	t.Helper()
	a := s.changing(t, function, values...)
	p, err := a.Predict(s.ctx, gate.Nothing{})
	require.NoError(t, err)
	result, err := a.Apply(s.ctx, p)
	value, _ := result.Value.(map[string]any)
	return p, value, err
}
