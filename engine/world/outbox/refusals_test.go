package outbox

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"runbook/engine/contact"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type clock struct{}

func (clock) Now() time.Time { return time.Date(2025, 3, 1, 3, 0, 0, 0, time.UTC) }

func post(h http.Handler, method, path, body string) (int, string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w.Code, strings.TrimSpace(w.Body.String())
}

// What the real ones refuse, by what their documentation says.
func TestReceiversRefuseWhatRealOnesRefuse(t *testing.T) {
	out := New(clock{})
	all := Receivers{out, map[string]contact.Receiver{"slack": {Slack: &contact.Slack{}}, "pager": {PagerDuty: &contact.PagerDuty{}}, "hook": {Webhook: &contact.Webhook{}}}}
	section := func(n int) string {
		return `{"text":"t","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"` + strings.Repeat("x", n) + `"}}]}`
	}
	trigger := func(payload string) string {
		return `{"routing_key":"k","event_action":"trigger","dedup_key":"d","payload":` + payload + `}`
	}
	for _, c := range []struct {
		path, body string
		code       int
		says       string
	}{
		{"/slack", `{"text":"t"}`, 200, "ok"},
		{"/slack", `{`, 400, "invalid_payload"},
		{"/slack", `{}`, 400, "no_text"},
		{"/slack", section(3000), 200, "ok"},
		{"/slack", section(3001), 400, "invalid_blocks"},
		{"/slack", section(0), 400, "invalid_blocks"},
		{"/slack", `{"text":"t","blocks":[{"type":"banner","text":{"text":"x"}}]}`, 400, "invalid_blocks"},
		{"/nobody", `{"text":"t"}`, 404, "no_service"},
		{"/pager/v2/enqueue", trigger(`{"summary":"s","source":"o","severity":"critical"}`), 202, `"status":"success"`},
		{"/pager/v2/enqueue", trigger(`{"summary":"s","source":"o","severity":"P0"}`), 400, "payload.severity"},
		{"/pager/v2/enqueue", trigger(`{"source":"o","severity":"critical"}`), 400, "'payload' is missing"},
		{"/pager/v2/enqueue", `{"event_action":"resolve","dedup_key":"d"}`, 400, "'routing_key' is missing"},
		{"/pager/v2/enqueue", `{"routing_key":"k","event_action":"resolve"}`, 400, "'dedup_key' is missing"},
		{"/pager/v2/enqueue", `{"routing_key":"k","event_action":"close","dedup_key":"d"}`, 400, "'event_action'"},
		{"/pager/v2/enqueue", `no`, 400, "invalid event"},
		{"/hook", `anything`, 200, "ok"},
		{"/hook", strings.Repeat("x", largest+1), 413, "too long"},
	} {
		before := len(out.Messages())
		code, said := post(all, http.MethodPost, c.path, c.body)
		assert.Equal(t, c.code, code, "%s %.80s: %s", c.path, c.body, said)
		assert.Contains(t, said, c.says)
		assert.Equal(t, c.code < 300, len(out.Messages()) > before, "what is refused did not arrive: %.80s", c.body)
	}
}

func TestAlertmanagerRefusesWhatTheRealOneRefuses(t *testing.T) {
	a := NewAlertmanager(New(clock{}), clock{}, nil)
	silence := func(matchers, ends, comment string) string {
		return `{"matchers":[` + matchers + `],"startsAt":"2025-03-01T03:00:00Z","endsAt":"` + ends + `","createdBy":"me","comment":"` + comment + `"}`
	}
	const one, later = `{"name":"a","value":"b","isRegex":false}`, "2025-03-01T04:00:00Z"
	for _, c := range []struct {
		body string
		code int
	}{
		{silence(one, later, "c"), 200}, {silence("", later, "c"), 400}, {silence(one, "2025-03-01T02:00:00Z", "c"), 400}, {silence(one, later, ""), 400},
		{silence(`{"name":"a","value":".*","isRegex":true}`, later, "c"), 400}, {silence(`{"name":"a","value":"b","isEqual":false}`, later, "c"), 400}, {"no", 400},
	} {
		code, said := post(a, http.MethodPost, "/api/v2/silences", c.body)
		assert.Equal(t, c.code, code, "%s: %s", c.body, said)
	}
	for _, c := range []struct {
		method, path string
		code         int
	}{
		{http.MethodGet, "/api/v2/silence/nonsense", 422}, {http.MethodGet, "/api/v2/silence/11111111-2222-4333-8444-555555555555", 404},
		{http.MethodDelete, "/api/v2/silence/00000000-0000-4000-8000-000000000001", 200}, {http.MethodDelete, "/api/v2/silence/00000000-0000-4000-8000-000000000001", 500},
		{http.MethodGet, "/api/v2/nothing", 404}, {http.MethodPut, "/api/v2/silences", 404},
	} {
		code, _ := post(a, c.method, c.path, "")
		assert.Equal(t, c.code, code, c.path)
	}
	code, said := post(a, http.MethodGet, "/api/v2/silences", "")
	require.Equal(t, 200, code)
	assert.Contains(t, said, `"state":"expired"`)
	code, _ = post(a, http.MethodPost, "/api/v2/alerts", `[{"labels":{}}]`)
	assert.Equal(t, 400, code)
}
