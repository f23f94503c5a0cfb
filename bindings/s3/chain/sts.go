package chain

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"runbook/engine/action"
)

// The API of the security token service.
const (
	stsVersion = "2011-06-15"
	formType   = "application/x-www-form-urlencoded; charset=utf-8"
	mostAnswer = 1 << 20
)

// assumed is what the service answers, whichever way a role is assumed.
type assumed struct {
	Result struct {
		Credentials struct {
			AccessKeyID     string `xml:"AccessKeyId"`
			SecretAccessKey string
			SessionToken    string
			Expiration      time.Time
		}
	} `xml:",any"`
}

type stsError struct {
	Code    string `xml:"Error>Code"`
	Message string `xml:"Error>Message"`
}

// assume asks the security token service for the credentials of a role, as whoever the provider says; a nil one signs nothing, because the
// token says who asks.
func (c *chain) assume(ctx context.Context, form url.Values, as aws.CredentialsProvider) (aws.Credentials, error) {
	form.Set("Version", stsVersion)
	body, role := form.Encode(), form.Get("RoleArn")
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.sts(), strings.NewReader(body))
	if err != nil {
		return aws.Credentials{}, action.Errorf(action.CodeInvalid, "cannot assume the role %s: %w", role, err)
	}
	r.Header.Set("Content-Type", formType)
	if as != nil {
		keys, err := as.Retrieve(ctx)
		if err != nil {
			return aws.Credentials{}, err
		}
		sum := sha256.Sum256([]byte(body))
		if err := v4.NewSigner().SignHTTP(ctx, keys, r, hex.EncodeToString(sum[:]), "sts", c.region, time.Now()); err != nil {
			return aws.Credentials{}, action.Errorf(action.CodeInternal, "cannot sign a request: %w", err)
		}
	}
	text, status, err := c.send(r)
	if err != nil {
		return aws.Credentials{}, action.Errorf(action.CodeUnavailable, "cannot assume the role %s: %w", role, err).Again()
	}
	if status != http.StatusOK {
		return aws.Credentials{}, refusedRole(role, status, text)
	}
	var a assumed
	if err := xml.Unmarshal(text, &a); err != nil || a.Result.Credentials.AccessKeyID == "" {
		return aws.Credentials{}, action.Errorf(action.CodeUnavailable, "cannot assume the role %s: the answer of %s cannot be read", role, r.URL.Host)
	}
	got := a.Result.Credentials
	return aws.Credentials{
		AccessKeyID: got.AccessKeyID, SecretAccessKey: got.SecretAccessKey, SessionToken: got.SessionToken, CanExpire: true, Expires: got.Expiration,
		Source: "AssumeRole",
	}, nil
}

func refusedRole(role string, status int, text []byte) error {
	var said stsError
	_ = xml.Unmarshal(text, &said) // what is none says nothing
	e := action.Errorf(action.CodeUnauth, "cannot assume the role %s: %s", role, cmp.Or(strings.TrimSpace(said.Code+": "+said.Message), http.StatusText(status)))
	switch {
	case said.Code == "AccessDenied":
		e.Code = action.CodeForbidden
		return e.Try("the role's trust policy has to name who assumes it, and who assumes it needs sts:AssumeRole")
	case status >= http.StatusInternalServerError || said.Code == "Throttling":
		e.Code = action.CodeUnavailable
		return e.Again()
	}
	return e
}

// sts is the address of the region's service.
func (c *chain) sts() string {
	if own := c.Getenv("AWS_ENDPOINT_URL_STS"); own != "" {
		return own
	}
	return fmt.Sprintf("https://sts.%s.%s/", c.region, suffix(c.region))
}

// suffix is the domain of the services of a region.
func suffix(region string) string {
	if strings.HasPrefix(region, "cn-") {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// send sends a request and reads a small answer.
func (c *chain) send(r *http.Request) (text []byte, status int, err error) {
	response, err := c.Client.Do(r)
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	text, err = io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	return text, response.StatusCode, err
}
