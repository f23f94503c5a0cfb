package httpclient

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

// Load reads the configuration in a file. Without one, "", it is that of other programs: proxies are those of the environment.
func Load(file string) (*config.HTTPClientConfig, error) {
	if file == "" {
		cfg := config.DefaultHTTPClientConfig
		cfg.ProxyFromEnvironment = true
		return &cfg, nil
	}
	cfg, _, err := config.LoadHTTPConfigFile(file)
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "cannot use the HTTP client configuration %s: %s", file, unquoted(err)).
			Try("its format is Prometheus's own: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#http_config")
	}
	if o := cfg.OAuth2; o != nil { // which the library forgets: it takes it from the working directory
		o.ClientCertificateKeyFile = config.JoinDir(filepath.Dir(file), o.ClientCertificateKeyFile)
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

// Credentials are all secrets that are known before anything is sent: of the configuration in a file, and of the files that it names.
// What cannot be read holds none that could be sent; the first request says what is wrong.
func Credentials(file string) (secrets []string) {
	cfg, err := Load(file)
	if err != nil {
		return nil
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
		secrets = append(secrets, PasswordIn(c.ProxyURL.String()))
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

// PasswordIn is the password in an address, "" for none.
func PasswordIn(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	password, _ := u.User.Password()
	return password
}
