// Package httpclient makes the HTTP client that a file in Prometheus's own format describes: basic_auth, authorization, oauth2, tls_config,
// proxy_url, http_headers. That is how the people who run a site write such things down already.
//
// Every secret of it is made known before it is sent, and none follows a redirection to another host. It knows no server and builds no
// request. Read next: config.go for the file, oauth2.go for tokens, then bindings/prometheus, which asks with it.
package httpclient

import (
	"net/http"
	"net/url"

	"github.com/prometheus/common/config"

	"runbook/engine/action"
)

// Options say how a client is configured, and what is put under it.
type Options struct {
	File          string                                    // with the configuration; "" for none
	WrapTransport func(http.RoundTripper) http.RoundTripper // put under every client, that for tokens included; may be nil
	UserAgent     string                                    // of every request
	Secrets       Secrets                                   // is told the credentials before they are sent
}

// Secrets keeps secrets out of what is shown.
type Secrets interface {
	Add(secrets ...string) bool
}

// New makes the client of one server.
func New(base *url.URL, o Options) (*http.Client, error) {
	settings, err := Load(o.File)
	if err != nil {
		return nil, err
	}
	transport, err := o.transport(base, settings)
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "cannot use the HTTP client configuration %s: %w", o.File, err)
	}
	return &http.Client{Transport: transport, CheckRedirect: redirects(settings.FollowRedirects)}, nil
}

// transport is the client's, as the configuration describes it, with what is put under every client right above the connection, so that
// it sees each request as it is sent, credentials included.
func (cfg Options) transport(base *url.URL, settings *config.HTTPClientConfig) (http.RoundTripper, error) {
	bare, err := cfg.bare(settings.TLSConfig, settings.ProxyConfig, settings.EnableHTTP2)
	if err != nil {
		return nil, err
	}
	authorized, err := cfg.authorized(base, settings, bare)
	if err != nil {
		return nil, err
	}
	if settings.HTTPHeaders != nil {
		authorized = config.NewHeadersRoundTripper(settings.HTTPHeaders, telling{settings.HTTPHeaders, cfg.Secrets, authorized})
	}
	return config.NewUserAgentRoundTripper(cfg.UserAgent, authorized), nil
}

// bare is a connection without credentials.
func (cfg Options) bare(tls config.TLSConfig, proxy config.ProxyConfig, http2 bool) (http.RoundTripper, error) {
	made, err := config.NewRoundTripperFromConfig(config.HTTPClientConfig{TLSConfig: tls, ProxyConfig: proxy, EnableHTTP2: http2}, "runbook")
	if err != nil || cfg.WrapTransport == nil {
		return made, err
	}
	return cfg.WrapTransport(made), nil
}

// authorized adds the credentials to each request. At most one of them is configured.
func (cfg Options) authorized(base *url.URL, settings *config.HTTPClientConfig, next http.RoundTripper) (http.RoundTripper, error) {
	switch {
	case settings.BasicAuth != nil:
		auth := settings.BasicAuth
		user, err := secretOf(auth.Username, auth.UsernameFile, auth.UsernameRef)
		if err != nil {
			return nil, err
		}
		password, err := secretOf(string(auth.Password), auth.PasswordFile, auth.PasswordRef)
		return config.NewBasicAuthRoundTripper(user, password, next), err
	case settings.Authorization != nil:
		auth := settings.Authorization
		credentials, err := secretOf(string(auth.Credentials), auth.CredentialsFile, auth.CredentialsRef)
		return config.NewAuthorizationCredentialsRoundTripper(auth.Type, credentials, next), err
	case settings.OAuth2 != nil:
		return cfg.exchanging(base, settings.OAuth2, next)
	}
	return next, nil
}

// telling makes headers of the configuration known before they are sent: a file of theirs may hold another secret than it did.
type telling struct {
	headers *config.Headers
	secrets Secrets
	next    http.RoundTripper
}

func (t telling) RoundTrip(r *http.Request) (*http.Response, error) {
	for name, h := range t.headers.Headers {
		if len(h.Files) > 0 {
			t.secrets.Add(r.Header.Values(name)...)
		}
	}
	return t.next.RoundTrip(r)
}

// redirects follows only what cannot lose anything: another host must not get the credentials, and is most likely a page to log in at;
// a POST that becomes a GET has lost its expression, and who was asked in secret is not asked again for everybody to hear.
func redirects(follow bool) func(*http.Request, []*http.Request) error {
	return func(r *http.Request, via []*http.Request) error {
		first := via[0]
		if !follow || r.URL.Host != first.URL.Host || r.Method != first.Method || len(via) > 5 ||
			first.URL.Scheme == "https" && r.URL.Scheme != "https" {
			return http.ErrUseLastResponse
		}
		return nil
	}
}
