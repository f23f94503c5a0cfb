package kubernetes

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	kjson "sigs.k8s.io/json"

	"runbook/engine/action"
	"runbook/engine/command/shell"
)

// Reads is the declared list of requests that change nothing, for the transport of a dry run: the function returns nil for a read,
// and otherwise why the request is none. It shares nothing with the code that makes the requests, reads them as the API server
// does, and refuses whatever it does not know. On hosts that are pods further commands only look.
func Reads(commands action.Commands, onHosts ...action.Commands) func(r *http.Request, body []byte) error {
	return func(r *http.Request, body []byte) error {
		query, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			return fmt.Errorf("its query cannot be read: %w", err)
		}
		place, err := locate(r.URL.Path)
		if err != nil {
			return err
		}
		if place.connects() {
			return place.checkCommand(r.Method, query, commands, slices.Concat(onHosts...))
		}
		if isUpgrade(r.Header) {
			return errors.New("it asks for a connection to something inside the cluster")
		}
		return place.checkMethod(r, query, body)
	}
}

func (p place) checkMethod(r *http.Request, query url.Values, body []byte) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return nil
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		if r.Method == http.MethodPost && p.isReview() {
			return nil
		}
		if p.subresource == "eviction" {
			return checkEviction(r.Header, query, body)
		}
		if p.subresource == "token" {
			return errors.New("it issues a credential, also with dryRun=All")
		}
		return p.checkDryRun(query["dryRun"])
	case http.MethodDelete:
		if len(body) == 0 {
			return p.checkDryRun(query["dryRun"])
		}
		// Where a DELETE has a body, the server takes its options from there and ignores the query.
		dryRun, err := bodyDryRun(r.Header, body)
		if err != nil {
			return err
		}
		return p.checkDryRun(dryRun)
	}
	return fmt.Errorf("%s is no method that reads", r.Method)
}

// A place is what the path of a request leads to, found as the API server finds it.
type place struct {
	group, resource, name, subresource string
	proxied                            bool // the obsolete /api/v1/proxy/…
}

// locate follows the server's RequestInfo resolver. A path outside of the API's resources gives an empty place. One that could be
// read in two ways is refused.
func locate(path string) (place, error) {
	parts := strings.Split(strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/"), "/")
	for _, part := range parts {
		if part == "." || part == ".." || part == "" && len(parts) > 1 {
			return place{}, fmt.Errorf("its path %q is ambiguous", path)
		}
	}
	var p place
	switch {
	case parts[0] == "api" && len(parts) > 2:
		parts = parts[2:]
	case parts[0] == "apis" && len(parts) > 3:
		p.group, parts = parts[1], parts[3:]
	default:
		return place{}, nil
	}
	p.proxied = parts[0] == "proxy"
	if parts[0] == "watch" || p.proxied {
		parts = parts[1:]
	}
	if len(parts) > 2 && parts[0] == "namespaces" && !isNamespaceSubresource(parts[2]) {
		parts = parts[2:]
	}
	for i, field := range []*string{&p.resource, &p.name, &p.subresource} {
		if i < len(parts) {
			*field = parts[i]
		}
	}
	return p, nil
}

func isNamespaceSubresource(word string) bool { return word == "status" || word == "finalize" }

// connects tells whether the request goes through the server to a container, a node or a service, where anything may happen.
func (p place) connects() bool {
	return p.proxied || slices.Contains([]string{"exec", "attach", "portforward", "proxy"}, p.subresource)
}

// isReview tells whether a POST only asks who the caller is and what it may do.
func (p place) isReview() bool {
	if p.name != "" {
		return false
	}
	switch p.group {
	case "authorization.k8s.io":
		return p.resource == "selfsubjectaccessreviews" || p.resource == "selfsubjectrulesreviews"
	case "authentication.k8s.io":
		return p.resource == "selfsubjectreviews"
	}
	return false
}

// checkCommand lets only a declared command pass, and only without input.
func (p place) checkCommand(method string, query url.Values, commands, onHosts action.Commands) error {
	if p.subresource != "exec" || p.resource != "pods" || p.group != "" || p.proxied {
		return errors.New("it connects to something inside the cluster, where it could do anything")
	}
	if method != http.MethodGet && method != http.MethodPost {
		return fmt.Errorf("%s is no method that runs a command", method)
	}
	options := []string{"stdin", "tty"}
	argv := query["command"]
	w, inner, supervised := shell.Parse(argv)
	if supervised {
		options = []string{"tty"} // its input is what ends the command, which has none of it
		argv, commands = inner, slices.Concat(commands, onHosts)
	}
	for _, option := range options {
		for _, value := range query[option] {
			if value != "false" && value != "0" {
				return fmt.Errorf("it runs a command with %s", option)
			}
		}
	}
	switch {
	case supervised && (w == shell.Name || w == shell.Find):
		return nil
	case supervised && w != shell.Run:
		return fmt.Errorf("it runs %q with input", argv)
	case !commands.Match(argv):
		return fmt.Errorf("it runs %q, which is not declared as a command that only looks", argv)
	}
	return nil
}

// checkDryRun wants dryRun=All and nothing else, on an object of the API: nothing outside of it knows dryRun.
func (p place) checkDryRun(values []string) error {
	if p.resource == "" {
		return errors.New("it writes to something that is no object of the API")
	}
	if len(values) == 0 {
		return errors.New("it would change something: it does not say dryRun=All")
	}
	for _, v := range values {
		if v != "All" {
			return fmt.Errorf("it says dryRun=%q, which is not All", v)
		}
	}
	return nil
}

// checkEviction wants dryRun in the query or in the eviction's deleteOptions. The server lets one stand for both, and refuses two
// that differ.
func checkEviction(header http.Header, query url.Values, body []byte) error {
	eviction := place{resource: "pods"}
	inQuery := query["dryRun"]
	inBody, err := bodyDryRun(header, body, "deleteOptions")
	if err != nil {
		return err
	}
	if len(inBody) > 0 && len(inQuery) > 0 {
		return errors.Join(eviction.checkDryRun(inBody), eviction.checkDryRun(inQuery))
	}
	return eviction.checkDryRun(append(inBody, inQuery...))
}

// bodyDryRun is the dryRun list of an options object, which may be inside of another. Only unambiguous JSON is read: names are
// compared exactly, as the server does, and a name that comes twice is an error.
func bodyDryRun(header http.Header, body []byte, inside ...string) ([]string, error) {
	if kind := header.Get("Content-Type"); kind != "" {
		if media, _, err := mime.ParseMediaType(kind); err != nil || media != "application/json" {
			return nil, fmt.Errorf("its body is %s, which is not read here", kind)
		}
	}
	var options map[string]any
	if strict, err := kjson.UnmarshalStrict(body, &options); err != nil || len(strict) > 0 {
		return nil, errors.Join(append(strict, err, errors.New("its body is no plain JSON object"))...)
	}
	for _, name := range inside {
		options, _ = options[name].(map[string]any)
	}
	list, ok := options["dryRun"].([]any)
	if !ok && options["dryRun"] != nil {
		return nil, errors.New("its dryRun is no list")
	}
	values := make([]string, len(list))
	for i, v := range list {
		values[i], _ = v.(string)
	}
	return values, nil
}

func isUpgrade(header http.Header) bool {
	for name := range header {
		if name == "Upgrade" || strings.HasPrefix(name, "Sec-Websocket") || name == "X-Stream-Protocol-Version" {
			return true
		}
	}
	return false
}
