package chain

import (
	"crypto/sha1" //nolint:gosec // as AWS's tools name files
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

const config = `
# of everybody
[default]
region = eu-west-1   # a comment
s3 =
    addressing_style = path
    payload_signing_enabled = true

[profile lab]
region=us-east-1
endpoint_url = http://lab:9000
ca_bundle = /etc/ca.pem

[profile served]
services = local
endpoint_url = http://not-this:9000

[services local]
s3 =
  endpoint_url = http://s3.local:9000

[profile role]
role_arn = arn:aws:iam::1:role/ops
source_profile = keys
external_id = 42

[profile chained]
role_arn = arn:aws:iam::1:role/inner
source_profile = role

[profile loop-a]
role_arn = a
source_profile = loop-b

[profile loop-b]
role_arn = b
source_profile = loop-a

[profile mfa]
role_arn = arn:aws:iam::1:role/ops
source_profile = keys
mfa_serial = arn:aws:iam::1:mfa/me

[profile web]
role_arn = arn:aws:iam::1:role/pod
web_identity_token_file = TOKENFILE

[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1

[profile person]
sso_session = corp
sso_account_id = 123
sso_role_name = ops

[profile halfperson]
sso_session = corp
sso_account_id = 123

[profile login]
login_session = arn:aws:iam::1:user/me

[profile process]
credential_process = printf '{"Version":1,"AccessKeyId":"PROCESS","SecretAccessKey":"s","SessionToken":"t"}'
`

const credentialsFile = `
[default]
aws_access_key_id = DEFAULT
aws_secret_access_key = a/secret=with+signs

[keys]
aws_access_key_id = KEYS
aws_secret_access_key = s
aws_session_token = t
`

// A machine is what the chain finds on one.
type machine struct {
	*testing.T
	home string
	env  map[string]string
}

func newMachine(t *testing.T) *machine {
	m := &machine{T: t, home: t.TempDir(), env: map[string]string{"AWS_EC2_METADATA_DISABLED": "true"}}
	m.write("config", strings.ReplaceAll(config, "TOKENFILE", filepath.Join(m.home, "token")))
	m.write("credentials", credentialsFile)
	require.NoError(t, os.WriteFile(filepath.Join(m.home, "token"), []byte("a-token\n"), 0o600))
	return m
}

func (m *machine) write(name, text string) {
	path := filepath.Join(m.home, ".aws", name)
	require.NoError(m, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(m, os.WriteFile(path, []byte(text), 0o600))
}

func (m *machine) load(profile string) (Settings, error) {
	return Load(Options{Profile: profile, Home: m.home, Getenv: func(name string) string { return m.env[name] }, Client: http.DefaultClient})
}

// keys are the credentials that a profile has.
func (m *machine) keys(profile string) (aws.Credentials, error) {
	m.Helper()
	s, err := m.load(profile)
	if err != nil {
		return aws.Credentials{}, err
	}
	return s.Credentials.Retrieve(m.Context())
}

func TestSettings(t *testing.T) {
	m := newMachine(t)
	s, err := m.load("")
	require.NoError(t, err)
	require.Equal(t, []any{"default", "eu-west-1", "", true, ""}, []any{s.Profile, s.Region, s.Endpoint, s.PathStyle, s.CABundle})
	s, err = m.load("lab")
	require.NoError(t, err)
	require.Equal(t, []any{"lab", "us-east-1", "http://lab:9000", false, "/etc/ca.pem"}, []any{s.Profile, s.Region, s.Endpoint, s.PathStyle, s.CABundle})
	s, err = m.load("served")
	require.NoError(t, err)
	require.Equal(t, "http://s3.local:9000", s.Endpoint)

	m.env["AWS_PROFILE"], m.env["AWS_REGION"], m.env["AWS_ENDPOINT_URL"] = "lab", "ap-east-1", "http://env:1"
	s, err = m.load("")
	require.NoError(t, err)
	require.Equal(t, []any{"lab", "ap-east-1", "http://env:1"}, []any{s.Profile, s.Region, s.Endpoint})
	m.env["AWS_ENDPOINT_URL_S3"] = "http://env:2"
	s, err = m.load("")
	require.NoError(t, err)
	require.Equal(t, "http://env:2", s.Endpoint)
	m.env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
	s, err = m.load("")
	require.NoError(t, err)
	require.Empty(t, s.Endpoint)

	_, err = m.load("lap")
	require.ErrorContains(t, err, `AWS's files have no profile "lap"; did you mean "lab"?`)
	require.Equal(t, action.CodeInvalid, action.CodeOf(err))
}

func TestWhereKeysComeFrom(t *testing.T) {
	m := newMachine(t)
	for profile, want := range map[string]string{"": "DEFAULT a/secret=with+signs ", "keys": "KEYS s t", "process": "PROCESS s t"} {
		got, err := m.keys(profile)
		require.NoError(t, err, profile)
		require.Equal(t, want, got.AccessKeyID+" "+got.SecretAccessKey+" "+got.SessionToken)
	}
	m.env["AWS_ACCESS_KEY_ID"], m.env["AWS_SECRET_ACCESS_KEY"], m.env["AWS_SESSION_TOKEN"] = "ENV", "s", "t"
	got, err := m.keys("")
	require.NoError(t, err)
	require.Equal(t, "ENV", got.AccessKeyID, "the environment comes before the files")
	m.env["AWS_PROFILE"] = "keys"
	got, err = m.keys("")
	require.NoError(t, err)
	require.Equal(t, "ENV", got.AccessKeyID, "and before AWS_PROFILE, as with AWS's own tools")
	got, err = m.keys("keys")
	require.NoError(t, err)
	require.Equal(t, "KEYS", got.AccessKeyID, "a profile that the site file names comes first")
}

func TestWhatIsNotFound(t *testing.T) {
	m := newMachine(t)
	for profile, want := range map[string]string{
		"loop-a":     "the AWS profiles loop-a → loop-b → loop-a get their credentials from one another",
		"mfa":        `the AWS profile "mfa" wants a code of a device (mfa_serial)`,
		"login":      `the AWS profile "login" is one of aws login`,
		"halfperson": `the AWS profile "halfperson" says no sso_role_name`,
		"lab":        `no AWS credentials were found: neither in the environment nor in the profile "lab"`,
		"person":     `cannot get credentials from the AWS profile "person": nobody is logged in`,
	} {
		_, err := m.keys(profile)
		require.ErrorContains(t, err, want)
		e, ok := err.(*action.Error) //nolint:errorlint // exactly that
		require.True(t, ok)
		require.True(t, e.Hint != "" || e.Code == action.CodeInvalid, profile)
	}
	empty := &machine{T: t, home: t.TempDir(), env: map[string]string{"AWS_EC2_METADATA_DISABLED": "true"}}
	_, err := empty.keys("")
	require.ErrorContains(t, err, "no AWS credentials were found")
}

// A service hands out credentials, and remembers what it was asked.
type service struct {
	*httptest.Server
	asked []*http.Request
	forms []string
}

func newService(t *testing.T, answer func(w http.ResponseWriter, r *http.Request)) *service {
	s := &service{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		s.asked, s.forms = append(s.asked, r), append(s.forms, r.Form.Encode())
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

const expires = "2030-01-02T03:04:05Z"

func roles(w http.ResponseWriter, r *http.Request) {
	action := r.Form.Get("Action")
	_, _ = fmt.Fprintf(w, `<%[1]sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%[1]sResult><AssumedRoleUser><Arn>x</Arn></AssumedRoleUser>
<Credentials><AccessKeyId>%[2]s</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%[3]s</Expiration></Credentials>
</%[1]sResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></%[1]sResponse>`, action, strings.ToUpper(r.Form.Get("RoleArn")[len("arn:aws:iam::1:role/"):]), expires)
}

func TestRoles(t *testing.T) {
	m, s := newMachine(t), newService(t, roles)
	m.env["AWS_ENDPOINT_URL_STS"] = s.URL
	got, err := m.keys("role")
	require.NoError(t, err)
	require.Equal(t, "OPS s t", got.AccessKeyID+" "+got.SecretAccessKey+" "+got.SessionToken)
	require.True(t, got.CanExpire)
	require.Equal(t, expires, got.Expires.Format(time.RFC3339))
	require.Equal(t, "Action=AssumeRole&ExternalId=42&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fops&RoleSessionName=runbook&Version=2011-06-15", s.forms[0])
	require.Contains(t, s.asked[0].Header.Get("Authorization"), "Credential=KEYS/")
	require.Contains(t, s.asked[0].Header.Get("Authorization"), "/sts/aws4_request")

	got, err = m.keys("chained")
	require.NoError(t, err)
	require.Equal(t, "INNER", got.AccessKeyID)
	require.Contains(t, s.asked[2].Header.Get("Authorization"), "Credential=OPS/", "one role assumes the other")

	got, err = m.keys("web")
	require.NoError(t, err)
	require.Equal(t, "POD", got.AccessKeyID)
	require.Contains(t, s.forms[3], "WebIdentityToken=a-token")
	require.Empty(t, s.asked[3].Header.Get("Authorization"), "the token says who asks")

	m.env["AWS_WEB_IDENTITY_TOKEN_FILE"], m.env["AWS_ROLE_ARN"] = filepath.Join(m.home, "token"), "arn:aws:iam::1:role/env"
	got, err = m.keys("")
	require.NoError(t, err)
	require.Equal(t, "ENV", got.AccessKeyID)
}

func TestRolesThatAreRefused(t *testing.T) {
	for status, c := range map[int]struct {
		body, want string
		code       action.Code
		again      bool
	}{
		403: {"<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>", "cannot assume the role arn:aws:iam::1:role/ops: AccessDenied: not you", action.CodeForbidden, false},
		400: {"<ErrorResponse><Error><Code>ExpiredToken</Code><Message>over</Message></Error></ErrorResponse>", "ExpiredToken: over", action.CodeUnauth, false},
		503: {"<ErrorResponse><Error><Code>Busy</Code><Message>later</Message></Error></ErrorResponse>", "Busy: later", action.CodeUnavailable, true},
		200: {"<html>", "cannot be read", action.CodeUnavailable, false},
	} {
		m, s := newMachine(t), newService(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, c.body)
		})
		m.env["AWS_ENDPOINT_URL_STS"] = s.URL
		_, err := m.keys("role")
		require.ErrorContains(t, err, c.want)
		e := err.(*action.Error) //nolint:errorlint // exactly that
		require.Equal(t, c.code, e.Code)
		require.Equal(t, c.again, e.Retryable)
	}
}

func TestSSO(t *testing.T) {
	m, s := newMachine(t), newService(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(bearer) != "sso-token" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = fmt.Fprint(w, `{"roleCredentials":{"accessKeyId":"PERSON","secretAccessKey":"s","sessionToken":"t","expiration":1893553445000}}`)
	})
	m.env["AWS_ENDPOINT_URL_SSO"] = s.URL
	login := func(token string, until time.Time) {
		m.write("sso/cache/"+sha1Of("corp")+".json", fmt.Sprintf(`{"accessToken":%q,"expiresAt":%q}`, token, until.UTC().Format(time.RFC3339)))
	}
	login("sso-token", time.Now().Add(time.Hour))
	got, err := m.keys("person")
	require.NoError(t, err)
	require.Equal(t, "PERSON s t", got.AccessKeyID+" "+got.SecretAccessKey+" "+got.SessionToken)
	require.Equal(t, "/federation/credentials?account_id=123&role_name=ops", s.asked[0].URL.String())
	login("sso-token", time.Now().Add(-time.Hour))
	_, err = m.keys("person")
	require.ErrorContains(t, err, "the login was over at ")
	require.Equal(t, "log in again: aws sso login --profile person", err.(*action.Error).Hint) //nolint:errorlint // exactly that
	login("revoked", time.Now().Add(time.Hour))
	_, err = m.keys("person")
	require.ErrorContains(t, err, "HTTP status 401 Unauthorized")
}

func TestContainers(t *testing.T) {
	m, s := newMachine(t), newService(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"AccessKeyId":"CONTAINER","SecretAccessKey":"s","Token":%q,"Expiration":%q}`, r.Header.Get("Authorization"), expires)
	})
	m.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = s.URL + "/creds"
	m.env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = filepath.Join(m.home, "token")
	got, err := m.keys("lab")
	require.NoError(t, err)
	require.Equal(t, "CONTAINER s a-token", got.AccessKeyID+" "+got.SecretAccessKey+" "+got.SessionToken)
	m.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://elsewhere.example.com/creds"
	_, err = m.keys("lab")
	require.ErrorContains(t, err, "is no address on this machine, and none with https")
}

func TestInstances(t *testing.T) {
	m, s := newMachine(t), newService(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut:
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "60")
			_, _ = fmt.Fprint(w, "imds-token")
		case strings.HasSuffix(r.URL.Path, "/security-credentials/"):
			_, _ = fmt.Fprint(w, "ops")
		default:
			_, _ = fmt.Fprintf(w, `{"Code":"Success","AccessKeyId":"INSTANCE","SecretAccessKey":"s","Token":"t","Expiration":%q}`, expires)
		}
	})
	delete(m.env, "AWS_EC2_METADATA_DISABLED")
	m.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = s.URL
	got, err := m.keys("lab")
	require.NoError(t, err)
	require.Equal(t, "INSTANCE", got.AccessKeyID)
	s.Close()
	_, err = m.keys("lab")
	require.ErrorContains(t, err, "no AWS credentials were found")
}

func FuzzSections(f *testing.F) {
	f.Add(config)
	f.Add("[a\n =\n x = y")
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range sections(text) {
			require.NotNil(t, s.values)
			for name, value := range s.values {
				require.Equal(t, strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(name))
				require.NotContains(t, value, "\n")
			}
		}
	})
}

func sha1Of(text string) string {
	sum := sha1.Sum([]byte(text)) //nolint:gosec // as AWS's tools name files
	return hex.EncodeToString(sum[:])
}
