package s3

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"runbook/bindings/s3/chain"
)

// Reads is the declared list of requests that change nothing, for the transport of a dry run: the function returns nil for a read, and
// otherwise why the request is none. It shares nothing with the code that makes the requests, but for the configuration, and refuses
// whatever it does not know.
//
// What is asked of the store is a read by GET and HEAD, if the query names nothing but what is known to only look. Credentials may be had
// from the services that hand them out.
func Reads(access func() Access) func(r *http.Request, body []byte) error {
	where := sync.OnceValue(func() string { return access().where() })
	return func(r *http.Request, body []byte) error {
		switch {
		case r.Header.Get("Upgrade") != "":
			return errors.New("it asks for another protocol than HTTP")
		case handsOut(r, body):
			return nil
		case !isStore(r.URL, where()):
			return errors.New("it does not go to the object store that is configured")
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			return fmt.Errorf("%s is no method that reads", r.Method)
		case len(body) > 0:
			return errors.New("a read has no body")
		}
		for name := range r.URL.Query() {
			if !looking[name] {
				return fmt.Errorf("it is not known whether %q only looks", name)
			}
		}
		return nil
	}
}

// looking is what a query may ask for.
var looking = map[string]bool{
	"list-type": true, "prefix": true, "delimiter": true, "continuation-token": true, "start-after": true, "max-keys": true,
	"encoding-type": true, "fetch-owner": true, "partNumber": true, "uploads": true, "uploadId": true, "location": true, "x-id": true,
	"max-buckets": true, "bucket-region": true,
}

// Identity is the store and who we are there, for a person and for a plan.
func (a Access) Identity() string {
	settings, err := chain.Load(chain.Options{Profile: a.Profile, Region: a.Region})
	if err != nil {
		return cmp.Or(a.Endpoint, "AWS") // the first call says what is wrong
	}
	return cmp.Or(a.Endpoint, settings.Endpoint, "AWS in "+settings.Region) + " as " + settings.Profile
}

// where is the address of the store, "" for AWS. What cannot be read is nobody's: the first call says what is wrong.
func (a Access) where() string {
	if a.Endpoint != "" {
		return a.Endpoint
	}
	settings, err := chain.Load(chain.Options{Profile: a.Profile, Region: a.Region})
	if err != nil {
		return "http://nowhere.invalid"
	}
	return settings.Endpoint
}

// isStore tells whether an address is one of the store at an endpoint.
func isStore(u *url.URL, endpoint string) bool {
	if endpoint == "" {
		return u.Scheme == "https" && isAWS(u.Hostname())
	}
	base, err := url.Parse(endpoint)
	return err == nil && u.Scheme == base.Scheme && (u.Host == base.Host || strings.HasSuffix(u.Host, "."+base.Host))
}

// isAWS tells whether a host is S3 of AWS, with or without the name of a bucket before it.
func isAWS(host string) bool {
	for _, suffix := range []string{".amazonaws.com", ".amazonaws.com.cn"} {
		rest, ok := strings.CutSuffix(host, suffix)
		if !ok {
			continue
		}
		for part := range strings.SplitSeq(rest, ".") {
			if part == "s3" || strings.HasPrefix(part, "s3-") {
				return true
			}
		}
	}
	return false
}

// handsOut tells whether a request asks for credentials where they are handed out.
func handsOut(r *http.Request, body []byte) bool {
	host, path := r.URL.Hostname(), r.URL.Path
	switch {
	case r.Method == http.MethodPost && strings.Trim(path, "/") == "" && r.URL.RawQuery == "" && isRole(body):
		return true // at no path of S3 anything is changed by that
	case r.Method == http.MethodGet && strings.HasSuffix(path, "/federation/credentials"):
		return true
	case r.Method == http.MethodPost && path == "/token" && r.URL.RawQuery == "" && isRenewal(body):
		return true // likewise
	case r.Method == http.MethodPut && strings.HasSuffix(path, "/latest/api/token"):
		return isLink(host)
	case r.Method == http.MethodGet && isLink(host):
		return true
	}
	return false
}

// isRole tells whether a form asks for the credentials of a role, and for nothing else.
func isRole(body []byte) bool {
	form, err := url.ParseQuery(string(body))
	return err == nil && len(form["Action"]) == 1 && (form.Get("Action") == "AssumeRole" || form.Get("Action") == "AssumeRoleWithWebIdentity")
}

// isRenewal tells whether a document asks for a login to be renewed, and for nothing else.
func isRenewal(body []byte) bool {
	var asked map[string]string
	return json.Unmarshal(body, &asked) == nil && asked["grantType"] == "refresh_token"
}

// isLink tells whether a host is the machine's own, where its credentials are handed out.
func isLink(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && (ip.IsLinkLocalUnicast() || host == "fd00:ec2::254" || host == "fd00:ec2::23")
}
