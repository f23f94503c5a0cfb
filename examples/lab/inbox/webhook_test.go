package inbox

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestWebhooksAreAnsweredAsTheirPathAsks(t *testing.T) {
	ledger, path := newLedger(t)
	server := httptest.NewServer(receiver{ledger})
	t.Cleanup(server.Close)
	for _, c := range []struct {
		path, body string
		status     int
		answer     string // a part of it
		retryAfter string
	}{
		{path: "/slack/services/T0/B0/xyz", body: `{"text": "hello"}`, status: 200, answer: "ok"},
		{path: "//any/../path", body: "no JSON", status: 200, answer: "ok"},
		{path: "/fail/503", body: "{}", status: 503, answer: "Service Unavailable"},
		{path: "/fail/429/slack", status: 429, answer: "Too Many Requests", retryAfter: retryAfter},
		{path: "/fail/200", status: 404, answer: "name a status from 400 to 599"},
		{path: "/fail/soon", status: 404, answer: "name a status from 400 to 599"},
		{path: "/slow/1ms", status: 200, answer: "ok"},
		{path: "/slow/soon", status: 404, answer: "name one as in /slow/30s"},
		{path: "/slow/-1s", status: 404, answer: "name one as in /slow/30s"},
		{path: "/pagerduty/v2/enqueue", body: `{"routing_key":"r","event_action":"trigger"}`, status: 202, answer: `"dedup_key":"`},
		{path: "/v2/enqueue", body: `{"routing_key":"r","event_action":"resolve","dedup_key":"mine"}`, status: 202, answer: `"dedup_key":"mine"`},
		{path: "/v2/enqueue", body: `{"routing_key":"r"}`, status: 400, answer: "invalid event"},
		{path: "/v2/enqueue", body: "no JSON", status: 400, answer: "invalid event"},
		{path: "/large", body: strings.Repeat("x", largest+1), status: 413, answer: "1048576 bytes"},
	} {
		t.Run(c.path, func(t *testing.T) {
			before := len(written[Webhook](t, path))
			response, err := http.Post(server.URL+c.path, "application/json", strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			answer, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != c.status || !strings.Contains(string(answer), c.answer) || response.Header.Get("Retry-After") != c.retryAfter {
				t.Errorf("got %s, Retry-After %q, %q", response.Status, response.Header.Get("Retry-After"), answer)
			}
			all := written[Webhook](t, path)[before:]
			if len(all) != 1 || all[0].Path != c.path || all[0].Status != c.status || all[0].Kind != KindWebhook {
				t.Errorf("%+v was written down", all)
			}
		})
	}
}

func TestWebhookIsWrittenDownWithoutSecrets(t *testing.T) {
	ledger, path := newLedger(t)
	request := httptest.NewRequest(http.MethodPut, "/hook?a=b", strings.NewReader("{\n  \"n\": 12345678901234567890\n}"))
	hidden := []string{"Authorization", "Proxy-Authorization", "Cookie", "X-Auth-Token", "X-Api-Key", "X-Hub-Signature-256"}
	for _, name := range hidden {
		request.Header.Set(name, "hush")
	}
	request.Header.Set("Idempotency-Key", "run-1")
	receiver{ledger}.ServeHTTP(httptest.NewRecorder(), request)
	got := written[Webhook](t, path)[0]
	if got.Method != http.MethodPut || got.Query != "a=b" || string(got.Body) != `{"n":12345678901234567890}` || got.Headers["Idempotency-Key"][0] != "run-1" {
		t.Errorf("got %+v", got)
	}
	for _, name := range hidden {
		if value := got.Headers[name]; len(value) != 1 || value[0] != "(hidden)" {
			t.Errorf("header %s is written down as %q", name, value)
		}
	}
}

func TestWebhookOfNoJSONIsAString(t *testing.T) {
	if got := string(document([]byte("a \"quoted\"\n"))); got != `"a \"quoted\"\n"` {
		t.Errorf("got %s", got)
	}
}

func TestWhetherItIsReadyIsNoMessage(t *testing.T) {
	ledger, path := newLedger(t)
	recorder := httptest.NewRecorder()
	receiver{ledger}.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, readyPath, nil))
	if recorder.Code != http.StatusOK || len(written[Webhook](t, path)) > 0 {
		t.Errorf("answered %d and wrote down %d messages", recorder.Code, len(written[Webhook](t, path)))
	}
}

func TestSlowAnswerEndsWithItsServer(t *testing.T) {
	ledger, path := newLedger(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	request := httptest.NewRequest(http.MethodPost, "/slow/1h", nil).WithContext(ctx)
	receiver{ledger}.ServeHTTP(httptest.NewRecorder(), request)
	if len(written[Webhook](t, path)) != 1 {
		t.Error("it is not written down when it arrives")
	}
}
