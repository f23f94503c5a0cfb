package driver

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

func TestFill(t *testing.T) {
	c := Command{Argv: []string{"tool", "--device={id}", "{log}", "{id}-{id}"}}
	argv, err := c.Fill(map[string]string{"id": "a b; rm -rf", "log": "/var/log/x"})
	require.NoError(t, err)
	require.Equal(t, []string{"tool", "--device=a b; rm -rf", "/var/log/x", "a b; rm -rf-a b; rm -rf"}, argv, "a value stays in its word")
	argv, err = c.Fill(map[string]string{"id": "{log}", "log": "x"})
	require.NoError(t, err)
	require.Equal(t, "--device={log}", argv[1], "what is filled in is not filled in again")
	for value, fault := range map[string]string{
		"":       "the device has no id",
		"-x":     "begins with a dash: it would be taken for an option",
		"*":      "would stand for anything",
		"...":    "would stand for anything",
		"a\nb":   "has a character that is none of a text",
		"a\x00":  "has a character that is none of a text",
		"\xff":   "has a character that is none of a text",
		"\u009b": "has a character that is none of a text",
	} {
		_, err := c.Fill(map[string]string{"id": value, "log": "x"})
		require.ErrorContains(t, err, fault, "%q", value)
	}
}

// A pattern lets pass what is filled in, with any number of lines, and nothing else.
func TestPattern(t *testing.T) {
	c := Command{Argv: []string{"tail", "-n", "{lines}", "{log}"}}
	pattern, err := c.Pattern(map[string]string{"log": "/var/log/a.log"}, map[string]string{"lines": "*"})
	require.NoError(t, err)
	reads := action.Commands{pattern}
	for argv, looks := range map[string]bool{
		"tail -n 100 /var/log/a.log": true, "tail -n 100 /etc/shadow": false, "tail -n -f /var/log/a.log": false, "tail -n 100 /var/log/a.log /etc/shadow": false,
	} {
		assert.Equal(t, looks, reads.Match(strings.Fields(argv)), argv)
	}
	inside := Command{Argv: []string{"x", "--lines={lines}"}}
	_, err = inside.Pattern(nil, map[string]string{"lines": "*"})
	require.Error(t, err, "a pattern has no parts of words")
}

func TestValues(t *testing.T) {
	about := &About{Name: "x", Placeholders: []Placeholder{{Name: "port", Default: "{id}@{address}"}, {Name: "slot"}}}
	d := Device{ID: "a", Address: "10.0.0.1", With: map[string]string{"slot": "3"}}
	values, err := d.Values(about)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"id": "a", "address": "10.0.0.1", "log": "", "port": "a@10.0.0.1", "slot": "3"}, values)
	d.Called = "seven"
	values, err = d.Values(about)
	require.NoError(t, err)
	require.Equal(t, "seven", values["id"])
	d.With = map[string]string{"prt": "3"}
	_, err = d.Values(about)
	require.EqualError(t, err, `with: the driver x has no placeholder {prt}; did you mean "port"?`)
}

func TestKept(t *testing.T) {
	require.Equal(t, []string{" a", "b"}, Kept(" a\r\n\n \t\n", "b"))
	kept := Kept(strings.Repeat("x\n", 1000))
	require.Len(t, kept, keptLines+1)
	require.Equal(t, "… and 800 lines more", kept[keptLines])
	long := Kept(strings.Repeat("ü", 1000))
	require.Len(t, long, 1)
	require.True(t, utf8.ValidString(long[0]))
	require.LessOrEqual(t, len(long[0]), keptLength+len("…"))
}

func TestOnlyWhatOnlyLooksIsARead(t *testing.T) {
	for _, p := range Purposes {
		c := Command{Purpose: p, Argv: []string{"x", "{id}"}, Timeout: time.Second, Answers: []int{0}}
		field, err := c.Check(nil)
		require.Equal(t, p.Changes(), err != nil)
		require.Equal(t, p.Changes(), field == "expects")
	}
}

// Whatever a site file says: what is filled in never becomes an option, a word of its own, or what stands for anything.
func FuzzFill(f *testing.F) {
	f.Add("tool\n--id={id}\n{id}", "a")
	f.Add("tool\n{id}", "-rf")
	f.Add("x\n{id}{id}", "{id}")
	f.Add("x\n{}", "*")
	f.Add("x\n{id}..", ".")
	f.Fuzz(func(t *testing.T, words, value string) {
		c := Command{Purpose: Reset, Argv: strings.Split(words, "\n"), Expects: Online, Timeout: time.Second}
		if _, err := c.Check(nil); err != nil {
			return
		}
		argv, err := c.Fill(map[string]string{"id": value})
		if err != nil {
			return
		}
		require.Len(t, argv, len(c.Argv))
		require.Equal(t, c.Argv[0], argv[0])
		for i, word := range argv {
			require.NotContains(t, []string{"*", "..."}, word)
			require.True(t, !strings.HasPrefix(word, "-") || strings.HasPrefix(c.Argv[i], "-"), "%q", argv)
		}
		require.True(t, action.Commands{argv}.Match(argv) || strings.HasPrefix(argv[0], "-"))
	})
}
