package prometheus

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"runbook/engine/httpclient"
)

// Reads is the declared list of requests that change nothing, for the transport of a dry run: the function returns nil for a read, and
// otherwise why the request is none. It shares nothing with the code that makes the requests, but for the configuration, and refuses
// whatever it does not know.
//
// The paths below /api/v1 are those of the configured address. Queries are reads by GET and by POST, in whose body is only what else
// would be in the address. A token may be had where the configuration says.
func Reads(access func() Access) func(r *http.Request, body []byte) error {
	return func(r *http.Request, body []byte) error {
		of := access()
		base, err := of.base()
		if err != nil {
			return err
		}
		if isUpgrade(r.Header) {
			return errors.New("it asks for another protocol than HTTP")
		}
		if path, ours := httpclient.Below(base, "/api/v1/", r); ours {
			return checkPath(r.Method, path)
		}
		return httpclient.CheckToken(of.HTTPConfig, r, body)
	}
}

// asked are what is asked for by GET, or by POST with a form; the others by GET only.
var (
	asked      = map[string]bool{"query": true, "query_range": true, "query_exemplars": true, "format_query": true, "labels": true, "series": true}
	told       = map[string]bool{"alerts": true, "rules": true, "targets": true, "metadata": true, "targets/metadata": true, "alertmanagers": true}
	labelPath  = regexp.MustCompile(`^label/[A-Za-z0-9_:]+/values$`)
	statusPath = regexp.MustCompile(`^status/[a-z]+$`)
)

func checkPath(method, path string) error {
	look := method == http.MethodGet || method == http.MethodHead
	switch {
	case asked[path] && (look || method == http.MethodPost):
		return nil
	case look && (told[path] || labelPath.MatchString(path) || statusPath.MatchString(path)):
		return nil
	case asked[path]:
		return fmt.Errorf("%s is no method that reads", method)
	}
	return errors.New("it is on no list of what only looks")
}

func isUpgrade(h http.Header) bool { return h.Get("Upgrade") != "" }
