package httpclient

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/common/config"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// JWTBearer is the grant type of RFC 7523, as the configuration spells it.
const JWTBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// An exchange gets tokens with OAuth2 and puts one into each request. Prometheus's own would ask for them past everything that is put
// under our clients, and without an end in time: here the request that needs a token is the one that bounds the exchange.
type exchange struct {
	settings *config.OAuth2
	secret   config.SecretReader
	host     string // who gets the token
	client   *http.Client
	next     http.RoundTripper
	secrets  Secrets

	mu    sync.Mutex // one exchange at a time
	token *oauth2.Token
}

func (cfg Options) exchanging(base *url.URL, settings *config.OAuth2, next http.RoundTripper) (http.RoundTripper, error) {
	text, file, ref := settings.ClientSecret, settings.ClientSecretFile, settings.ClientSecretRef
	if settings.GrantType == JWTBearer {
		text, file, ref = settings.ClientCertificateKey, settings.ClientCertificateKeyFile, settings.ClientCertificateKeyRef
	}
	secret, err := secretOf(string(text), file, ref)
	if err != nil {
		return nil, err
	}
	bare, err := cfg.bare(settings.TLSConfig, settings.ProxyConfig, true)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: config.NewUserAgentRoundTripper(cfg.UserAgent, bare), CheckRedirect: redirects(true)}
	return &exchange{settings: settings, secret: secret, host: base.Host, client: client, next: next, secrets: cfg.Secrets}, nil
}

// RoundTrip sends a request with a token.
func (x *exchange) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != x.host {
		return x.next.RoundTrip(r)
	}
	token, err := x.valid(r.Context())
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // as a RoundTripper must
		}
		return nil, fmt.Errorf("cannot get a token: %w", err)
	}
	r = r.Clone(r.Context())
	token.SetAuthHeader(r)
	return x.next.RoundTrip(r)
}

// valid is a token that holds for a while yet.
func (x *exchange) valid(ctx context.Context) (*oauth2.Token, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.token.Valid() {
		return x.token, nil
	}
	secret, err := x.secret.Fetch(ctx)
	if err != nil {
		return nil, err
	}
	x.secrets.Add(secret)
	token, err := x.source(context.WithValue(ctx, oauth2.HTTPClient, x.client), secret).Token()
	if err != nil {
		return nil, err
	}
	x.secrets.Add(token.AccessToken)
	x.token = token
	return token, nil
}

// source asks for a token once.
func (x *exchange) source(ctx context.Context, secret string) oauth2.TokenSource {
	s, params := x.settings, url.Values{}
	for name, value := range s.EndpointParams {
		params.Set(name, value)
	}
	if s.GrantType != JWTBearer {
		plain := clientcredentials.Config{
			ClientID: s.ClientID, ClientSecret: secret, Scopes: s.Scopes, TokenURL: s.TokenURL, EndpointParams: params,
		}
		return plain.TokenSource(ctx)
	}
	signing := map[string]*jwt.SigningMethodRSA{"RS384": jwt.SigningMethodRS384, "RS512": jwt.SigningMethodRS512}[s.SignatureAlgorithm]
	if signing == nil {
		signing = jwt.SigningMethodRS256
	}
	issuer := s.Iss
	if issuer == "" {
		issuer = s.ClientID
	}
	signed := config.JwtGrantTypeConfig{
		PrivateKey: []byte(secret), PrivateKeyID: s.ClientCertificateKeyID, Scopes: s.Scopes, TokenURL: s.TokenURL, SigningAlgorithm: signing,
		Iss: issuer, Subject: s.ClientID, Audience: s.Audience, PrivateClaims: s.Claims, EndpointParams: params,
	}
	return signed.TokenSource(ctx)
}

// secretOf is a secret in the configuration, or in a file that is read whenever it is needed. A reference means a store of secrets that
// Prometheus has and we have not.
func secretOf(text, file, ref string) (config.SecretReader, error) {
	switch {
	case ref != "":
		return nil, fmt.Errorf("%q is a reference to a store of secrets: name a file", ref)
	case file != "":
		return config.NewFileSecret(file), nil
	}
	return config.NewInlineSecret(text), nil
}
