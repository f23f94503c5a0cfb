package site

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const contacts = `
alertmanager: {url: http://alertmanager:9093, http_config: am.yaml}
notify:
  receivers:
    oncall:
      slack: {url: "${file:slack}", http_config: http.yaml}
      title: "[{{.Severity}} INCIDENT] {{.Title}}"
      timeout: 5s
    mail: {smtp: {server: "mail.example.com:587", from: a@example.com, to: [b@example.com], user: a, password: "${env:MAIL}", ca_file: ca.crt}}
    pager: {pagerduty: {routing_key: "${file:/etc/key}"}}
    hook: {webhook: {url: "${env:HOOK}", headers: {Authorization: "Bearer ${file:token}", X-Team: photon}, body: '{"a": {{json .Text}}}'}}
    alerts: {alertmanager: {labels: {team: photon}}}
escalation:
  P0: {respond: 10m, path: [{who: On-call, receiver: pager}, {who: Manager, receiver: mail, after: 20m}]}
`

func TestReceiversAreThoseOfTheFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "runbook.yaml")
	require.NoError(t, os.WriteFile(path, []byte(contacts), 0o600))
	s, err := Load(path)
	require.NoError(t, err)
	r := s.Notify.Receivers
	assert.Equal(t, "${file:"+filepath.Join(folder, "slack")+"}", r["oncall"].Slack.URL, "from the folder of the site file")
	assert.Equal(t, filepath.Join(folder, "http.yaml"), r["oncall"].Slack.HTTPConfig)
	assert.Equal(t, 5*time.Second, r["oncall"].Timeout)
	assert.Equal(t, filepath.Join(folder, "ca.crt"), r["mail"].SMTP.CAFile)
	assert.Equal(t, "${env:MAIL}", r["mail"].SMTP.Password)
	assert.Equal(t, "${file:/etc/key}", r["pager"].PagerDuty.RoutingKey)
	assert.Equal(t, "Bearer ${file:"+filepath.Join(folder, "token")+"}", r["hook"].Webhook.Headers["Authorization"])
	assert.Equal(t, filepath.Join(folder, "am.yaml"), s.Alertmanager.HTTPConfig)
	assert.Equal(t, 20*time.Minute, s.Escalation["P0"].Told(1))
}

// What is wrong is told with its line, and never with what may be a secret.
func TestReceiversAreChecked(t *testing.T) {
	receiver := func(text string) string { return "notify:\n  receivers:\n    a:\n      " + text + "\n" }
	const key = "hunter2-canary"
	for name, c := range map[string]struct{ text, message string }{
		"nothing":            {receiver("timeout: 5s"), "line 4: notify.receivers.a: a receiver is one of slack, smtp, pagerduty, webhook and alertmanager, and this is none"},
		"two":                {receiver("slack: {}\n      webhook: {}"), "a receiver is one of slack, smtp, pagerduty, webhook and alertmanager, and this is slack and webhook"},
		"a name":             {"notify: {receivers: {'a b': {slack: {}}}}\n", `"a b" is no name of a receiver`},
		"misspelt":           {receiver("slak: {}"), `line 4: there is no field "slak" here; did you mean "slack"?`},
		"misspelt inside":    {receiver("slack: {ulr: x}"), `line 4: there is no field "ulr" here`},
		"a secret address":   {receiver("slack:\n        url: https://hooks.slack.com/" + key), "line 5: notify.receivers.a.slack.url: the webhook's address is a secret, and stands here only by reference: ${env:NAME} or ${file:PATH}"},
		"a secret key":       {receiver("pagerduty:\n        routing_key: " + key), "line 5: notify.receivers.a.pagerduty.routing_key: an integration key is a secret"},
		"a secret password":  {receiver("smtp: {server: 'a:25', from: a@b.c, to: [a@b.c], user: a, password: " + key + "}"), "line 4: notify.receivers.a.smtp.password: a password is a secret"},
		"a secret header":    {receiver("webhook: {url: 'http://a', headers: {X-Api-Key: " + key + "}}"), "notify.receivers.a.webhook.headers.X-Api-Key: what X-Api-Key holds is a secret"},
		"a password in it":   {receiver("webhook: {url: 'http://me:" + key + "@a'}"), "there is a name or a password in this address"},
		"no address":         {receiver("webhook: {url: 'a'}"), "webhook.url: this is no address"},
		"another method":     {receiver("webhook: {url: 'http://a', method: GET}"), "a webhook is called by POST or PUT"},
		"no mail server":     {receiver("smtp: {server: a, from: a@b.c, to: [a@b.c]}"), "smtp.server: this is no server: mail.example.com:587"},
		"mail from nobody":   {receiver("smtp: {server: 'a:25', to: [a@b.c]}"), "smtp.from: is missing: the address that mail is from"},
		"mail to nobody":     {receiver("smtp: {server: 'a:25', from: a@b.c}"), "smtp.to: mail is to at least one address"},
		"mail to no address": {receiver("smtp: {server: 'a:25', from: a@b.c, to: [a@b.c, x]}"), `smtp.to[1]: "x" is no address`},
		"another protection": {receiver("smtp: {server: 'a:25', from: a@b.c, to: [a@b.c], tls: startls}"), `did you mean "starttls"?`},
		"a naked password":   {receiver("smtp: {server: 'a:25', from: a@b.c, to: [a@b.c], user: a, password: '${env:X}', tls: none}"), "a password is not sent where everybody can read it"},
		"a template":         {receiver("pagerduty: {routing_key: '${env:X}'}\n      title: '{{.Titel}}'"), "line 5: notify.receivers.a.title: the template is wrong at line 1:2: executing \"it\" at <.Titel>: can't evaluate field Titel in type a message"},
		"half a template":    {receiver("pagerduty: {routing_key: '${env:X}'}\n      text: '{{.Title'"), "notify.receivers.a.text: the template is wrong at line 1"},
		"a body":             {receiver("webhook: {url: 'http://a', body: '{\"a\": {{.Text}}}'}"), "webhook.body: it does not make JSON"},
		"a label":            {"alertmanager: {url: 'http://a'}\n" + receiver("alertmanager: {labels: {'': c}}"), `"" is no name of a label`},
		"no Alertmanager":    {receiver("alertmanager: {}"), "line 4: notify.receivers.a: nothing says where Alertmanager is"},
		"Alertmanager where": {"alertmanager: {url: x}\n", "line 1: alertmanager.url: an address begins with"},
		"severity":           {"escalation: {P9: {respond: 1h, path: [{who: a}]}}\n", `line 1: escalation.P9: "P9" is no severity: they are P0, P1, P2, P3`},
		"response":           {"escalation:\n  P0:\n    respond: soon\n    path: [{who: a}]\n", `line 3: escalation.P0.respond: "soon" is no response time`},
		"nobody":             {"escalation: {P0: {respond: 1h}}\n", "escalation.P0.path: somebody is told"},
		"nameless":           {"escalation: {P0: {respond: 1h, path: [{}]}}\n", "escalation.P0.path[0]: who is told"},
		"by which":           {"escalation: {P0: {respond: 1h, path: [{who: a, receiver: b}]}}\n", `escalation.P0.path[0].receiver: there is no receiver "b"`},
		"disorder":           {"escalation: {P0: {respond: 1h, path: [{who: a}, {who: b}, {who: c, after: 5m}]}}\n", "c is told before b, who stands before"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(c.text))
			require.ErrorContains(t, err, c.message)
			assert.NotContains(t, err.Error(), key)
		})
	}
}
