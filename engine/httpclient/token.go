package httpclient

import (
	"errors"
	"net/http"
	"net/url"
)

// CheckToken lets a client ask for a token where the configuration in a file says, in the two ways that it may. It is for the lists of
// what only looks: whatever else a request is, it goes to nobody who is configured.
func CheckToken(file string, r *http.Request, body []byte) error {
	other := errors.New("it does not go to the server that is configured")
	cfg, err := Load(file)
	if err != nil || cfg.OAuth2 == nil {
		return other
	}
	token, err := url.Parse(cfg.OAuth2.TokenURL)
	if err != nil || r.URL.Scheme != token.Scheme || r.URL.Host != token.Host || r.URL.EscapedPath() != token.EscapedPath() {
		return other
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || r.Method != http.MethodPost {
		return errors.New("a token is asked for by POST, with a form")
	}
	switch form.Get("grant_type") {
	case "client_credentials", JWTBearer:
		return nil
	}
	return errors.New("it asks for a token in an unknown way")
}
