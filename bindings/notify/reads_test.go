package notify

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// Only looks at the site's own Alertmanager are reads; whatever goes to a receiver tells somebody something.
func TestReads(t *testing.T) {
	isRead := Reads(func() Server { return Server{URL: "http://am:9093/prefix"} })
	for _, c := range []struct {
		method, url string
		read        bool
	}{
		{"GET", "http://am:9093/prefix/api/v2/silences", true},
		{"GET", "http://am:9093/prefix/api/v2/silences?filter=a", true},
		{"GET", "http://am:9093/prefix/api/v2/silence/11111111-2222-4333-8444-555555555555", true},
		{"GET", "http://am:9093/prefix/api/v2/alerts", true},
		{"HEAD", "http://am:9093/prefix/api/v2/status", true},
		{"POST", "http://am:9093/prefix/api/v2/silences", false},
		{"DELETE", "http://am:9093/prefix/api/v2/silence/11111111-2222-4333-8444-555555555555", false},
		{"POST", "http://am:9093/prefix/api/v2/alerts", false},
		{"GET", "http://am:9093/api/v2/silences", false},
		{"GET", "http://am:9093/prefix/api/v2/silence/../alerts", false},
		{"GET", "http://am:9093/prefix/-/reload", false},
		{"GET", "https://am:9093/prefix/api/v2/silences", false},
		{"GET", "http://elsewhere/prefix/api/v2/silences", false},
		{"POST", "https://hooks.slack.com/services/x", false},
		{"POST", "https://events.pagerduty.com/v2/enqueue", false},
	} {
		r, err := http.NewRequest(c.method, c.url, nil)
		require.NoError(t, err)
		require.Equal(t, c.read, isRead(r, nil) == nil, "%s %s", c.method, c.url)
	}
	upgrade, err := http.NewRequest(http.MethodGet, "http://am:9093/prefix/api/v2/silences", nil)
	require.NoError(t, err)
	upgrade.Header.Set("Upgrade", "websocket")
	require.Error(t, isRead(upgrade, nil))
	require.Error(t, Reads(func() Server { return Server{} })(upgrade, nil), "a site without one")
}
