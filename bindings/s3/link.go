package s3

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"runbook/bindings/s3/chain"
	"runbook/engine/action"
	"runbook/engine/module"
)

// Access says where an object store is, and who we are there. What it leaves open, AWS's environment and files say.
type Access struct {
	Profile   string // of AWS's files
	Region    string
	Endpoint  string // its address; "" for what AWS's files say, and then AWS
	PathStyle bool   // buckets are in the path, and not in the name of the host; always so with an endpoint that is an IP address
	Keys      Keys   // of a simulated store: nobody else is asked for credentials then
}

// Keys are credentials that do not expire.
type Keys struct{ Access, Secret string }

// A link is the one client that all functions share. It is made at the first call.
type link struct {
	client   *s3.Client
	settings chain.Settings
	endpoint string // "" for AWS
	keys     *aws.CredentialsCache
}

// where is the store for a person.
func (l *link) where() string { return cmp.Or(l.endpoint, "AWS in "+l.settings.Region) }

// expiring is how long before they expire credentials are got anew.
const expiring = time.Minute

func (cfg Config) connect() (*link, error) {
	var access Access
	if cfg.Access != nil {
		access = cfg.Access()
	}
	settings, err := access.settings(cfg)
	if err != nil {
		return nil, err
	}
	client, err := cfg.client(settings)
	if err != nil {
		return nil, err
	}
	endpoint := cmp.Or(access.Endpoint, settings.Endpoint)
	if settings.Region == "" && endpoint == "" {
		return nil, action.Errorf(action.CodeInvalid, "it is not known in which region of AWS the buckets are").
			Try("write it into the site file (s3: {region: eu-west-1}), set AWS_REGION, or name a profile that has one")
	}
	settings.Region = cmp.Or(settings.Region, chain.DefaultRegion)
	keys := aws.NewCredentialsCache(told{settings.Credentials, cfg.Secrets}, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = expiring })
	options := s3.Options{
		Region: settings.Region, Credentials: keys, HTTPClient: client, Retryer: aws.NopRetryer{}, // the gate's work
		UsePathStyle:                              access.PathStyle || settings.PathStyle || isIP(endpoint),
		RequestChecksumCalculation:                aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation:                aws.ResponseChecksumValidationWhenSupported,
		DisableLogOutputChecksumValidationSkipped: true, // what could not be verified is told in the result
	}
	if endpoint != "" {
		options.BaseEndpoint = &endpoint
	}
	return &link{client: s3.New(options), settings: settings, endpoint: endpoint, keys: keys}, nil
}

// settings are those of AWS's files, unless the store is a simulated one.
func (a Access) settings(cfg Config) (chain.Settings, error) {
	if a.Keys != (Keys{}) {
		return chain.Settings{
			Profile: "simulated", Region: a.Region, Credentials: credentials.NewStaticCredentialsProvider(a.Keys.Access, a.Keys.Secret, ""),
		}, nil
	}
	bare, err := cfg.client(chain.Settings{})
	if err != nil {
		return chain.Settings{}, err
	}
	return chain.Load(chain.Options{
		Profile: a.Profile, Region: a.Region, Client: bare, Secret: func(all ...string) { cfg.Secrets.Add(all...) },
	})
}

// What is waited for, of a server that says nothing.
const (
	dialing   = 10 * time.Second
	answering = time.Minute + 10*time.Second
)

// client is the HTTP client, with what is put under every one right above the connection.
func (cfg Config) client(settings chain.Settings) (*http.Client, error) {
	roots, err := authorities(settings.CABundle)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: dialing}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return impatient{c}, nil
	}
	var transport http.RoundTripper = &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dial, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: dialing, ResponseHeaderTimeout: answering, ExpectContinueTimeout: time.Second,
		MaxIdleConnsPerHost: mostAtOnce * partsAtOnce, IdleConnTimeout: 90 * time.Second,
		ReadBufferSize: 64 << 10, WriteBufferSize: 64 << 10,
		DisableCompression: true, // what is stored compressed stays so
	}
	if cfg.WrapTransport != nil {
		transport = cfg.WrapTransport(transport)
	}
	return &http.Client{Transport: agent{cfg.UserAgent, transport}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, nil
}

// stalled is how long a connection may stand still in the middle of something.
const stalled = answering + 20*time.Second

// An impatient connection breaks when nothing moves on it. How long a transfer may take nobody knows, but it has to go on.
type impatient struct{ net.Conn }

func (c impatient) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(stalled)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c impatient) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(stalled)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// authorities are those of the system, and of a file besides.
func authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "cannot read the authorities that AWS's settings name: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	pool.AppendCertsFromPEM(text)
	return pool, nil
}

func isIP(endpoint string) bool {
	u, err := url.Parse(endpoint)
	return err == nil && net.ParseIP(u.Hostname()) != nil
}

// agent says who asks.
type agent struct {
	name string
	next http.RoundTripper
}

func (a agent) RoundTrip(r *http.Request) (*http.Response, error) {
	if a.name != "" {
		r = r.Clone(r.Context())
		r.Header.Set("User-Agent", strings.TrimSpace(a.name+" "+r.Header.Get("User-Agent")))
	}
	return a.next.RoundTrip(r)
}

// CloseIdleConnections ends what is open and unused.
func (a agent) CloseIdleConnections() {
	if next, ok := a.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}

// told makes credentials known to who keeps secrets before anybody uses them.
type told struct {
	of      aws.CredentialsProvider
	secrets module.Secrets
}

func (t told) Retrieve(ctx context.Context) (aws.Credentials, error) {
	found, err := t.of.Retrieve(ctx)
	if err == nil {
		t.secrets.Add(found.SecretAccessKey, found.SessionToken)
	}
	return found, err
}

// Credentials are the secrets that are known before anything is sent: those of the environment.
func (a Access) Credentials() []string {
	return []string{a.Keys.Secret, os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN")}
}

// renewed tells whether there are other credentials by now than those with which a request was refused: somebody logged in again, a tool wrote
// new ones into a file, or another request that was refused has got them already.
func (l *link) renewed(ctx context.Context, refused *http.Request) bool {
	before, err := l.keys.Retrieve(ctx)
	if err != nil {
		return false
	}
	if refused != nil && !signed(refused, before) {
		return true
	}
	l.keys.Invalidate()
	after, err := l.keys.Retrieve(ctx)
	return err == nil && after.AccessKeyID+after.SessionToken != before.AccessKeyID+before.SessionToken
}

// signed tells whether a request was signed with those credentials.
func signed(r *http.Request, with aws.Credentials) bool {
	return strings.Contains(r.Header.Get("Authorization"), "Credential="+with.AccessKeyID+"/") && r.Header.Get("X-Amz-Security-Token") == with.SessionToken
}
