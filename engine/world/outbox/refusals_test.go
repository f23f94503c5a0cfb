package outbox

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
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
		{"/pager/v2/enqueue", trigger(`{"summary":"s","source":"o","severity":"info","custom_details":{"log":"` + strings.Repeat("x", 512<<10) + `"}}`), 413, "too long"},
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
