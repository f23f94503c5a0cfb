package notify

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/contact"
)

func TestWhatIsNoMessage(t *testing.T) {
	d := drive(t, Config{Site: to(contact.Receiver{Slack: &contact.Slack{}})})
	for name, c := range map[string]struct {
		call []any
		says string
	}{
		"no title":          {[]any{"send", "it", opts()}, "title is missing"},
		"an empty title":    {[]any{"send", "it", opts("title", " \n")}, "title is empty"},
		"another severity":  {[]any{"send", "it", opts("title", "t", "severity", "P9")}, "severity must be one of P0, P1, P2, P3"},
		"another status":    {[]any{"send", "it", opts("title", "t", "status", "reslved")}, `did you mean "resolved"?`},
		"misspelt":          {[]any{"send", "it", opts("titel", "t")}, `has no option "titel"; did you mean "title"?`},
		"a field of fields": {[]any{"send", "it", opts("title", "t", "fields", opts("a", opts()))}, "fields: a: a value is a text, a number, true or false"},
		"a nameless field":  {[]any{"send", "it", opts("title", "t", "fields", []any{opts("value", "x")})}, `fields[1] must be { name = "…", value = … }`},
		"fields of a text":  {[]any{"send", "it", opts("title", "t", "fields", "x")}, "fields must be a table"},
		"no key":            {[]any{"trigger", "it", "", opts("title", "t")}, "key must be of 1 to 255 bytes"},
		"a long key":        {[]any{"resolve", "it", strings.Repeat("k", 256)}, "key must be of 1 to 255 bytes"},
		"no title of one":   {[]any{"trigger", "it", "k"}, "title is missing"},
		"a label":           {[]any{"alert", "a", opts("labels", opts("a-b", "c"))}, `"a-b" must be a name`},
		"silence nothing":   {[]any{"silence", opts(), opts("lasts", "1m", "comment", "c")}, "these matchers fit every alert"},
		"silence all":       {[]any{"silence", []any{`a=~".*"`}, opts("lasts", "1m", "comment", "c")}, "these matchers fit every alert"},
		"silence all but":   {[]any{"silence", []any{`a!="b"`}, opts("lasts", "1m", "comment", "c")}, "these matchers fit every alert"},
		"no matcher":        {[]any{"silence", []any{`a b`}, opts("lasts", "1m", "comment", "c")}, `"a b" is no matcher such as`},
		"no expression":     {[]any{"silence", []any{`a=~"("`}, opts("lasts", "1m", "comment", "c")}, `"(" is no regular expression`},
		"silence for ever":  {[]any{"silence", opts("a", "b"), opts("lasts", "31d", "comment", "c")}, "lasts must be more than nothing and at most 30 days"},
		"silence for what":  {[]any{"silence", opts("a", "b"), opts("lasts", "1m", "comment", "")}, "comment is empty"},
		"expire nothing":    {[]any{"expire", opts("matchers", "a")}, "silence must be what notify.silence returned, or an id"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := d.act(c.call[0].(string), c.call[1:]...)
			require.ErrorContains(t, err, c.says)
			assert.Equal(t, action.CodeInvalid, action.CodeOf(err))
		})
	}
}

func TestTemplatesMakeTheMessage(t *testing.T) {
	d := drive(t, Config{Site: func() Site {
		return Site{Name: "photon", Receivers: map[string]contact.Receiver{"it": {
			SMTP:  &contact.SMTP{From: "a@example.com", To: []string{"b@example.com"}},
			Title: `[{{.Severity}} INCIDENT] {{.Title}}`,
			Text:  "Status: {{upper .Status}}\nImpact: {{.Field \"impact\"}}\nby {{.Runbook}} at {{.Site}}, {{.Time.Format \"2006-01-02 15:04 MST\"}}\n{{range .Fields}}- {{.Name}}={{.Value}}\n{{end}}",
		}}}
	}})
	a, err := d.act("send", "it", opts("title", "Compiler outage", "severity", "P0", "status", "identified", "fields", opts("impact", "all")))
	require.NoError(t, err)
	p, err := a.Predict(d.ctx(), d.view)
	require.NoError(t, err)
	assert.Equal(t, "From: <a@example.com>\nTo: <b@example.com>\nSubject: [P0 INCIDENT] Compiler outage\n\n"+
		"Status: IDENTIFIED\nImpact: all\nby compiler-down at photon, 2025-03-01 03:00 UTC\n- impact=all", p.Preview)
}

// The same message has the same identity whatever it says: its text may differ from what was planned.
func TestWhatMakesAMessageThisOne(t *testing.T) {
	d := drive(t, Config{Site: to(contact.Receiver{Slack: &contact.Slack{}})})
	canonical := func(options map[string]any) string {
		a, err := d.act("send", "it", options)
		require.NoError(t, err)
		return a.Describe().Canonical()
	}
	one := canonical(opts("title", "a", "text", "b", "fields", opts("x", 1.0)))
	assert.Equal(t, one, canonical(opts("title", "c", "severity", "P0", "status", "resolved", "link", "l")))
	assert.NotEqual(t, one, canonical(opts("title", "a", "key", "k")))
}

// What is too long for Slack is cut or split as it takes it, and whoever sends it knows.
func TestSlackTakesWhatIsLong(t *testing.T) {
	long := strings.Repeat("é&", 4000) + "\n" + strings.Repeat("b", 3100)
	m, warnings := slackOf(contact.Message{
		Title: strings.Repeat("t", 200), Text: long, Fields: append(make([]contact.Field, 25), contact.Field{Name: "f", Value: strings.Repeat("v", 2500)}),
	})
	assert.Equal(t, []string{"Slack cuts the title: it is longer than 150 characters", "Slack cuts the field f: it is longer than 2000 characters"}, warnings)
	var text strings.Builder
	fields := 0
	for _, b := range m.Attachments[0].Blocks {
		if of, ok := b["text"].(block); ok && b["type"] == "section" {
			assert.LessOrEqual(t, utf8.RuneCountInString(of["text"].(string)), slackSection)
			text.WriteString(of["text"].(string))
		}
		if list, ok := b["fields"].([]block); ok {
			assert.LessOrEqual(t, len(list), slackFields)
			fields += len(list)
		}
	}
	assert.Equal(t, escaped(long), text.String())
	assert.Equal(t, 26, fields)
}

// A receiver reads every text as it was written, and Slack finds no marks of its own in one.
func FuzzMessage(f *testing.F) {
	f.Add("title", "text <!channel> & \r\n.\r\nfoo", "é\x00")
	f.Fuzz(func(t *testing.T, title, text, field string) {
		if !utf8.ValidString(title + text + field) {
			return
		}
		m := contact.Message{Title: oneLine(title), Text: text, Fields: []contact.Field{{Name: oneLine(field), Value: field}}}
		out, _ := slackOf(m)
		require.NotContains(t, out.Text+out.Attachments[0].Fallback, "<")
		for _, b := range out.Attachments[0].Blocks {
			for _, of := range append([]any{b["text"]}, fieldsIn(b)...) {
				if of, ok := of.(block); ok && of["type"] == "mrkdwn" {
					require.NotContains(t, of["text"], "<")
				}
			}
		}
		p, err := mailOf(contact.SMTP{From: "a@b.c", To: []string{"d@e.f"}}, m)
		require.NoError(t, err)
		raw, err := p.bytes()
		require.NoError(t, err)
		head, _, found := strings.Cut(string(raw), "\r\n\r\n")
		require.True(t, found)
		require.Len(t, regexp.MustCompile(`(?m)^[A-Za-z-]+:`).FindAllString(head, -1), len(p.headers), "no header but ours: %q", head)
	})
}

func fieldsIn(b block) (out []any) {
	fields, _ := b["fields"].([]block)
	for _, f := range fields {
		out = append(out, f)
	}
	return out
}

// Nobody is called by a message that only quotes how: not in what notifications show either.
func TestSlackCallsNobody(t *testing.T) {
	m, _ := slackOf(contact.Message{Title: "log says <!channel>", Text: "<@U123> & <!here>"})
	assert.Equal(t, "log says &lt;!channel&gt;", m.Text)
	assert.Equal(t, "log says &lt;!channel&gt;", m.Attachments[0].Fallback)
	assert.Equal(t, block{"type": "plain_text", "text": "log says <!channel>"}, m.Attachments[0].Blocks[0]["text"])
	assert.Equal(t, mrkdwn("&lt;@U123&gt; &amp; &lt;!here&gt;"), m.Attachments[0].Blocks[1]["text"])
}

// A matcher that is written as it is shown is the same.
func FuzzMatcher(f *testing.F) {
	for _, text := range []string{`a="b"`, `a=~"b.*"`, `a!=b`, ` a !~ "x" `, `a=""`, `a="\""`, "a", `1="b"`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := parseMatcher(text)
		if err != nil || !utf8.ValidString(text) {
			return
		}
		again, err := parseMatcher(m.String())
		require.NoError(t, err, m.String())
		require.Equal(t, m, again)
	})
}
