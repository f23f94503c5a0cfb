package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"runbook/engine/action"
)

// apiPath is where Alertmanager's API begins.
const apiPath = "/api/v2/"

// base is the address of the site's Alertmanager. What is wrong with it is never told by repeating it: there may be a password in it.
func (s Server) base() (*url.URL, error) {
	if s.URL == "" {
		return nil, action.Errorf(action.CodeInvalid, "no Alertmanager is known for this site").
			Try(`write into the site file where it is: "alertmanager: {url: http://alertmanager:9093}"`)
	}
	u, err := url.Parse(s.URL)
	if err != nil || u.Hostname() == "" {
		return nil, action.Errorf(action.CodeInvalid, "the address of Alertmanager is none, such as http://alertmanager:9093").
			Try("look at alertmanager.url in the site file")
	}
	return u, nil
}

// ask calls the site's Alertmanager. path is below its API; in and out are JSON, nil for none.
func (b *binding) ask(ctx context.Context, purpose, method, path string, in, out any) error {
	server := b.Site().Alertmanager
	base, err := server.base()
	if err != nil {
		return err
	}
	q := request{
		purpose: purpose, what: "Alertmanager", method: method, url: strings.TrimRight(base.String(), "/") + apiPath + path,
		config: server.HTTPConfig, look: method == http.MethodGet,
	}
	if in != nil {
		if q.body, err = json.Marshal(in); err != nil {
			return action.Errorf(action.CodeInternal, "cannot %s: %w", purpose, err)
		}
	}
	answer, err := b.call(ctx, q)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return action.Errorf(action.CodeUnavailable, "cannot %s: this is not what Alertmanager answers: %s", purpose, b.short(string(answer))).
			Try("look what is at its address: a proxy that wants a login, or a prefix that is missing")
	}
	return nil
}
