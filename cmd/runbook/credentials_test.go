package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd/api"

	"runbook/engine/redact"
)

// The last moment at which a credential can be learned is before the server, which may give it back, has it.
func TestACredentialIsKnownBeforeItIsSent(t *testing.T) {
	r := redact.New()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		assert.NotContains(t, r.String("it is "+q.Header.Get("Authorization")), "canary", "it was sent before it was known")
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	client := &http.Client{Transport: learning(r)(http.DefaultTransport)}
	for header, secret := range map[string]string{
		"Bearer canary-token": "canary-token", "bearer canary-lower": "canary-lower", "canary-of-no-scheme": "canary-of-no-scheme",
		"Basic dTpjYW5hcnktcGFzcw==": "canary-pass", "Basic dTpjYW5hcnktcGFz": "canary-pas",
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", header)
		response, err := client.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, "it is [secret]", r.String("it is "+secret))
	}
}

// A signature is no secret, and another one for each request: thousands of them would be searched for in everything that is shown.
func TestSignaturesAreNotLearned(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	r := redact.New()
	client := &http.Client{Transport: learning(r)(server.Client().Transport)}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	require.NoError(t, err)
	const signature = "AWS4-HMAC-SHA256 Credential=AKIA/20261124/eu/s3/aws4_request, SignedHeaders=host, Signature=0123456789abcdef"
	request.Header.Set("Authorization", signature)
	request.Header.Set("X-Amz-Security-Token", "canary-session-token")
	request.Header.Set("X-Amz-Sso_bearer_token", "canary-sso-token")
	response, err := client.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, signature, r.String(signature))
	assert.Equal(t, "[secret] [secret]", r.String("canary-session-token canary-sso-token"))
}

func TestCredentialsOfAConfigurationAreHidden(t *testing.T) {
	r := redact.New()
	t.Setenv("HTTPS_PROXY", "http://u:canary-proxy@proxy.example:3128")
	hideCredentials(r, &rest.Config{
		Host: "https://u:canary-host@server.example", BearerToken: "canary-token",
		ExecProvider: &api.ExecConfig{Env: []api.ExecEnvVar{{Name: "LOGIN", Value: "canary-login"}}},
		AuthProvider: &api.AuthProviderConfig{Config: map[string]string{"refresh-token": "canary-refresh", "idp-issuer-url": "https://issuer.example"}},
	})
	hideProxies(r, api.Config{Clusters: map[string]*api.Cluster{"c": {ProxyURL: "socks5://u:canary-socks@proxy.example"}}})
	for _, secret := range []string{"canary-proxy", "canary-host", "canary-token", "canary-login", "canary-refresh", "canary-socks"} {
		assert.Equal(t, "[secret]", r.String(secret))
	}
	assert.Equal(t, "https://issuer.example", r.String("https://issuer.example"))
	assert.Equal(t, "https://server.example/x", withoutUser("https://u:canary-host@server.example/x"))
	assert.Equal(t, "https://server.example", withoutUser("https://server.example"))
}
