package httpclient

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBelow(t *testing.T) {
	for address, want := range map[string]string{
		"https://a:9090/prom/api/v1/query?x=1": "query", "https://a:9090/prom/api/v1/": "",
		"http://a:9090/prom/api/v1/query": "no", "https://a/prom/api/v1/query": "no", "https://a:9090/api/v1/query": "no", "https://a:9090/prom/api/v1": "no",
		"https://a:9090/prom/api/v1/label%2fx": "label%2fx",
	} {
		server, err := url.Parse("https://a:9090/prom/")
		require.NoError(t, err)
		r, err := http.NewRequest(http.MethodGet, address, http.NoBody)
		require.NoError(t, err)
		rest, is := Below(server, "/api/v1/", r)
		if !is {
			rest = "no"
		}
		require.Equal(t, want, rest, address)
	}
}
