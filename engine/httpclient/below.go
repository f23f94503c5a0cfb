package httpclient

import (
	"net/http"
	"net/url"
	"strings"
)

// Below is the rest of a request's path below a path of a server, such as /api/v1/, and whether it goes there.
func Below(server *url.URL, path string, r *http.Request) (rest string, is bool) {
	if r.URL.Scheme != server.Scheme || r.URL.Host != server.Host {
		return "", false
	}
	return strings.CutPrefix(r.URL.EscapedPath(), strings.TrimRight(server.EscapedPath(), "/")+path)
}
