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

// What a scenario can have go wrong with mail, in the time of the scenario: the world's mail server is no HTTP server, and plays each fault
// itself.
func TestSimulatedMailGoesWrong(t *testing.T) {
	for name, c := range map[string]struct {
		fault   string
		code    action.Code // "" for none
		again   bool
		took    time.Duration
		arrived int
	}{
		"nothing":                    {"", "", false, 0, 1},
		"slow":                       {"answer: slow, takes: 4s", "", false, 4 * time.Second, 1},
		"cut":                        {"answer: cut", action.CodeUnavailable, true, 0, 0},
		"timeout":                    {"answer: timeout", action.CodeUnavailable, false, 10 * time.Second, 0},
		"taken, and then cut":        {"answer: cut, done: true", action.CodeUncertain, false, 0, 1},
		"taken, and then no answer":  {"answer: timeout, done: true", action.CodeUncertain, false, 10 * time.Second, 1},
		"taken, and then refused":    {`answer: "451", done: true`, action.CodeUnavailable, true, 0, 1},
		"no such password":           {`answer: "535"`, action.CodeUnauth, false, 0, 0},
		"no such mailbox":            {`answer: "550"`, action.CodeNotFound, false, 0, 0},
		"busy":                       {`answer: "451"`, action.CodeUnavailable, true, 0, 0},
		"one that others meet first": {`answer: "550", skip: 1`, "", false, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			text := "notify: {receivers: {mail: {smtp: {from: a@example.com, to: [b@example.com]}}}}\n"
			if c.fault != "" {
				text += "faults: [{on: send receivers, name: mail, " + c.fault + "}]\n"
			}
			files := fstest.MapFS{"a.yaml": {Data: []byte(text)}}
			s, err := scenario.Shelves{Folders: []scenario.Shelf{{Path: "the test", Files: files}}, Check: world.Check}.Load("a")
			require.NoError(t, err)
			w, err := world.Open(s)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, w.Close()) })
			d := drive(t, Config{Site: func() Site { return Site{Receivers: w.Receivers(), Roots: w.MailRoots()} }})
			d.outside, d.now = w.Clock(), w.Clock().Now
			began := w.Clock().Now()
			_, _, err = d.try("send", "mail", opts("title", "t"))
			assert.Equal(t, c.code == "", err == nil, "%v", err)
			if e, ok := err.(*action.Error); ok { //nolint:errorlint // exactly that
				assert.Equal(t, c.code, e.Code, e.Message)
				assert.Equal(t, c.again, e.Retryable, e.Message)
			}
			assert.Equal(t, c.took, w.Clock().Now().Sub(began))
			assert.Len(t, w.Outbox(), c.arrived)
			require.NoError(t, w.Rewind())
			assert.Empty(t, w.Outbox(), "another beginning")
		})
	}
}
