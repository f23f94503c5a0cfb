package main

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd/api"

	"runbook/engine/redact"
)

// hideCredentials makes the credentials known that a configuration holds, or says where they are. What only a plugin knows, or a file
// holds from tomorrow on, is learned from the requests that carry it: see bearer.
func hideCredentials(r *redact.Redactor, config *rest.Config) {
	secrets := []string{config.BearerToken, config.Password, string(config.KeyData), passwordIn(config.Host)}
	for _, path := range []string{config.BearerTokenFile, config.KeyFile} {
		if path == "" {
			continue
		}
		if text, err := os.ReadFile(path); err == nil { // if not, the first request says so
			secrets = append(secrets, string(text))
		}
	}
	if config.ExecProvider != nil {
		for _, env := range config.ExecProvider.Env {
			secrets = append(secrets, env.Value)
		}
	}
	if config.AuthProvider != nil {
		for _, name := range []string{"client-secret", "id-token", "refresh-token", "access-token"} {
			secrets = append(secrets, config.AuthProvider.Config[name])
		}
	}
	r.Add(secrets...)
}

// hideProxies makes the passwords of proxies known: those of the kubeconfig, and of the environment.
func hideProxies(r *redact.Redactor, raw api.Config) {
	var secrets []string
	for _, cluster := range raw.Clusters {
		secrets = append(secrets, passwordIn(cluster.ProxyURL))
	}
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		secrets = append(secrets, passwordIn(os.Getenv(name)))
	}
	r.Add(secrets...)
}

func passwordIn(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	password, _ := u.User.Password()
	return password
}

// withoutUser is an address without the name and password that may stand in it.
func withoutUser(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address
	}
	u.User = nil
	return u.String()
}

// A bearer learns from each request which credentials it carries, before it is sent: a server may give them back in an error, and no
// configuration holds those that a plugin gets, or that are exchanged while a run lasts.
type bearer struct {
	redactor *redact.Redactor
	next     http.RoundTripper
	seen     *sync.Map // headers that were learned
}

// learning wraps a transport in a bearer.
func learning(r *redact.Redactor) func(http.RoundTripper) http.RoundTripper {
	seen := &sync.Map{}
	return func(next http.RoundTripper) http.RoundTripper { return &bearer{r, next, seen} }
}

// RoundTrip learns and sends.
func (b *bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	for _, name := range []string{"Authorization", "Proxy-Authorization", "X-Amz-Security-Token", "X-Amz-Sso_bearer_token"} {
		for _, value := range r.Header.Values(name) {
			if _, known := b.seen.Load(value); !known && !strings.HasPrefix(value, awsSignature) {
				b.redactor.Add(credentials(value)...)
				b.seen.Store(value, true)
			}
		}
	}
	return b.next.RoundTrip(r)
}

// awsSignature is the scheme of a header that holds no secret, but what was made with one: another signature for each request. Thousands
// of them are not learned; the secret itself is, where it is had.
const awsSignature = "AWS4-HMAC-SHA256"

// credentials are the secrets of an Authorization header: a token, or what stands behind the name in user:password.
func credentials(header string) []string {
	scheme, value, found := strings.Cut(header, " ")
	if !found {
		return []string{header}
	}
	value = strings.TrimSpace(value)
	secrets := []string{value}
	if strings.EqualFold(scheme, "basic") {
		if plain, err := base64.StdEncoding.DecodeString(value); err == nil {
			_, password, _ := strings.Cut(string(plain), ":")
			secrets = append(secrets, password)
		}
	}
	return secrets
}

// WrappedRoundTripper returns what is behind it, for client-go's helpers.
func (b *bearer) WrappedRoundTripper() http.RoundTripper { return b.next }

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the transport behind it.
func (b *bearer) CloseIdleConnections() {
	if next, ok := b.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}
