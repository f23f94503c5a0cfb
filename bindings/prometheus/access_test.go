package prometheus

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/httpclient"
	"runbook/engine/redact"
)

// A folder is one with files of a configuration in it.
type folder struct {
	*testing.T
	path string
}

func newFolder(t *testing.T) folder { return folder{t, t.TempDir()} }

func (f folder) write(name, text string) string {
	path := filepath.Join(f.path, name)
	require.NoError(f, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// with is a module that asks an address with a configuration.
func (f folder) with(address, config string, changes ...func(*Config)) driver {
	path := f.write("http.yaml", config)
	access := func(cfg *Config) { cfg.Access = func() Access { return Access{URL: address, HTTPConfig: path} } }
	return drive(f.T, address, append([]func(*Config){access, walled}, changes...)...)
}

// Each way to say who we are arrives, from files beside the configuration as well, under the second wall of a dry run.
func TestCredentialsArrive(t *testing.T) {
	f := newFolder(t)
	f.write("password", "hunter2-file\n")
	f.write("token", "token-file\n")
	for _, c := range []struct{ name, config, header, want string }{
		{"nothing", "", "Authorization", ""},
		{"basic", "basic_auth: {username: me, password: hunter2}", "Authorization", "Basic bWU6aHVudGVyMg=="},
		{"basic from a file", "basic_auth: {username: me, password_file: password}", "Authorization", "Basic bWU6aHVudGVyMi1maWxl"},
		{"bearer", "authorization: {credentials: token}", "Authorization", "Bearer token"},
		{"bearer from a file", "authorization: {credentials_file: token}", "Authorization", "Bearer token-file"},
		{"another scheme", "authorization: {type: Token, credentials: token}", "Authorization", "Token token"},
		{"as of old", "bearer_token_file: token", "Authorization", "Bearer token-file"},
		{"a header", "http_headers: {X-Scope-OrgID: {values: [photon]}}", "X-Scope-OrgID", "photon"},
		{"a secret header", "http_headers: {X-Key: {secrets: [key]}}", "X-Key", "key"},
		{"a header from a file", "http_headers: {X-Key: {files: [token]}}", "X-Key", "token-file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &stub{answer: says(200, one)}
			d := folder{t, f.path}.with(serve(t, s), c.config)
			d.read("query", "up")
			require.Equal(t, c.want, s.asked[0].Header.Get(c.header))
			require.Equal(t, "runbook/test T", s.asked[0].UserAgent())
		})
	}
	s := &stub{answer: says(200, one)}
	d := drive(t, strings.Replace(serve(t, s), "http://", "http://me:hunter2@", 1), walled)
	d.read("query", "up")
	require.Equal(t, "Basic bWU6aHVudGVyMg==", s.asked[0].Header.Get("Authorization"), "of the address")
}

// A password that changes while a run lasts is the new one from then on.
func TestAFileIsReadAgain(t *testing.T) {
	f, s := newFolder(t), &stub{answer: says(200, one)}
	f.write("token", "one")
	d := f.with(serve(t, s), "authorization: {credentials_file: token}")
	d.read("query", "up")
	f.write("token", "two")
	d.read("query", "up")
	require.Equal(t, "Bearer two", s.asked[1].Header.Get("Authorization"))
	require.NoError(t, os.Remove(filepath.Join(f.path, "token")))
	e := d.fails("query", "up")
	require.Equal(t, action.CodeInvalid, e.Code)
	require.Contains(t, e.Message, "a file of the HTTP client configuration cannot be read: open "+filepath.Join(f.path, "token"))
}

// A secret header that changes is known before it is sent, too.
func TestAHeaderIsReadAgain(t *testing.T) {
	f, hidden := newFolder(t), redact.New()
	f.write("key", "canary-one")
	d := f.with(serve(t, says(200, one)), "http_headers: {X-Key: {files: [key]}}", func(cfg *Config) { cfg.Secrets = hidden })
	d.read("query", "up")
	f.write("key", "canary-two")
	d.read("query", "up")
	require.Equal(t, "[secret] [secret]", hidden.String("canary-one canary-two"))
}

func TestTLS(t *testing.T) {
	server := httptest.NewTLSServer(says(200, one))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of who does not trust it
	t.Cleanup(server.Close)
	f := newFolder(t)
	f.write("ca.crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	d := f.with(server.URL, "tls_config: {ca_file: ca.crt, server_name: example.com}")
	near(t, "1", d.read("value", "up").(map[string]any)["value"])
	e := f.with(server.URL, "").fails("query", "up")
	require.Equal(t, action.CodeUnavailable, e.Code)
	require.False(t, e.Retryable, "it will not be trusted in a second either")
	require.Contains(t, e.Message, "is not trusted: tls: failed to verify certificate")
	require.Equal(t, "name its authority in the HTTP client configuration: tls_config: {ca_file: …}", e.Hint)
	e = f.with(server.URL, "tls_config: {ca_file: nowhere.crt}").fails("query", "up")
	require.Equal(t, action.CodeInvalid, e.Code)
	require.Contains(t, e.Message, "nowhere.crt: no such file")
}

func TestAProxy(t *testing.T) {
	s := &stub{answer: says(200, one)}
	proxy := strings.Replace(serve(t, s), "http://", "http://me:hunter2@", 1)
	d := newFolder(t).with("http://prometheus.invalid:9090", "proxy_url: "+proxy)
	near(t, "1", d.read("value", "up").(map[string]any)["value"])
	require.Equal(t, "prometheus.invalid:9090", s.asked[0].Host)
	require.Equal(t, "Basic bWU6aHVudGVyMg==", s.asked[0].Header.Get("Proxy-Authorization"))
}

// An issuer gives tokens, each for a second only, to who asks as it should.
type issuer struct {
	t     *testing.T
	mu    sync.Mutex
	forms []url.Values
	given int
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	i.mu.Lock()
	defer i.mu.Unlock()
	user, password, _ := r.BasicAuth()
	r.Form.Set("as", user+":"+password)
	i.forms = append(i.forms, r.Form)
	i.given++
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"access_token":"issued-%d","token_type":"Bearer","expires_in":%d}`, i.given, 1+3600*(i.given-1))
}

func TestOAuth2(t *testing.T) {
	tokens := &issuer{t: t}
	s := &stub{answer: says(200, one)}
	f := newFolder(t)
	f.write("secret", "client-secret\n")
	hidden := redact.New()
	d := f.with(serve(t, s), "oauth2: {client_id: me, client_secret_file: secret, scopes: [a, b], token_url: "+serve(t, tokens)+"/token, endpoint_params: {audience: prom}}",
		func(cfg *Config) { cfg.Secrets = hidden })
	for range 3 {
		d.read("query", "up")
	}
	var got []string
	for _, r := range s.asked {
		got = append(got, r.Header.Get("Authorization"))
	}
	require.Equal(t, []string{"Bearer issued-1", "Bearer issued-2", "Bearer issued-2"}, got, "the first token was over at once")
	require.Equal(t, "client_credentials", tokens.forms[0].Get("grant_type"))
	require.Equal(t, "me:client-secret", tokens.forms[0].Get("as"))
	require.Equal(t, "a b", tokens.forms[0].Get("scope"))
	require.Equal(t, "prom", tokens.forms[0].Get("audience"))
	require.Equal(t, "[secret] [secret]", hidden.String("issued-2 client-secret"))

	refuses := serve(t, says(401, `{"error":"invalid_client"}`))
	e := f.with(serve(t, s), "oauth2: {client_id: me, client_secret: secret, token_url: "+refuses+"}").fails("query", "up")
	require.Equal(t, action.CodeUnauth, e.Code)
	require.Equal(t, `cannot query up: no token for it: HTTP status 401 Unauthorized: {"error":"invalid_client"}`, e.Message)
}

func TestOAuth2WithAKey(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	tokens := &issuer{t: t}
	f := newFolder(t)
	f.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})))
	s := &stub{answer: says(200, one)}
	d := f.with(serve(t, s), "oauth2: {client_id: me, grant_type: '"+httpclient.JWTBearer+"', client_certificate_key_file: key.pem, signature_algorithm: RS384, token_url: "+serve(t, tokens)+"/token}")
	d.read("query", "up")
	require.Equal(t, "Bearer issued-1", s.asked[0].Header.Get("Authorization"))
	require.Equal(t, httpclient.JWTBearer, tokens.forms[0].Get("grant_type"))
	require.Len(t, strings.Split(tokens.forms[0].Get("assertion"), "."), 3)
}

// Credentials go where they are meant to go, and nowhere else.
func TestRedirects(t *testing.T) {
	other := &stub{answer: says(200, one)}
	elsewhere := serve(t, other)
	for _, c := range []struct {
		name     string
		status   int
		to       string
		config   string
		code     action.Code
		location string
	}{
		{"to another host", 307, elsewhere + "/api/v1/query", "", action.CodeUnauth, elsewhere},
		{"that loses the expression", 302, "/b/api/v1/query", "", action.CodeUnauth, "/b/api/v1/query"},
		{"that keeps it", 307, "/b/api/v1/query", "", "", ""},
		{"that nobody wants", 307, "/b/api/v1/query", "follow_redirects: false\n", action.CodeUnauth, "/b/api/v1/query"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &stub{answer: func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/b/api/v1/query" {
					says(200, one)(w, r)
					return
				}
				http.Redirect(w, r, c.to, c.status)
			}}
			d := newFolder(t).with(serve(t, s), c.config+"authorization: {credentials: token}", func(cfg *Config) { cfg.WrapTransport = nil })
			if c.code == "" {
				near(t, "1", d.read("value", "up").(map[string]any)["value"])
				return
			}
			e := d.fails("query", "up")
			require.Equal(t, c.code, e.Code)
			require.Contains(t, e.Message, "it sends us to "+c.location)
		})
	}
	require.Empty(t, other.asked)
}

func TestConfigurationsThatAreWrong(t *testing.T) {
	f := newFolder(t)
	for config, want := range map[string]string{
		"basic_auth: {user: me}":                           "line 1: field user not found in type config.plain",
		"authorization: {credentials: a}\nbearer_token: b": "authorization is not compatible with bearer_token & bearer_token_file",
		"basic_auth: {username: me, password_ref: x}":      `"x" is a reference to a store of secrets: name a file`,
		"tls_config: hunter2-is-no-place-for-this":         "cannot unmarshal !!str a value into",
		"basic_auth: [hunter2":                             "did not find expected",
		"tls_config: {min_version: hunter2-is-no-version}": "unknown TLS version",
	} {
		e := f.with("http://127.0.0.1:1", config).fails("query", "up")
		require.Equal(t, action.CodeInvalid, e.Code)
		require.Contains(t, e.Message, "cannot use the HTTP client configuration "+filepath.Join(f.path, "http.yaml")+": ")
		require.Contains(t, e.Message, want)
	}
	d := drive(t, "http://127.0.0.1:1", func(cfg *Config) {
		cfg.Access = func() Access {
			return Access{URL: "http://127.0.0.1:1", HTTPConfig: filepath.Join(f.path, "nowhere.yaml")}
		}
	})
	require.ErrorContains(t, d.fails("query", "up"), "nowhere.yaml: no such file or directory")
}

// All that is secret is known before anything is sent, wherever it stands.
func TestSecretsAreKnownBefore(t *testing.T) {
	f := newFolder(t)
	for _, name := range []string{"password", "credentials", "client", "key", "header"} {
		f.write(name, "canary-"+name+"-file\n")
	}
	for config, secrets := range map[string][]string{
		"basic_auth: {username: me, password: canary-password}": {"canary-password"},
		"basic_auth: {username: me, password_file: password}":   {"canary-password-file"},
		"authorization: {credentials: canary-credentials}":      {"canary-credentials"},
		"authorization: {credentials_file: credentials}":        {"canary-credentials-file"},
		"bearer_token: canary-bearer":                           {"canary-bearer"},
		"oauth2: {client_id: me, token_url: 'http://x', client_secret: canary-client, endpoint_params: {password: canary-param}}":                                      {"canary-client", "canary-param"},
		"oauth2: {client_id: me, token_url: 'http://x', client_secret_file: client, proxy_url: 'http://me:canary-proxy@x', tls_config: {key_file: key, cert_file: x}}": {"canary-client-file", "canary-proxy", "canary-key-file"},
		"http_headers: {X-Key: {secrets: [canary-header], files: [header]}}":                                                                                           {"canary-header", "canary-header-file"},
		"proxy_url: http://me:canary-proxy@x\nproxy_connect_header: {X-Key: [canary-connect]}":                                                                         {"canary-proxy", "canary-connect"},
		"tls_config: {key: canary-key, cert: x}": {"canary-key"},
	} {
		known := Access{URL: "http://me:canary-url@x", HTTPConfig: f.write("http.yaml", config)}.Credentials()
		hidden := redact.New()
		hidden.Add(known...)
		for _, secret := range append(secrets, "canary-url") {
			require.Equal(t, "[secret]", hidden.String(secret), config)
		}
	}
}

// What a server gives back of us is not shown, and not half of it either.
func TestAParrot(t *testing.T) {
	f := newFolder(t)
	parrot := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(400)
		_, _ = fmt.Fprintf(w, "%s%s %s", strings.Repeat("x", 290), r.Header.Get("X-Key"), r.Header.Get("Authorization"))
	}
	hidden := redact.New()
	d := f.with(serve(t, http.HandlerFunc(parrot)), "http_headers: {X-Key: {secrets: ['canary-of-a-header']}}\nauthorization: {credentials: canary-of-a-token}",
		func(cfg *Config) { cfg.Secrets = hidden })
	require.NotContains(t, d.fails("query", "up").Message, "canary")
}
