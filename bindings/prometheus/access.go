package prometheus

import (
	"errors"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/prometheus/common/config"

	"runbook/engine/action"
)

// Access says where a Prometheus is, and who we are there.
type Access struct {
	URL string // its address, with the prefix of its paths if it has one; "" if the site has none
	// HTTPConfig is the path of a file in Prometheus's own format of HTTP client configurations: basic_auth, authorization, oauth2,
	// tls_config, proxy_url, http_headers. "" for none.
	HTTPConfig string
}

// base is the address. What is wrong with one is never told by repeating it: there may be a password in it.
func (a Access) base() (*url.URL, error) {
	if a.URL == "" {
		return nil, action.Errorf(action.CodeInvalid, "no Prometheus is known for this site").
			Try(`write into the site file where it is: "prometheus: {url: http://prometheus:9090}"; or say --prometheus URL`)
	}
	u, err := url.Parse(a.URL)
	if err != nil || u.Hostname() == "" {
		return nil, action.Errorf(action.CodeInvalid, "the address of Prometheus is none, such as http://prometheus:9090").
			Try("look at prometheus.url in the site file, or at --prometheus")
	}
	return u, nil
}

// WithoutUser is an address without the name and password that may stand in it; "" for what is no address.
func WithoutUser(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.User = nil
	return u.String()
}

// client is the configuration of the HTTP client. Without a file it is that of other programs: proxies are those of the environment.
func (a Access) client() (*config.HTTPClientConfig, error) {
	if a.HTTPConfig == "" {
		cfg := config.DefaultHTTPClientConfig
		cfg.ProxyFromEnvironment = true
		return &cfg, nil
	}
	cfg, _, err := config.LoadHTTPConfigFile(a.HTTPConfig)
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "cannot use the HTTP client configuration %s: %s", a.HTTPConfig, unquoted(err)).
			Try("its format is Prometheus's own: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#http_config")
	}
	if o := cfg.OAuth2; o != nil { // which the library forgets: it takes it from the working directory
		o.ClientCertificateKeyFile = config.JoinDir(filepath.Dir(a.HTTPConfig), o.ClientCertificateKeyFile)
	}
	return cfg, nil
}

// quoted is what an error about YAML repeats of the file, which may be half a password.
var quoted = regexp.MustCompile("`[^`]*`")

func unquoted(err error) string {
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return err.Error()
	}
	return quoted.ReplaceAllString(err.Error(), "a value")
}

// Credentials are all secrets that are known before anything is sent: of the address, the configuration and the files that it names.
// What cannot be read holds none that could be sent; the first read says what is wrong.
func (a Access) Credentials() []string {
	secrets := []string{passwordIn(a.URL)}
	cfg, err := a.client()
	if err != nil {
		return secrets
	}
	if auth := cfg.BasicAuth; auth != nil {
		secrets = append(secrets, string(auth.Password), content(auth.PasswordFile))
	}
	if auth := cfg.Authorization; auth != nil {
		secrets = append(secrets, string(auth.Credentials), content(auth.CredentialsFile))
	}
	if auth := cfg.OAuth2; auth != nil {
		secrets = append(secrets, string(auth.ClientSecret), content(auth.ClientSecretFile))
		secrets = append(secrets, string(auth.ClientCertificateKey), content(auth.ClientCertificateKeyFile))
		secrets = append(secrets, slices.Collect(maps.Values(auth.EndpointParams))...)
		secrets = append(secrets, ofTLS(auth.TLSConfig)...)
		secrets = append(secrets, ofProxy(auth.ProxyConfig)...)
	}
	if cfg.HTTPHeaders != nil {
		for _, h := range cfg.HTTPHeaders.Headers {
			secrets = append(secrets, texts(h.Secrets)...)
			for _, file := range h.Files {
				secrets = append(secrets, content(file))
			}
		}
	}
	secrets = append(secrets, ofTLS(cfg.TLSConfig)...)
	return append(secrets, ofProxy(cfg.ProxyConfig)...)
}

func ofTLS(c config.TLSConfig) []string { return []string{string(c.Key), content(c.KeyFile)} }

func ofProxy(c config.ProxyConfig) (secrets []string) {
	if c.ProxyURL.URL != nil {
		secrets = append(secrets, passwordIn(c.ProxyURL.String()))
	}
	for _, values := range c.ProxyConnectHeader {
		secrets = append(secrets, texts(values)...)
	}
	return secrets
}

func texts(secrets []config.Secret) []string {
	out := make([]string, len(secrets))
	for i, s := range secrets {
		out[i] = string(s)
	}
	return out
}

// content is what is in a file, "" for none.
func content(path string) string {
	if path == "" {
		return ""
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(text)
}

func passwordIn(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	password, _ := u.User.Password()
	return password
}
