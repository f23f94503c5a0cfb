package chain

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"runbook/engine/action"
)

type roleCredentials struct {
	RoleCredentials struct {
		AccessKeyID     string `json:"accessKeyId"`
		SecretAccessKey string `json:"secretAccessKey"`
		SessionToken    string `json:"sessionToken"`
		Expiration      int64  `json:"expiration"` // in milliseconds
	} `json:"roleCredentials"`
}

// bearer is the header with the token of a login.
const bearer = "X-Amz-Sso_bearer_token"

// sso is the credentials of an account's role, by the login of a person. Nobody is logged in here.
func (c *chain) sso(name string, p map[string]string) (aws.CredentialsProvider, error) {
	session, cached := p, p["sso_start_url"]
	if of := p["sso_session"]; of != "" {
		var there bool
		if session, there = c.files.sessions[of]; !there {
			return nil, action.Errorf(action.CodeInvalid, "the AWS profile %q is of the session %q, which AWS's configuration file does not have", name, of)
		}
		cached = of
	}
	for _, field := range []string{"sso_account_id", "sso_role_name"} {
		if p[field] == "" {
			return nil, missing(name, field)
		}
	}
	if session["sso_region"] == "" {
		return nil, missing(name, "sso_region")
	}
	region := session["sso_region"]
	address := cmp.Or(c.Getenv("AWS_ENDPOINT_URL_SSO"), fmt.Sprintf("https://portal.sso.%s.%s", region, suffix(region))) + "/federation/credentials?" +
		url.Values{"account_id": {p["sso_account_id"]}, "role_name": {p["sso_role_name"]}}.Encode()
	logins := c.session(name, cached, region, p["sso_session"] != "")
	return provided(func(ctx context.Context) (aws.Credentials, error) {
		token, err := c.token(ctx, logins)
		if err != nil {
			return aws.Credentials{}, err
		}
		return c.federated(ctx, name, address, token)
	}), nil
}

func (c *chain) federated(ctx context.Context, profile, address, token string) (aws.Credentials, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return aws.Credentials{}, unusable(profile, "%w", err)
	}
	r.Header.Set(bearer, token)
	text, status, err := c.send(r)
	if err != nil {
		e := unusable(profile, "%w", err).Again()
		e.Code = action.CodeUnavailable
		return aws.Credentials{}, e
	}
	if status != http.StatusOK {
		return aws.Credentials{}, unusable(profile, "HTTP status %d %s", status, http.StatusText(status)).Try("log in again: %s", loginAgain(profile))
	}
	var got roleCredentials
	if err := json.Unmarshal(text, &got); err != nil || got.RoleCredentials.AccessKeyID == "" {
		return aws.Credentials{}, unusable(profile, "the answer of %s cannot be read", r.URL.Host)
	}
	keys := got.RoleCredentials
	return aws.Credentials{
		AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey, SessionToken: keys.SessionToken, CanExpire: true,
		Expires: time.UnixMilli(keys.Expiration), Source: "SSO",
	}, nil
}
