package prometheus

import (
	"net/http"
	"net/url"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/config"

	"runbook/engine/action"
)

// A link is the one client that all functions share. It is made at the first read.
type link struct {
	base   *url.URL
	client api.Client
	api    v1.API
}

// where is the address as it may be shown.
func (l *link) where() string { return WithoutUser(l.base.String()) }

func (cfg Config) connect() (*link, error) {
	var access Access
	if cfg.Access != nil {
		access = cfg.Access()
	}
	base, err := access.base()
	if err != nil {
		return nil, err
	}
	cfg.Secrets.Add(access.Credentials()...)
	settings, err := access.client()
	if err != nil {
		return nil, err
	}
	transport, err := cfg.transport(base, settings)
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "cannot use the HTTP client configuration %s: %w", access.HTTPConfig, err)
	}
	client, err := api.NewClient(api.Config{Address: base.String(), Client: &http.Client{
		Transport: transport, CheckRedirect: redirects(settings.FollowRedirects),
	}})
	if err != nil {
		return nil, action.Errorf(action.CodeInternal, "cannot make a client of Prometheus: %w", err)
	}
	noted := noting{client}
	return &link{base: base, client: noted, api: v1.NewAPI(noted)}, nil
}

// transport is the client's, as the configuration describes it, with what is put under every client right above the connection, so that
// it sees each request as it is sent, credentials included.
func (cfg Config) transport(base *url.URL, settings *config.HTTPClientConfig) (http.RoundTripper, error) {
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
func (cfg Config) bare(tls config.TLSConfig, proxy config.ProxyConfig, http2 bool) (http.RoundTripper, error) {
	made, err := config.NewRoundTripperFromConfig(config.HTTPClientConfig{TLSConfig: tls, ProxyConfig: proxy, EnableHTTP2: http2}, "runbook")
	if err != nil || cfg.WrapTransport == nil {
		return made, err
	}
	return cfg.WrapTransport(made), nil
}

// authorized adds the credentials to each request. At most one of them is configured.
func (cfg Config) authorized(base *url.URL, settings *config.HTTPClientConfig, next http.RoundTripper) (http.RoundTripper, error) {
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
// a POST that becomes a GET has lost its expression.
func redirects(follow bool) func(*http.Request, []*http.Request) error {
	return func(r *http.Request, via []*http.Request) error {
		first := via[0]
		if !follow || r.URL.Host != first.URL.Host || r.Method != first.Method || len(via) > 5 {
			return http.ErrUseLastResponse
		}
		return nil
	}
}
