package chain

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha1" //nolint:gosec // AWS's tools name files by it
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"runbook/engine/action"
	"runbook/engine/command"
)

// A login is what aws sso login leaves in a file, and what AWS's tools renew there: it lasts an hour, and can be renewed without a person as
// long as their session of many hours lasts.
type login struct {
	AccessToken           string    `json:"accessToken"`
	ExpiresAt             time.Time `json:"expiresAt"`
	RefreshToken          string    `json:"refreshToken"`
	ClientID              string    `json:"clientId"`
	ClientSecret          string    `json:"clientSecret"`
	RegistrationExpiresAt time.Time `json:"registrationExpiresAt"`

	all map[string]json.RawMessage // the file, in which others may keep more
}

// soon is how long before its end a login is renewed, as the AWS CLI does.
const soon = 15 * time.Minute

func (l login) over() bool { return !time.Now().Before(l.ExpiresAt) }

// renewable tells whether a login can be renewed.
func (l login) renewable() bool {
	return l.RefreshToken != "" && l.ClientID != "" && l.ClientSecret != "" && (l.RegistrationExpiresAt.IsZero() || time.Now().Before(l.RegistrationExpiresAt))
}

// A session is where people log in, and where that is kept on this machine.
type session struct {
	profile string // for a person
	file    string
	region  string
	renews  bool // a session of its own is renewed; what a profile says for itself alone, as AWS's older tools had it, is not
}

// session is that of a profile, whose logins have a name.
func (c *chain) session(profile, name, region string, renews bool) session {
	sum := sha1.Sum([]byte(name)) //nolint:gosec // see above
	return session{profile, filepath.Join(c.Home, ".aws", "sso", "cache", hex.EncodeToString(sum[:])+".json"), region, renews}
}

// token is the one of a login that is not over. What is over soon is renewed, if it can be.
func (c *chain) token(ctx context.Context, s session) (string, error) {
	found, err := c.loggedIn(s)
	if err != nil {
		return "", err
	}
	if time.Until(found.ExpiresAt) > soon {
		return found.AccessToken, nil
	}
	var failed error
	if s.renews && found.renewable() {
		renewed, err := c.renew(ctx, s, found)
		if err == nil {
			return renewed.AccessToken, nil
		}
		failed = err
		if other, err := c.loggedIn(s); err == nil { // another process may have renewed it
			found = other
		}
	}
	if !found.over() {
		return found.AccessToken, nil
	}
	return "", ended(s, found, failed)
}

func loginAgain(profile string) string { return "aws sso login --profile " + command.Quote(profile) }

// ended is that a login is over, and was not renewed.
func ended(s session, l login, failed error) error {
	e := unusable(s.profile, "the login was over at %s", l.ExpiresAt.UTC().Format(time.RFC3339))
	if failed != nil {
		e = unusable(s.profile, "the login was over at %s, and could not be renewed: %w", l.ExpiresAt.UTC().Format(time.RFC3339), failed)
		if action.CodeOf(failed) == action.CodeUnavailable {
			e.Code = action.CodeUnavailable
			e = e.Again()
		}
	}
	return e.Try("log in again: %s", loginAgain(s.profile))
}

// loggedIn reads a login, unless a later one could not be kept in its file.
func (c *chain) loggedIn(s session) (l login, err error) {
	text, err := os.ReadFile(s.file)
	if err == nil {
		err = json.Unmarshal(text, &l)
	}
	if err == nil {
		err = json.Unmarshal(text, &l.all)
	}
	if err != nil || l.AccessToken == "" {
		return login{}, unusable(s.profile, "nobody is logged in").Try("log in: %s", loginAgain(s.profile))
	}
	if got, ok := c.unkept.Load(s.file); ok && got.(login).ExpiresAt.After(l.ExpiresAt) {
		return got.(login), nil
	}
	c.tell(l)
	return l, nil
}

// tell makes the secrets of a login known to who keeps them.
func (c *chain) tell(l login) {
	if c.Secret != nil {
		c.Secret(l.AccessToken, l.RefreshToken, l.ClientSecret)
	}
}

// renew trades a login for a new one, and puts that in its file: the old one may be worth nothing then. Whoever cannot write the file, with
// some room more than it takes, does not begin. When it cannot be written all the same, what was got is for this process, and is not lost to
// it; the next one is told to log in again.
func (c *chain) renew(ctx context.Context, s session, l login) (login, error) {
	draft, err := os.CreateTemp(filepath.Dir(s.file), filepath.Base(s.file)+".*.tmp") // for its user alone
	if err != nil {
		return login{}, err
	}
	defer func() { // it is the file by then, or not wanted
		_ = draft.Close()
		_ = os.Remove(draft.Name())
	}()
	if err := reserve(draft, l); err != nil {
		return login{}, err
	}
	got, err := c.traded(ctx, s, l)
	if err != nil {
		return login{}, err
	}
	c.tell(got)
	if keep(draft, got, s.file) != nil {
		c.unkept.Store(s.file, got)
	}
	return got, nil
}

// reserve takes the room on the disk that a login will need.
func reserve(draft *os.File, l login) error {
	const more = 16 << 10 // a token is seldom longer than the last one
	text, err := json.Marshal(l.all)
	if err == nil {
		_, err = draft.Write(make([]byte, len(text)+more))
	}
	if err == nil {
		err = draft.Sync()
	}
	return err
}

// keep makes a draft the file of a login.
func keep(draft *os.File, l login, file string) error {
	text, err := json.Marshal(l.all)
	if err == nil {
		_, err = draft.WriteAt(text, 0)
	}
	if err == nil {
		err = draft.Truncate(int64(len(text)))
	}
	if err == nil {
		err = draft.Sync()
	}
	if err == nil {
		err = os.Rename(draft.Name(), file)
	}
	return err
}

// A trade is what a login is traded for.
type trade struct {
	AccessToken  string `json:"accessToken"`
	RefreshToken string `json:"refreshToken"`
	ExpiresIn    int64  `json:"expiresIn"` // seconds

	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// traded asks for a new login by the old one.
func (c *chain) traded(ctx context.Context, s session, l login) (login, error) {
	body, err := json.Marshal(map[string]string{
		"clientId": l.ClientID, "clientSecret": l.ClientSecret, "grantType": "refresh_token", "refreshToken": l.RefreshToken,
	})
	if err != nil {
		return l, err
	}
	address := cmp.Or(c.Getenv("AWS_ENDPOINT_URL_SSO_OIDC"), fmt.Sprintf("https://oidc.%s.%s", s.region, suffix(s.region))) + "/token"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return l, err
	}
	r.Header.Set("Content-Type", "application/json")
	text, status, err := c.send(r)
	if err != nil {
		return l, action.Errorf(action.CodeUnavailable, "%w", err)
	}
	var got trade
	err = json.Unmarshal(text, &got)
	switch {
	case status >= http.StatusInternalServerError || status == http.StatusTooManyRequests:
		return l, action.Errorf(action.CodeUnavailable, "HTTP status %d %s", status, http.StatusText(status))
	case status != http.StatusOK:
		return l, fmt.Errorf("%s", cmp.Or(got.Description, got.Error, http.StatusText(status)))
	case err != nil || got.AccessToken == "":
		return l, fmt.Errorf("the answer of %s cannot be read", r.URL.Host)
	}
	l.AccessToken, l.RefreshToken = got.AccessToken, cmp.Or(got.RefreshToken, l.RefreshToken)
	l.ExpiresAt = time.Now().Add(time.Duration(got.ExpiresIn) * time.Second).UTC().Truncate(time.Second)
	for name, value := range map[string]any{"accessToken": l.AccessToken, "refreshToken": l.RefreshToken, "expiresAt": l.ExpiresAt} {
		if l.all[name], err = json.Marshal(value); err != nil {
			return l, err
		}
	}
	return l, nil
}
