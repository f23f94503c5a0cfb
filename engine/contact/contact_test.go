package contact

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheHandbooksMatrixIsOne(t *testing.T) {
	book := Handbook()
	require.Nil(t, book.Check(nil))
	for severity, want := range map[string]struct {
		responds time.Duration
		timed    bool
		last     time.Duration
	}{
		"P0": {15 * time.Minute, true, 30 * time.Minute}, "P1": {time.Hour, true, time.Hour}, "P2": {4 * time.Hour, true, 4 * time.Hour},
		"P3": {0, false, 0},
	} {
		rung := book[severity]
		d, timed := rung.Responds()
		assert.Equal(t, want.responds, d, severity)
		assert.Equal(t, want.timed, timed, severity)
		assert.Equal(t, want.last, rung.Told(len(rung.Path)-1), severity)
	}
	own := Matrix{"P0": {Respond: "5m", Path: []Step{{Who: "me"}}}}.Or(book)
	assert.Equal(t, "5m", own["P0"].Respond)
	assert.Equal(t, book["P1"], own["P1"])
	assert.Equal(t, "15m", book["P0"].Respond, "the other is as it was")
}

func TestTemplates(t *testing.T) {
	m := sample
	for text, want := range map[string]string{
		"":                           "",
		"{{.Title}} ({{.Severity}})": "Compiler outage (P0)",
		`{{upper .Status}} {{lower .Severity}} {{default "none" .Site}} {{default "none" ""}}`: "INVESTIGATING p0 s none",
		`{{json .Text}} {{json .Fields}}`:                               `"No compilation completes." [{"name":"impact","value":"all users"}]`,
		`{{range .Fields}}{{.Name}}: {{.Value}};{{end}}`:                "impact: all users;",
		`{{.Field "impact"}}{{.Field "none"}}`:                          "all users",
		`{{.Time.Format "2006-01-02 15:04 MST"}} {{.Runbook}} {{.Run}}`: "1970-01-01 00:00 UTC compiler-down r",
	} {
		got, err := Render(text, m)
		require.NoError(t, err, text)
		assert.Equal(t, want, got)
	}
	for text, says := range map[string]string{
		"{{.Titel}}":  "can't evaluate field Titel in type a message",
		"{{uper .A}}": `function "uper" not defined`,
		"\n{{":        "the template is wrong at line 2",
	} {
		_, err := Render(text, m)
		require.ErrorContains(t, err, says)
	}
}

// What a scenario cannot say of a receiver, because its server is simulated.
func TestASimulatedReceiverIsNowhere(t *testing.T) {
	from := SMTP{From: "a@example.com", To: []string{"b@example.com"}}
	with := func(change func(*SMTP)) Receiver {
		s := from
		change(&s)
		return Receiver{SMTP: &s}
	}
	for name, c := range map[string]struct {
		r    Receiver
		says string
	}{
		"slack":         {Receiver{Slack: &Slack{}}, ""},
		"its address":   {Receiver{Slack: &Slack{URL: "${env:X}"}}, "its server is simulated"},
		"mail":          {Receiver{SMTP: &from}, ""},
		"its server":    {with(func(s *SMTP) { s.Server = "a:25" }), "its server is simulated"},
		"its user":      {with(func(s *SMTP) { s.User = "a" }), "its server is simulated"},
		"from nobody":   {with(func(s *SMTP) { s.From = "" }), "is missing: the address that mail is from"},
		"pagerduty":     {Receiver{PagerDuty: &PagerDuty{Source: "s"}}, ""},
		"its place":     {Receiver{PagerDuty: &PagerDuty{URL: "http://a"}}, "its server is simulated"},
		"a webhook":     {Receiver{Webhook: &Webhook{Body: `{"a": {{json .Title}}}`}}, ""},
		"its body":      {Receiver{Webhook: &Webhook{Body: `{{.Title}}`}}, "it does not make JSON"},
		"its headers":   {Receiver{Webhook: &Webhook{Headers: map[string]string{"X-A": "b"}}}, "its server is simulated"},
		"alerts":        {Receiver{Alertmanager: &Alert{Labels: map[string]string{"team": "a"}}}, ""},
		"configuration": {Receiver{Slack: &Slack{HTTPConfig: "a"}}, "its server is simulated"},
		"no time":       {Receiver{Slack: &Slack{}, Timeout: -1}, "a duration is not negative"},
	} {
		p := CheckSimulated(map[string]Receiver{"it": c.r})
		if c.says == "" {
			assert.Nil(t, p, name)
			continue
		}
		require.NotNil(t, p, name)
		require.ErrorContains(t, p.Err, c.says, name)
		assert.Equal(t, "it", p.Path[0])
	}
}
