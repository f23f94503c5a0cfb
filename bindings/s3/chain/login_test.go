package chain

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

// A portal is where a person is logged in: it takes the token of one login, and renews it as trade says.
type portal struct {
	*machine
	takes  string // the access token that is worth something
	trade  func(w http.ResponseWriter, asked map[string]string)
	traded int
}

func newPortal(t *testing.T) *portal {
	p := &portal{machine: newMachine(t)}
	s := newService(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			p.traded++
			assert.Equal(t, http.MethodPost, r.Method)
			assert.Empty(t, r.Header.Get("Authorization"))
			text, err := io.ReadAll(r.Body)
			assert.NoError(t, err)
			var asked map[string]string
			assert.NoError(t, json.Unmarshal(text, &asked))
			p.trade(w, asked)
			return
		}
		if r.Header.Get(bearer) != p.takes {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = fmt.Fprint(w, `{"roleCredentials":{"accessKeyId":"PERSON","secretAccessKey":"s","sessionToken":"t","expiration":1893553445000}}`)
	})
	p.env["AWS_ENDPOINT_URL_SSO"], p.env["AWS_ENDPOINT_URL_SSO_OIDC"] = s.URL, s.URL
	return p
}

func (p *portal) file() string {
	return filepath.Join(p.home, ".aws", "sso", "cache", sha1Of("corp")+".json")
}

// login writes what aws sso login does.
func (p *portal) login(over time.Duration, more ...any) {
	all := map[string]any{
		"startUrl": "https://corp.awsapps.com/start", "region": "eu-west-1", "accessToken": "old", "expiresAt": at(over), "refreshToken": "refresh",
		"clientId": "client", "clientSecret": "secret", "registrationExpiresAt": at(90 * 24 * time.Hour),
	}
	for i := 0; i < len(more); i += 2 {
		all[more[i].(string)] = more[i+1]
	}
	text, err := json.Marshal(all)
	require.NoError(p, err)
	p.write("sso/cache/"+filepath.Base(p.file()), string(text))
}

func (p *portal) kept() (all map[string]any) {
	text, err := os.ReadFile(p.file())
	require.NoError(p, err)
	require.NoError(p, json.Unmarshal(text, &all))
	return all
}

func at(in time.Duration) string { return time.Now().Add(in).UTC().Format(time.RFC3339) }

// A login that is over, or soon, is renewed, and kept as AWS's tools keep it.
func TestALoginIsRenewed(t *testing.T) {
	for _, over := range []time.Duration{-3 * time.Hour, 10 * time.Minute} {
		p := newPortal(t)
		p.takes = "new"
		p.trade = func(w http.ResponseWriter, asked map[string]string) {
			require.Equal(t, map[string]string{"clientId": "client", "clientSecret": "secret", "grantType": "refresh_token", "refreshToken": "refresh"}, asked)
			_, _ = fmt.Fprint(w, `{"accessToken":"new","tokenType":"Bearer","expiresIn":3600,"refreshToken":"another"}`)
		}
		p.login(over, "somethingElse", []any{1.5, "x"})
		var secrets []string
		s, err := Load(Options{
			Profile: "person", Home: p.home, Getenv: func(name string) string { return p.env[name] }, Client: http.DefaultClient,
			Secret: func(all ...string) { secrets = append(secrets, all...) },
		})
		require.NoError(t, err)
		for range 2 {
			got, err := s.Credentials.Retrieve(t.Context())
			require.NoError(t, err)
			require.Equal(t, "PERSON", got.AccessKeyID)
		}
		require.Equal(t, 1, p.traded, "the second time it is read")
		kept := p.kept()
		until, err := time.Parse(time.RFC3339, kept["expiresAt"].(string))
		require.NoError(t, err)
		require.WithinDuration(t, time.Now().Add(time.Hour), until, time.Minute)
		require.Equal(t, []any{"new", "another", "client", "https://corp.awsapps.com/start", []any{1.5, "x"}},
			[]any{kept["accessToken"], kept["refreshToken"], kept["clientId"], kept["startUrl"], kept["somethingElse"]})
		require.Subset(t, secrets, []string{"old", "refresh", "secret", "new", "another"})
		info, err := os.Stat(p.file())
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode())
		left, err := os.ReadDir(filepath.Dir(p.file()))
		require.NoError(t, err)
		require.Len(t, left, 1)
	}
}

// A login that cannot be renewed is used to its end; after that it is said why not, and what to type.
func TestALoginThatIsNotRenewed(t *testing.T) {
	refuses := func(status int, body string) func(http.ResponseWriter, map[string]string) {
		return func(w http.ResponseWriter, _ map[string]string) {
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, body)
		}
	}
	for name, c := range map[string]struct {
		trade  func(http.ResponseWriter, map[string]string)
		login  []any
		says   string
		code   action.Code
		traded int
	}{
		"the session of the person is over": {trade: refuses(400, `{"error":"invalid_grant","error_description":"Invalid refresh token provided"}`), says: ", and could not be renewed: Invalid refresh token provided", traded: 1},
		"it is busy":                        {trade: refuses(503, ""), says: ", and could not be renewed: HTTP status 503 Service Unavailable", code: action.CodeUnavailable, traded: 1},
		"an answer that is none":            {trade: refuses(200, "<html>"), says: "cannot be read", traded: 1},
		"no registration any more":          {login: []any{"registrationExpiresAt", at(-time.Second)}, says: "the login was over at "},
		"nothing to renew it with":          {login: []any{"refreshToken", ""}, says: "the login was over at "},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPortal(t)
			p.takes, p.trade = "old", c.trade
			p.login(10*time.Minute, c.login...)
			_, err := p.keys("person")
			require.NoError(t, err, "it is not over yet")
			p.login(-time.Minute, c.login...)
			before := p.kept()
			_, err = p.keys("person")
			require.ErrorContains(t, err, `cannot get credentials from the AWS profile "person": the login was over at `)
			require.ErrorContains(t, err, c.says)
			e := err.(*action.Error) //nolint:errorlint // exactly that
			require.Equal(t, "log in again: aws sso login --profile person", e.Hint)
			if c.code == "" {
				c.code = action.CodeUnauth
			}
			require.Equal(t, c.code, e.Code)
			require.Equal(t, c.code == action.CodeUnavailable, e.Retryable)
			require.Equal(t, 2*c.traded, p.traded)
			require.Equal(t, before, p.kept())
		})
	}
}

// Another process that renews the login at the same time leaves nothing to renew it with; what it got is as good.
func TestALoginThatAnotherOneRenews(t *testing.T) {
	p := newPortal(t)
	p.takes = "theirs"
	p.trade = func(w http.ResponseWriter, _ map[string]string) {
		p.login(time.Hour, "accessToken", "theirs", "refreshToken", "next")
		w.WriteHeader(http.StatusBadRequest)
	}
	p.login(-time.Minute)
	got, err := p.keys("person")
	require.NoError(t, err)
	require.Equal(t, "PERSON", got.AccessKeyID)
	require.Equal(t, "next", p.kept()["refreshToken"])
}

// Where the file cannot be written nothing is renewed: the login would be worth nothing to anybody then.
func TestALoginThatCannotBeKept(t *testing.T) {
	p := newPortal(t)
	p.login(-time.Minute)
	c := &chain{Options: Options{Home: p.home, Getenv: func(name string) string { return p.env[name] }, Client: http.DefaultClient}}
	s := c.session("person", "corp", "eu-west-1", true)
	l, err := c.loggedIn(s)
	require.NoError(t, err)
	s.file = filepath.Join(p.home, "nowhere", "x.json")
	_, err = c.renew(t.Context(), s, l)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Zero(t, p.traded)
}

// What was got when the old one may be worth nothing any more is used, also if it cannot be kept.
func TestALoginThatCouldNotBeKept(t *testing.T) {
	p := newPortal(t)
	p.takes = "new"
	p.trade = func(w http.ResponseWriter, _ map[string]string) {
		drafts, err := filepath.Glob(p.file() + ".*.tmp")
		assert.NoError(t, err)
		assert.Len(t, drafts, 1)
		for _, draft := range drafts {
			held, err := os.Stat(draft)
			assert.NoError(t, err)
			assert.Greater(t, held.Size(), int64(16<<10), "there is room for it before the old one is given away")
			assert.NoError(t, os.Remove(draft))
		}
		_, _ = fmt.Fprint(w, `{"accessToken":"new","refreshToken":"next","expiresIn":3600}`)
	}
	p.login(-time.Minute)
	s, err := p.load("person")
	require.NoError(t, err)
	for range 2 {
		got, err := s.Credentials.Retrieve(t.Context())
		require.NoError(t, err)
		require.Equal(t, "PERSON", got.AccessKeyID)
	}
	require.Equal(t, 1, p.traded)
	require.Equal(t, "old", p.kept()["accessToken"])
}

// What a person is told to type can be typed, whatever a profile is called.
func TestAProfileWithASpace(t *testing.T) {
	for key, want := range map[string]string{"sso_session": "aws sso login", "login_session": "aws login", "": "aws sts get-caller-identity"} {
		require.Equal(t, want+` --profile "my team"`, renewal("my team", map[string]string{key: "x"}))
	}
}
