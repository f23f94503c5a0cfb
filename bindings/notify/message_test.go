package notify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
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
		"no title":             {[]any{"send", "it", opts()}, "title is missing"},
		"an empty title":       {[]any{"send", "it", opts("title", " \n")}, "title is empty"},
		"a link of a table":    {[]any{"send", "it", opts("title", "t", "link", opts())}, "link must be a text or a secret"},
		"a long key of one":    {[]any{"send", "it", opts("title", "t", "key", strings.Repeat("k", 256))}, "key must be one line of text, of at most 255 bytes"},
		"an alert of no time":  {[]any{"alert", "a", opts("lasts", "0s")}, "lasts must be more than nothing"},
		"another name":         {[]any{"alert", "a", opts("labels", opts("alertname", "b"))}, "labels: alertname is the name"},
		"a key of lines":       {[]any{"send", "it", opts("title", "t", "key", "a\r\nb")}, "key must be one line of text"},
		"another severity":     {[]any{"send", "it", opts("title", "t", "severity", "P9")}, "severity must be one of P0, P1, P2, P3"},
		"another status":       {[]any{"send", "it", opts("title", "t", "status", "reslved")}, `did you mean "resolved"?`},
		"misspelt":             {[]any{"send", "it", opts("titel", "t")}, `has no option "titel"; did you mean "title"?`},
		"a field of fields":    {[]any{"send", "it", opts("title", "t", "fields", opts("a", opts()))}, "fields: a: a value is a text, a number, true or false"},
		"a nameless field":     {[]any{"send", "it", opts("title", "t", "fields", []any{opts("value", "x")})}, `fields[1] must be { name = "…", value = … }`},
		"fields of a text":     {[]any{"send", "it", opts("title", "t", "fields", "x")}, "fields must be a table"},
		"no key":               {[]any{"trigger", "it", "", opts("title", "t")}, "key is empty"},
		"a long key":           {[]any{"resolve", "it", strings.Repeat("k", 256)}, "key must be one line of text, of at most 255 bytes"},
		"no title of one":      {[]any{"trigger", "it", "k"}, "title is missing"},
		"a label":              {[]any{"alert", "a", opts("labels", opts("\xff", "c"))}, `"\xff" must be a name`},
		"silence nothing":      {[]any{"silence", opts(), opts("lasts", "1m", "comment", "c")}, "these matchers fit every alert"},
		"silence all":          {[]any{"silence", []any{`a=~".*"`}, opts("lasts", "1m", "comment", "c")}, "these matchers fit every alert"},
		"silence any name":     {[]any{"silence", []any{`alertname=~".+"`}, opts("lasts", "1m", "comment", "c")}, "these matchers fit every alert"},
		"silence all but":      {[]any{"silence", []any{`a!="b"`}, opts("lasts", "1m", "comment", "c")}, "these matchers fit every alert"},
		"no matcher":           {[]any{"silence", []any{`a b`}, opts("lasts", "1m", "comment", "c")}, `"a b" is no matcher such as`},
		"no expression":        {[]any{"silence", []any{`a=~"("`}, opts("lasts", "1m", "comment", "c")}, `"(" is no regular expression`},
		"silence for ever":     {[]any{"silence", opts("a", "b"), opts("lasts", "31d", "comment", "c")}, "lasts must be more than nothing and at most 30 days"},
		"silence for what":     {[]any{"silence", opts("a", "b"), opts("lasts", "1m", "comment", "")}, "comment is empty"},
		"expire an id of none": {[]any{"expire", unmade + "7e2d"}, "the silence is only intended, and has no id yet"},
		"expire nothing":       {[]any{"expire", opts("matchers", "a")}, "silence must be what notify.silence returned, or an id"},
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
	assert.Equal(t, one, canonical(opts("title", "c", "severity", "P0", "status", "resolved", "link", "https://l.example.com")))
	assert.NotEqual(t, one, canonical(opts("title", "a", "key", "k")))
}

// What is too long for Slack is cut or split as it takes it, and whoever sends it knows.
func TestSlackTakesWhatIsLong(t *testing.T) {
	long := strings.Repeat("é&", 4000) + "\n" + strings.Repeat("b", 3100) + "\n" + strings.Repeat("c\n", 10)
	m, warnings := slackOf(contact.Message{
		Title: strings.Repeat("t", 200), Text: long, Fields: append(make([]contact.Field, 25), contact.Field{Name: "f", Value: strings.Repeat("&", 2500)}),
	})
	assert.Equal(t, []string{"Slack cuts the title: it is longer than 150 characters", "Slack cuts the field f: it is longer than 2000 characters"}, warnings)
	var text strings.Builder
	fields := 0
	for _, b := range m.Attachments[0].Blocks {
		if of, ok := b["text"].(block); ok && b["type"] == "section" {
			piece := of["text"].(string)
			assert.LessOrEqual(t, utf8.RuneCountInString(piece), slackSection)
			assert.Equal(t, strings.Count(piece, "&"), strings.Count(piece, "&amp;"), "no mark is torn")
			text.WriteString(piece)
		}
		if list, ok := b["fields"].([]block); ok {
			assert.LessOrEqual(t, len(list), slackFields)
			fields += len(list)
		}
		for _, of := range fieldsIn(b) {
			text := of.(block)["text"].(string)
			assert.LessOrEqual(t, utf8.RuneCountInString(text), slackField)
			assert.Equal(t, strings.Count(text, "&"), strings.Count(text, "&amp;"), "no mark is torn")
		}
	}
	assert.Equal(t, escaped(long), text.String())
	assert.Equal(t, 26, fields)

	m, warnings = slackOf(contact.Message{Title: "t", Text: strings.Repeat("x", 3000*50), Link: "https://a.example.com", Fields: make([]contact.Field, 200)})
	assert.Equal(t, []string{"Slack gets only the beginning of the text: it is too long", "Slack does not get the last 120 fields: there are too many"}, warnings)
	assert.LessOrEqual(t, len(m.Blocks)+len(m.Attachments[0].Blocks), 50)
}

// Addresses can be followed, and nothing else in a text is a mark: neither a name that Slack would make a mention of, nor a bar that would
// hide where an address leads.
func TestSlackFollowsAddressesAlone(t *testing.T) {
	for text, want := range map[string]string{
		"see https://a.example.com/?q=1&r=2.": "see <https://a.example.com/?q=1&amp;r=2>.",
		"(http://a|https://b) <https://c>, x": "(<http://a%7Chttps://b>) &lt;<https://c>&gt;, x",
		"@channel #general https://":          "@channel #general https://",
		"":                                    "",
	} {
		assert.Equal(t, want, marked(text))
	}
	assert.Equal(t, true, mrkdwn("@channel")["verbatim"], "Slack makes no mention of what is none")
	assert.Equal(t, "<https://a.example.com/%7C&gt;>", linked("https://a.example.com/|>"))
}

// Who takes Slack's messages and knows no blocks shows the whole of it, as plain text, and calls nobody.
func TestSlacksTextIsTheWhole(t *testing.T) {
	m, _ := slackOf(contact.Message{
		Title: "Outage", Text: "Two of three pods crash, says oncall@example.com:\n@channel (@here) https://a.example.com/?a&b", Severity: "P0",
		Fields: []contact.Field{{Name: "Impact", Value: "all"}}, Link: "https://status.example.com",
	})
	assert.Equal(t, "Outage\nTwo of three pods crash, says oncall@example.com:\n@\u200bchannel (@\u200bhere) <https://a.example.com/?a&amp;b>\n\nImpact: all\n\n<https://status.example.com>", m.Text)

	m, _ = slackOf(contact.Message{Title: "t", Text: strings.Repeat("é&", 4000)})
	assert.LessOrEqual(t, utf8.RuneCountInString(m.Text), 2000)
	assert.Greater(t, utf8.RuneCountInString(m.Text), 1990)
	assert.True(t, strings.HasSuffix(m.Text, "…"))
}

// A message shows its title once, in Slack as elsewhere.
func TestSlackShowsTheTitleOnce(t *testing.T) {
	m, _ := slackOf(contact.Message{Title: "t"})
	assert.Equal(t, []block{{"type": "header", "text": block{"type": "plain_text", "text": "t"}}}, m.Blocks)
	assert.Empty(t, m.Attachments)
}

// What is no text is none anywhere: neither bytes that no encoding explains, nor the colours of a terminal.
func TestWhatIsNoTextIsNotSent(t *testing.T) {
	d := drive(t, Config{Site: to(contact.Receiver{Webhook: &contact.Webhook{}})})
	a, err := d.act("send", "it", opts("title", "a\xffb\x1b[31m", "text", "\x1b[1mx\x1b[0m\r\ny\x00\x07\tz\xc3\n", "fields", opts("f", "\x1b[2Jg\xff")))
	require.NoError(t, err)
	p, err := a.Predict(d.ctx(), d.view)
	require.NoError(t, err)
	assert.Contains(t, p.Preview, "\"title\":\"a\ufffdb\"")
	assert.Contains(t, p.Preview, "\"text\":\"x\\ny\\tz\ufffd\"")
	assert.Contains(t, p.Preview, "\"value\":\"g\ufffd\"")
}

// A template that makes nothing of a message leaves its title: nobody takes a message without one.
func TestAMessageHasATitle(t *testing.T) {
	d := drive(t, Config{Site: to(contact.Receiver{Slack: &contact.Slack{}, Title: `{{.Field "impact"}}`})})
	a, err := d.act("send", "it", opts("title", "t"))
	require.NoError(t, err)
	p, err := a.Predict(d.ctx(), d.view)
	require.NoError(t, err)
	assert.Equal(t, "t", p.Preview)
}

// A receiver reads every text as it was written, and Slack finds no marks of its own in one but addresses.
func FuzzMessage(f *testing.F) {
	f.Add("title", "text <!channel> & \r\n.\r\nfoo", "é\x00")
	f.Add("=?utf-8?q?Bcc?= "+strings.Repeat("é ", 300), "https://a|b>&.", strings.Repeat("&", 3000))
	f.Fuzz(func(t *testing.T, title, text, field string) {
		m := contact.Message{Title: oneLine(title), Text: readable(text), Fields: []contact.Field{{Name: oneLine(field), Value: readable(field)}}}
		out, _ := slackOf(m)
		require.NotContains(t, regexp.MustCompile("<https?://[^<>|]+>").ReplaceAllString(out.Text, ""), "<")
		require.LessOrEqual(t, utf8.RuneCountInString(out.Text), slackText)
		for _, a := range out.Attachments {
			require.NotContains(t, a.Fallback, "<")
			for _, b := range a.Blocks {
				require.False(t, oversized(b), "%v", b)
				for _, of := range append([]any{b["text"]}, fieldsIn(b)...) {
					if of, ok := of.(block); ok && of["type"] == "mrkdwn" {
						require.NotContains(t, regexp.MustCompile("<https?://[^<>|]+>").ReplaceAllString(of["text"].(string), ""), "<")
					}
				}
			}
		}
		m.Title, _ = fit(m.Title, longestSubject)
		p, err := mailOf(contact.SMTP{From: "a@b.c", To: []string{"d@e.f"}}, m)
		require.NoError(t, err)
		raw, err := p.bytes()
		require.NoError(t, err)
		for _, line := range strings.Split(string(raw), "\r\n") {
			require.LessOrEqual(t, len(line), 998)
			require.NotContains(t, line, "\n")
		}
		read, err := mail.ReadMessage(bytes.NewReader(raw))
		require.NoError(t, err)
		require.Len(t, read.Header, len(p.headers), "no header but ours")
		shown, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject"))
		require.NoError(t, err)
		if !strings.Contains(m.Title, "=?") {
			require.Equal(t, m.Title, shown)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(read.Body))
		require.NoError(t, err)
		require.Equal(t, p.text+"\n", strings.ReplaceAll(string(body), "\r\n", "\n"))
	})
}

func oversized(b block) bool {
	if of, ok := b["text"].(block); ok && (of["text"] == "" || utf8.RuneCountInString(of["text"].(string)) > slackSection) {
		return true
	}
	for _, of := range fieldsIn(b) {
		if utf8.RuneCountInString(of.(block)["text"].(string)) > slackField {
			return true
		}
	}
	return false
}

func fieldsIn(b block) (out []any) {
	fields, _ := b["fields"].([]block)
	for _, f := range fields {
		out = append(out, f)
	}
	return out
}

// Labels may have any name: those that come by OpenTelemetry have dots. They are written as amtool takes them.
func TestMatchersOfAnyLabel(t *testing.T) {
	for text, want := range map[string]string{
		`service.name="a"`: `"service.name"="a"`, `"service.name" =~ "a.*"`: `"service.name"=~"a.*"`, `"a b"!=c`: `"a b"!="c"`, `"a=\"b\""=c`: `"a=\"b\""="c"`,
		`größe=b`: `"größe"="b"`, `job="b"`: `job="b"`, `a!~"b=c"`: `a!~"b=c"`,
	} {
		m, err := parseMatcher(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, m.String())
		again, err := parseMatcher(m.String())
		require.NoError(t, err, text)
		assert.Equal(t, m, again)
	}
	for _, text := range []string{`"a="b"`, `""="b"`, `"a\x"="b"`, `a{b="c"`, `="b"`} {
		_, err := parseMatcher(text)
		require.Error(t, err, text)
	}
	list, err := matchersOf("notify.silence", opts("service.name", "a"))
	require.NoError(t, err)
	assert.Equal(t, `"service.name"="a"`, matchersText(list))
}

// Who silences every alert of a kind is told before.
func TestWideSilencesAreWarnedOf(t *testing.T) {
	for text, want := range map[string][]string{
		`device_id=~".+"`:        {"this silences every alert that has a label device_id, whatever its value"},
		`device_id=~"envise-.+"`: nil,
		`device_id="a"`:          nil,
		`team=~"a|b"`:            nil,
	} {
		m, err := parseMatcher(text)
		require.NoError(t, err)
		assert.Equal(t, want, wide([]matcher{m}), text)
	}
	assert.Nil(t, wide([]matcher{{Name: "a", Value: ".+", IsRegex: true, IsEqual: true}, {Name: "b", Value: "c", IsEqual: true}}))
}

// PagerDuty refuses an event that is too long as a whole.
func TestPagerDutyGetsWhatItTakes(t *testing.T) {
	e, warnings := new(binding).eventOf(contact.PagerDuty{}, letter{Message: contact.Message{Title: strings.Repeat("t", 2000), Text: strings.Repeat("<", 200_000)}})
	assert.Equal(t, []string{"PagerDuty cuts the title: it is longer than 1024 characters", "PagerDuty gets only the beginning of the text: it is longer than 50000 characters"}, warnings)
	text, err := json.Marshal(e)
	require.NoError(t, err)
	assert.Less(t, len(text), 512_000)
	var fields []contact.Field
	for i := range 100 {
		fields = append(fields, contact.Field{Name: fmt.Sprintf("log %02d", i), Value: strings.Repeat("<", 20_000)})
	}
	e, warnings = new(binding).eventOf(contact.PagerDuty{}, letter{Message: contact.Message{
		Title: strings.Repeat("<", 1024), Text: strings.Repeat("<", 50_000), Fields: fields,
	}})
	text, err = json.Marshal(e)
	require.NoError(t, err)
	assert.Less(t, len(text), 512_000, "more is refused, and nobody would be called")
	assert.Equal(t, []string{"PagerDuty gets only the beginning of the field log 01: the fields are too long", "PagerDuty does not get the last 98 fields: they are too long"}, warnings)
	assert.Len(t, e.Payload.Details["log 00"], 20_000)
	_, warnings = new(binding).eventOf(contact.PagerDuty{}, letter{over: true})
	assert.Equal(t, []string{"without a key PagerDuty does not know what is over, and nothing comes of it"}, warnings)
}

// No fact is lost because of its name.
func TestPagerDutyGetsEveryFact(t *testing.T) {
	m := contact.Message{Title: "t", Text: "x", Run: "r", Fields: []contact.Field{{Name: "text", Value: "a"}, {Name: "pod", Value: "b"}, {Name: "pod", Value: "c"}}}
	e, _ := new(binding).eventOf(contact.PagerDuty{}, letter{Message: m})
	assert.Equal(t, map[string]any{"text": "a", "message text": "x", "run": "r", "pod": "b\nc"}, e.Payload.Details)
}

// What is no address of a page is only text, and refused by nobody.
func TestALinkThatIsNone(t *testing.T) {
	for _, link := range []string{"!channel", "@U123", "status.example.com", "javascript:alert(1)", "https://", "https://a b", "ftp://a"} {
		m := letter{Message: contact.Message{Title: "t", Link: link}}
		out, _ := slackOf(m.Message)
		assert.Equal(t, []block{mrkdwn(escaped(link))}, out.Attachments[0].Blocks[0]["elements"], link)
		e, _ := new(binding).eventOf(contact.PagerDuty{}, m)
		assert.Empty(t, e.Links)
		assert.Equal(t, link, e.Payload.Details["link"])
		assert.Len(t, m.doubtful(), 1)
	}
	assert.Empty(t, letter{Message: contact.Message{Link: "https://a.example.com/b"}}.doubtful())
	d := drive(t, Config{})
	a, err := d.act("alert", "a", opts("link", "not one"))
	require.NoError(t, err)
	p, err := a.Predict(d.ctx(), d.view)
	require.ErrorContains(t, err, "no Alertmanager is known", p)
	assert.Equal(t, []action.Arg{{Name: "link", Value: "not one"}}, a.Describe().Payload)
}

// Nobody is called by a message that only quotes how: not in what notifications show either.
func TestSlackCallsNobody(t *testing.T) {
	m, _ := slackOf(contact.Message{Title: "log says <!channel>", Text: "<@U123> & <!here>"})
	assert.Equal(t, "log says &lt;!channel&gt;\n&lt;@\u200bU123&gt; &amp; &lt;!here&gt;", m.Text)
	assert.Equal(t, "log says &lt;!channel&gt;", m.Attachments[0].Fallback)
	assert.Equal(t, block{"type": "plain_text", "text": "log says <!channel>"}, m.Blocks[0]["text"])
	assert.Equal(t, mrkdwn("&lt;@U123&gt; &amp; &lt;!here&gt;"), m.Attachments[0].Blocks[0]["text"])
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
