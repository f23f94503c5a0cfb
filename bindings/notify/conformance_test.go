package notify

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/world"
	"runbook/engine/world/outbox"
	"runbook/engine/world/scenario"
)

// The table is what we know of receivers. The simulated ones are held to it here, and the lab's to the same literals.

// A place is a site with these receivers: slack, mail, pager and hook, which take everything; nobody, whose only address is refused for
// good; partly, of whose two addresses one is; busy, whose address is for the moment; failing and throttled, which answer 503 and 429 with
// a second to wait; slow, which does not answer in time; keyless, which is PagerDuty without a key.
type place struct {
	driver
	arrived func() []outbox.Message // since the last time it was asked
	alerts  string                  // where its Alertmanager is
}

const simulated = `
notify:
  receivers:
    slack: {slack: {}}
    mail: {smtp: {from: "Runbook <runbook@photon-mlir.example.com>", to: [oncall@photon-mlir.example.com, "The Team <team@photon-mlir.example.com>"]}}
    nobody: {smtp: {from: runbook@photon-mlir.example.com, to: [x@reject.example]}}
    busy: {smtp: {from: runbook@photon-mlir.example.com, to: [x@busy.example]}}
    pager: {pagerduty: {}}
    hook: {webhook: {}}
    failing: {webhook: {}}
    throttled: {webhook: {}}
    slow: {webhook: {}, timeout: 1s}
faults:
  - {on: send receivers, name: nobody, answer: "550", message: No such mailbox, times: -1}
  - {on: send receivers, name: busy, answer: "451", message: "Mailbox busy, try again later", times: -1}
  - {on: send receivers, name: failing, answer: "503", times: -1}
  - {on: send receivers, name: throttled, answer: "429", retry_after: 1s, times: -1}
  - {on: send receivers, name: slow, answer: timeout, times: -1}
`

func inAWorld(t *testing.T) place {
	files := fstest.MapFS{"a.yaml": {Data: []byte(simulated)}}
	s, err := scenario.Shelves{Folders: []scenario.Shelf{{Path: "the table", Files: files}}, Check: world.Check}.Load("a")
	require.NoError(t, err)
	w, err := world.Open(s)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	d := drive(t, Config{
		Site: func() Site {
			return Site{Name: "photon", Receivers: w.Receivers(), Roots: w.MailRoots(), Alertmanager: Server{URL: w.Alertmanager()}}
		},
		WrapTransport: quiet(t),
	})
	d.outside, d.now = w.Clock(), w.Clock().Now
	seen := 0
	return place{d, func() []outbox.Message {
		all := w.Outbox()
		since := all[seen:]
		seen = len(all)
		return since
	}, w.Alertmanager()}
}

func TestConformance(t *testing.T) {
	t.Run("receivers", func(t *testing.T) { runConformance(t, inAWorld(t)) })
	t.Run("silences", func(t *testing.T) { runSilences(t, inAWorld(t)) })
	t.Run("Alertmanager", func(t *testing.T) { runAlertmanager(t, inAWorld(t)) })
}

const text = "Two of three pods crash: <b>, &, é, \"q\".\n\n.a line with a dot\n" // dots end mails, marks are Slack's

var conformance = []struct {
	name   string
	call   []any
	code   action.Code // of the error; "" for none
	says   string      // in the error
	again  bool
	after  time.Duration
	id     string // what it begins with; "" for none
	what   outbox.Message
	within []string // what the body holds
}{
	{
		name: "a message to Slack",
		call: []any{"send", "slack", opts("title", "Compiler outage", "text", text, "severity", "P0", "fields", opts("impact", "all users"), "link", "https://status.example.com/?a=b&c")},
		what: outbox.Message{Kind: "slack", Receiver: "slack"},
		within: []string{
			`"text":"Compiler outage"`, `"color":"#d72b3f"`, `{"text":{"text":"Compiler outage","type":"plain_text"},"type":"header"}`,
			`Two of three pods crash: &lt;b&gt;, &amp;, é, \"q\".\n\n.a line with a dot`, `*impact*\nall users`, `<https://status.example.com/?a=b&amp;c>`,
		},
	},
	{
		name: "a mail",
		call: []any{"send", "mail", opts("title", "Compiler outage é", "text", text, "severity", "P0", "status", "identified", "fields", []any{opts("name", "z", "value", 1.0), opts("name", "a", "value", true)}, "link", "https://status.example.com")},
		id:   "<", what: outbox.Message{
			Kind: "smtp", Receiver: "mail", Title: "Compiler outage é", To: []string{"oncall@photon-mlir.example.com", "team@photon-mlir.example.com"},
			Text: strings.TrimRight(text, "\n") + "\n\nStatus: IDENTIFIED\nz: 1\na: true\n\nhttps://status.example.com",
		},
	},
	{
		name:   "a mail that has only a title",
		call:   []any{"send", "mail", opts("title", "a\r\nBcc: everybody@example.com")},
		id:     "<",
		what:   outbox.Message{Kind: "smtp", Receiver: "mail", Title: "a Bcc: everybody@example.com", To: []string{"oncall@photon-mlir.example.com", "team@photon-mlir.example.com"}},
		within: nil,
	},
	{
		name: "an incident",
		call: []any{"trigger", "pager", "down", opts("title", "Compiler outage", "severity", "P1", "text", "all of it", "link", "https://a.example.com")},
		id:   "down", what: outbox.Message{Kind: "pagerduty", Receiver: "pager", Event: "trigger", Key: "down", Severity: "error", Title: "Compiler outage", Text: "all of it"},
		within: []string{`"source":"photon"`, `"client":"runbook"`, `"href":"https://a.example.com"`, `"runbook":"compiler-down"`},
	},
	{name: "acknowledged", call: []any{"acknowledge", "pager", "down"}, id: "down", what: outbox.Message{Kind: "pagerduty", Receiver: "pager", Event: "acknowledge", Key: "down"}},
	{name: "resolved", call: []any{"resolve", "pager", "down"}, id: "down", what: outbox.Message{Kind: "pagerduty", Receiver: "pager", Event: "resolve", Key: "down"}},
	{
		name: "a message to PagerDuty", call: []any{"send", "pager", opts("title", "t", "status", "resolved", "key", "k")},
		id: "k", what: outbox.Message{Kind: "pagerduty", Receiver: "pager", Event: "resolve", Key: "k"},
	},
	{
		name: "a message to PagerDuty without a key", call: []any{"send", "pager", opts("title", "t")},
		id: "runbook-", what: outbox.Message{Kind: "pagerduty", Receiver: "pager", Event: "trigger", Key: "runbook-", Severity: "error", Title: "t"},
	},
	{
		name: "a webhook", call: []any{"send", "hook", opts("title", "t", "text", text, "key", "k")},
		what:   outbox.Message{Kind: "webhook", Receiver: "hook"},
		within: []string{`"title":"t"`, `"text":"Two of three pods crash: <b>, &, é, \"q\".\n\n.a line with a dot"`, `"key":"k"`, `"fields":[]`, `"run":"T"`, `"site":"photon"`},
	},

	{name: "refused for good", call: []any{"send", "nobody", opts("title", "t")}, code: action.CodeNotFound, says: "x@reject.example: 550 5."},
	{name: "refused for now", call: []any{"send", "busy", opts("title", "t")}, code: action.CodeUnavailable, says: "451 4.", again: true},
	{name: "failing", call: []any{"send", "failing", opts("title", "t")}, code: action.CodeUnavailable, says: "cannot send to failing: the webhook answered HTTP status 503 Service Unavailable", again: true},
	{name: "throttled", call: []any{"send", "throttled", opts("title", "t")}, code: action.CodeThrottled, says: "HTTP status 429 Too Many Requests", again: true, after: time.Second},
	{name: "slow", call: []any{"send", "slow", opts("title", "t")}, code: action.CodeTimeout, says: "cannot send to slow: the webhook did not answer in time"},
	{name: "nobody of that name", call: []any{"send", "slak", opts("title", "t")}, code: action.CodeNotFound, says: `there is no receiver "slak" on this site; did you mean "slack"?`},
	{name: "what Slack cannot do", call: []any{"acknowledge", "slack", "down"}, code: action.CodeInvalid, says: "nothing can be acknowledged at slack"},
	{name: "no incidents there", call: []any{"trigger", "mail", "down", opts("title", "t")}, code: action.CodeInvalid, says: "mail has no incidents"},
}

func runConformance(t *testing.T, p place) {
	for _, c := range conformance {
		t.Run(c.name, func(t *testing.T) {
			p.T = t
			p.arrived()
			if a, err := p.act(c.call[0].(string), c.call[1:]...); err == nil {
				_, _ = a.Predict(p.ctx(), p.view)
				require.Empty(t, p.arrived(), "to predict is to tell nobody")
			}
			predicted, result, err := p.try(c.call[0].(string), c.call[1:]...)
			if c.code != "" {
				require.Error(t, err)
				e := err.(*action.Error) //nolint:errorlint,forcetypeassert // exactly that
				require.Equal(t, c.code, e.Code, e.Message)
				require.Contains(t, e.Message, c.says)
				require.Equal(t, c.again, e.Retryable, e.Message)
				require.Equal(t, c.after, e.After)
				return
			}
			require.NoError(t, err)
			require.Equal(t, plain(t, predicted.Value), plain(t, result), "it returns what was predicted")
			value := plain(t, result).(map[string]any)
			require.Equal(t, true, value["sent"])
			id, _ := value["id"].(string)
			require.Equal(t, c.id == "", id == "", id)
			require.True(t, strings.HasPrefix(id, c.id), id)
			require.NotEmpty(t, predicted.Preview)
			arrived := p.arrived()
			require.Len(t, arrived, 1)
			got := arrived[0]
			for _, part := range c.within {
				require.Contains(t, compact(got.Body), part)
			}
			if c.what.Kind != "smtp" {
				got.To = nil
			}
			if strings.HasPrefix(got.Key, c.what.Key) {
				got.Key = c.what.Key
			}
			if c.what.Title == "" {
				got.Title = ""
			}
			if c.what.Text == "" && c.what.Kind != "smtp" {
				got.Text = ""
			}
			got.Time, got.Body = time.Time{}, ""
			require.Equal(t, c.what, got)
		})
	}
}

// compact is JSON without what only people need.
func compact(body string) string {
	var v any
	if json.Unmarshal([]byte(body), &v) != nil {
		return body
	}
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
	return out.String()
}

// runSilences makes silences and ends them.
func runSilences(t *testing.T, p place) {
	mark := fmt.Sprintf("runbook-test-%d", time.Now().UnixNano())
	ours := func() (out []map[string]any) {
		for _, s := range p.read("silences").([]any) {
			if s := s.(map[string]any); strings.Contains(s["matchers"].(string), mark) {
				out = append(out, s)
			}
		}
		return out
	}
	require.Empty(t, ours())
	made := p.does("silence", []any{`alertname=~"` + mark + `.*"`, `severity!=info`}, opts("lasts", "30m", "comment", "a \"test\"")).(map[string]any)
	require.Len(t, ours(), 1)
	s := ours()[0]
	require.Equal(t, made["id"], s["id"])
	require.Equal(t, `alertname=~"`+mark+`.*", severity!="info"`, s["matchers"])
	require.Equal(t, `a "test"`, s["comment"])
	require.Equal(t, "runbook T", s["by"])
	require.Equal(t, "active", s["state"])
	require.InDelta(t, 1800, s["ends"].(float64)-s["starts"].(float64), 5)

	// The same for less is there already; the same for longer is another one, and whoever wants it is told.
	again, err := p.act("silence", []any{`severity!="info"`, `alertname=~"` + mark + `.*"`}, opts("lasts", "10m", "comment", "again"))
	require.NoError(t, err)
	predicted, err := again.Predict(p.ctx(), p.view)
	require.NoError(t, err)
	require.True(t, predicted.Unchanged)
	require.Contains(t, predicted.Note, `by runbook T: a "test"`)
	longer, err := p.act("silence", []any{`severity!="info"`, `alertname=~"` + mark + `.*"`}, opts("lasts", "10h", "comment", "again"))
	require.NoError(t, err)
	predicted, err = longer.Predict(p.ctx(), p.view)
	require.NoError(t, err)
	require.False(t, predicted.Unchanged)
	require.Contains(t, predicted.Warnings[0], "there is another silence of these, until ")

	// Whether it was made can be found out, and a silence whose id nobody heard can be ended.
	first, err := p.act("silence", []any{`alertname=~"` + mark + `.*"`, `severity!=info`}, opts("lasts", "30m", "comment", "a \"test\""))
	require.NoError(t, err)
	settled, err := first.Settle(p.ctx(), action.Intent{})
	require.NoError(t, err)
	require.Equal(t, action.Done, settled)
	settled, err = longer.Settle(p.ctx(), action.Intent{})
	require.NoError(t, err)
	require.Equal(t, action.NotDone, settled)
	made["id"] = unmade + "x"
	_, _, err = p.try("expire", made)
	require.NoError(t, err)
	require.Empty(t, ours())
	require.Equal(t, "expired", find(p.read("silences", opts("state", "expired")).([]any), s["id"]))

	// It is over, and was.
	over, err := p.act("expire", s["id"])
	require.NoError(t, err)
	predicted, err = over.Predict(p.ctx(), p.view)
	require.NoError(t, err)
	require.True(t, predicted.Unchanged)
	settled, err = over.Settle(p.ctx(), action.Intent{Evidence: action.Evidence{UID: s["id"].(string)}})
	require.NoError(t, err)
	require.Equal(t, action.Done, settled)
	for _, id := range []string{"nonsense", "11111111-2222-4333-8444-555555555555"} {
		require.Equal(t, action.CodeNotFound, p.fails("expire", id).Code, id)
	}

	// Alerts are taken, twice as well, and end.
	alert := []any{mark, opts("labels", opts("team", "photon"), "severity", "P2", "summary", "a test", "lasts", "1m")}
	require.Equal(t, map[string]any{"sent": true}, p.does("alert", alert...))
	require.Equal(t, map[string]any{"sent": true}, p.does("alert", alert...))
	require.Equal(t, map[string]any{"sent": true}, p.does("alert", mark, opts("labels", opts("team", "photon"), "severity", "P2", "resolved", true)))
	require.Equal(t, action.CodeInvalid, p.fails("alert", "").Code)
}

func find(list []any, id any) any {
	for _, s := range list {
		if s := s.(map[string]any); s["id"] == id {
			return s["state"]
		}
	}
	return nil
}

// runAlertmanager asks what the module never would, so that a simulated Alertmanager refuses what the real one refuses.
func runAlertmanager(t *testing.T, p place) {
	now := p.now().UTC()
	silence := func(matchers string, ends time.Duration, by, comment string) string {
		return fmt.Sprintf(`{"matchers":[%s],"startsAt":%q,"endsAt":%q,"createdBy":%q,"comment":%q}`,
			matchers, now.Format(time.RFC3339), now.Add(ends).Format(time.RFC3339), by, comment)
	}
	const one, nobody = `{"name":"runbook_test","value":"b","isRegex":false}`, "11111111-2222-4333-8444-555555555555"
	ask := func(method, path, body string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, p.alerts+"/api/v2/"+path, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		answer, err := client.Do(r)
		require.NoError(t, err)
		defer answer.Body.Close()
		said, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return answer.StatusCode, string(said)
	}
	for _, c := range []struct {
		method, path, body string
		code               int
		says               string
	}{
		{"POST", "silences", silence("", time.Minute, "t", "c"), 422, "matchers in body should have at least 1 items"},
		{"POST", "silences", silence(`{"name":"a","value":".*","isRegex":true}`, time.Minute, "t", "c"), 400, "at least one matcher must not match the empty string"},
		{"POST", "silences", silence(one, -time.Minute, "t", "c"), 400, "Failed to create silence: "},
		{"POST", "silences", "no", 400, ""},
		{"GET", "silence/nonsense", "", 422, "must be of type uuid"},
		{"DELETE", "silence/nonsense", "", 422, "must be of type uuid"},
		{"GET", "silence/" + nobody, "", 404, ""},
		{"DELETE", "silence/" + nobody, "", 404, ""},
		{"GET", "nothing", "", 404, ""},
		{"POST", "alerts", `[{"labels":{}}]`, 400, "at least one label pair required"},
		{"POST", "alerts", `no`, 400, ""},
		{"POST", "alerts", `[]`, 200, ""},
	} {
		code, said := ask(c.method, c.path, c.body)
		assert.Equal(t, c.code, code, "%s %s %s: %s", c.method, c.path, c.body, said)
		assert.Contains(t, said, c.says)
	}
	code, said := ask("POST", "silences", silence(one, time.Minute, "", ""))
	require.Equal(t, 200, code, said)
	var made struct{ SilenceID string }
	require.NoError(t, json.Unmarshal([]byte(said), &made))
	for range 2 { // one that is over can be ended again
		code, said = ask("DELETE", "silence/"+made.SilenceID, "")
		assert.Equal(t, 200, code, said)
	}
	code, said = ask("GET", "silence/"+made.SilenceID, "")
	assert.Equal(t, 200, code)
	assert.Contains(t, said, `"state":"expired"`)
}
