package notify

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"runbook/engine/httpclient"
)

// Reads is the declared list of requests that change nothing, for the transport of a dry run: the function returns nil for a read, and
// otherwise why the request is none. It shares nothing with the code that makes the requests, but for the configuration. Only the site's
// Alertmanager is ever asked something; whatever goes to a receiver tells somebody something.
func Reads(server func() Server) func(r *http.Request, body []byte) error {
	return func(r *http.Request, body []byte) error {
		of := server()
		base, err := of.base()
		if err != nil {
			return err
		}
		if r.Header.Get("Upgrade") != "" {
			return errors.New("it asks for another protocol than HTTP")
		}
		if path, ours := httpclient.Below(base, apiPath, r); ours {
			return checkPath(r.Method, path)
		}
		return httpclient.CheckToken(of.HTTPConfig, r, body)
	}
}

// looked is what is looked at.
var looked = regexp.MustCompile(`^(silences|silence/[0-9a-zA-Z-]+|alerts|alerts/groups|status|receivers)$`)

func checkPath(method, path string) error {
	switch {
	case !looked.MatchString(path):
		return errors.New("it is on no list of what only looks")
	case method != http.MethodGet && method != http.MethodHead:
		return fmt.Errorf("%s is no method that reads", method)
	}
	return nil
}
