package notify

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/contact"
	"runbook/engine/redact"
)

// A link that is a secret is in what is sent, and in nothing that is shown: whoever has a presigned address can read what it leads to.
func TestALinkThatIsASecret(t *testing.T) {
	var got string
	code := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		got = string(text)
		w.WriteHeader(code)
		_, _ = w.Write(text)
	}))
	t.Cleanup(server.Close)
	const address = "https://store.example.com/bucket/key?X-Amz-Signature=" + canary
	for kind, receiver := range map[string]contact.Receiver{
		"webhook": {Webhook: &contact.Webhook{URL: server.URL}}, "slack": {Slack: &contact.Slack{URL: server.URL}},
		"pagerduty": {PagerDuty: &contact.PagerDuty{URL: server.URL, RoutingKey: "k"}},
	} {
		r := redact.New()
		receiver.Timeout = time.Second
		d := drive(t, Config{Site: to(receiver), Secrets: r, WrapTransport: quiet(t)})
		a, err := d.act("send", "it", opts("title", "t", "link", action.NewSecret(address)))
		require.NoError(t, err)
		p, err := a.Predict(d.ctx(), d.view)
		require.NoError(t, err)
		assert.Contains(t, p.Preview, action.Masked, kind)
		assert.NotContains(t, fmt.Sprintf("%+v %+v", p, a.Describe()), canary, kind)
		code = http.StatusBadRequest
		_, err = a.Apply(d.ctx(), p)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), canary, kind)
		assert.Contains(t, got, canary, kind)
	}
}
