package prometheus

import (
	"net/url"

	"runbook/engine/action"
	"runbook/engine/httpclient"
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

// Credentials are all secrets that are known before anything is sent: of the address, the configuration and the files that it names.
func (a Access) Credentials() []string {
	return append(httpclient.Credentials(a.HTTPConfig), httpclient.PasswordIn(a.URL))
}
