package notify

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/world"
	"runbook/engine/world/scenario"
)

func alerting(t *testing.T) (driver, *world.World) {
	files := fstest.MapFS{"a.yaml": {Data: []byte("notify: {receivers: {alerts: {alertmanager: {labels: {team: photon}}}}}\n")}}
	s, err := scenario.Shelves{Folders: []scenario.Shelf{{Path: "it", Files: files}}, Check: world.Check}.Load("a")
	require.NoError(t, err)
	w, err := world.Open(s)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	d := drive(t, Config{
		Site:          func() Site { return Site{Receivers: w.Receivers(), Alertmanager: Server{URL: w.Alertmanager()}} },
		WrapTransport: quiet(t),
	})
	d.outside, d.now = w.Clock(), w.Clock().Now
	return d, w
}

// An incident at an Alertmanager is one, whatever severity is said of it last: who says that it is over need not repeat it.
func TestAnIncidentAtAnAlertmanagerEndsWhateverItsSeverity(t *testing.T) {
	d, w := alerting(t)
	d.does("trigger", "alerts", "down", opts("title", "t", "severity", "P2"))
	d.does("trigger", "alerts", "down", opts("title", "t", "severity", "P0"))
	d.does("resolve", "alerts", "down")
	d.does("resolve", "alerts", "other")
	var events []string
	firing := map[string]bool{}
	for _, m := range w.Outbox() {
		events = append(events, m.Event+" "+m.Severity)
		firing[m.Key+m.Severity] = m.Event == "trigger"
	}
	assert.ElementsMatch(t, []string{"trigger warning", "trigger critical", "resolve warning", "resolve critical"}, events)
	assert.Equal(t, map[string]bool{"downwarning": false, "downcritical": false}, firing)
}

// What is sent long after the run's own time, such as by a run that is taken up again, lasts from then on.
func TestWhatLastsLastsFromWhenItIsSent(t *testing.T) {
	d, w := alerting(t)
	now := w.Clock().Now()
	d.now = func() time.Time { return now.Add(-3 * time.Hour) }
	made := d.does("silence", opts("a", "b"), opts("lasts", "30m", "comment", "c")).(map[string]any)
	assert.InDelta(t, float64(now.Add(30*time.Minute).Unix()), made["ends"], 1)
	d.does("alert", "a", opts("lasts", "1h"))
	d.does("trigger", "alerts", "down", opts("title", "t"))
	for _, m := range w.Outbox() {
		assert.Equal(t, "trigger", m.Event, m.Key)
	}
	require.Len(t, w.Outbox(), 2)
}

// A silence that the run made before is not the one whose answer was lost.
func TestAnEarlierSilenceIsNotTheOneThatIsLookedFor(t *testing.T) {
	d, w := alerting(t)
	d.does("silence", opts("a", "b"), opts("lasts", "30m", "comment", "c"))
	again, err := d.act("silence", opts("a", "b"), opts("lasts", "30m", "comment", "c"))
	require.NoError(t, err)
	for later, want := range map[time.Duration]action.Settlement{0: action.Done, 20 * time.Minute: action.NotDone} {
		got, err := again.Settle(d.ctx(), action.Intent{Sent: w.Clock().Now().Add(later)})
		require.NoError(t, err)
		assert.Equal(t, want, got, later)
	}
}
