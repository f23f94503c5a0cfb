package drivers

import (
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/catalog"
)

func TestTranscriptsOfTheNearestPlaceThatHasSome(t *testing.T) {
	text := "purpose: status\nstdout: x\n"
	driver := `return driver { summary = "x", formats = "x", placeholders = { port = { help = "x" } }, commands = { status = {
		argv = { "tool", "{port}" }, reads = true, parse = function(said)
			if said.text == "fails" then error("no") end
			if said.text == "nothing" then return {} end
			return { devices = { { id = "a", said = said.text } }, unread = said.text == "odd" and { "odd" } or nil }
		end } } }`
	s := New(catalog.Catalog{
		place("shipped", map[string]string{"a/a.lua": driver, "a/transcripts/one.yaml": text}),
		place("user", map[string]string{"a/a.lua": driver}),
	}, nil)
	all, err := s.Transcripts("a")
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, "/shipped/a/transcripts/one.yaml", all[0].Path)
	d, err := s.Load(t.Context(), "a")
	require.NoError(t, err)
	require.Nil(t, all[0].Compare(t.Context(), d))

	for name, c := range map[string]struct {
		with    func(*Transcript)
		message string
	}{
		"no such command":     {func(t *Transcript) { t.Purpose = "stat" }, `the driver has no command for "stat"`},
		"another command":     {func(t *Transcript) { t.Argv, t.With = []string{"tool", "8"}, map[string]string{"port": "7"} }, "the driver would run another command"},
		"no placeholder":      {func(t *Transcript) { t.Argv = []string{"tool", "8"} }, "the command cannot be filled in: the device has no port"},
		"a driver that fails": {func(t *Transcript) { t.Stdout = "fails" }, "the driver failed: /user/a/a.lua:3: no"},
		"no device":           {func(t *Transcript) { t.Stdout = "nothing" }, "the driver finds no device in it"},
		"not understood":      {func(t *Transcript) { t.Stdout = "odd" }, `the driver does not understand "odd"`},
		"another reading":     {func(t *Transcript) { t.read = []byte("{}\n") }, "the driver makes something else of it"},
	} {
		t.Run(name, func(t *testing.T) {
			one := all[0]
			c.with(&one)
			m := one.Compare(t.Context(), d)
			require.NotNil(t, m)
			require.Equal(t, c.message, m.Message)
		})
	}
	one := all[0]
	one.Argv, one.With = []string{"tool", "7"}, map[string]string{"port": "7"}
	require.Nil(t, one.Compare(t.Context(), d))
	_, err = s.Transcripts("b")
	require.Error(t, err)
}
