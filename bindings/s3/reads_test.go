package s3

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReads(t *testing.T) {
	none := t.TempDir() + "/none"
	t.Setenv("AWS_CONFIG_FILE", none)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", none)
	own := Reads(func() Access { return Access{Endpoint: "https://store.example.com:9000"} })
	aws := Reads(func() Access { return Access{Region: "eu-west-1"} })
	for _, c := range []struct {
		name, method, url, body string
		isRead                  func(*http.Request, []byte) error
		fault                   string
	}{
		{"get", "GET", "https://store.example.com:9000/box/a", "", own, ""},
		{"get by host", "GET", "https://box.store.example.com:9000/a?x-id=GetObject", "", own, ""},
		{"head", "HEAD", "https://store.example.com:9000/box/a", "", own, ""},
		{"list", "GET", "https://store.example.com:9000/box?list-type=2&prefix=a&delimiter=%2F&continuation-token=x", "", own, ""},
		{"of AWS", "GET", "https://box.s3.eu-west-1.amazonaws.com/a", "", aws, ""},
		{"of AWS by path", "GET", "https://s3.eu-west-1.amazonaws.com/box/a", "", aws, ""},
		{"put", "PUT", "https://store.example.com:9000/box/a", "x", own, "PUT is no method that reads"},
		{"delete", "DELETE", "https://store.example.com:9000/box/a", "", own, "DELETE is no method that reads"},
		{"delete many", "POST", "https://store.example.com:9000/box?delete", "<Delete/>", own, "POST is no method that reads"},
		{"begin parts", "POST", "https://store.example.com:9000/box/a?uploads", "", own, "POST is no method that reads"},
		{"begin parts as a role", "POST", "https://store.example.com:9000/box/a?uploads", "Action=AssumeRole", own, "POST is no method that reads"},
		{"restore", "POST", "https://store.example.com:9000/box/a?restore", "", own, "POST is no method that reads"},
		{"with a body", "GET", "https://store.example.com:9000/box/a", "x", own, "a read has no body"},
		{"an unknown query", "GET", "https://store.example.com:9000/box/a?torrent", "", own, `it is not known whether "torrent" only looks`},
		{"elsewhere", "GET", "https://evil.example.com/box/a", "", own, "it does not go to the object store that is configured"},
		{"a like name", "GET", "https://evilstore.example.com:9000/box/a", "", own, "it does not go to the object store that is configured"},
		{"without TLS", "GET", "http://store.example.com:9000/box/a", "", own, "it does not go to the object store that is configured"},
		{"AWS, another service", "GET", "https://ec2.eu-west-1.amazonaws.com/?Action=TerminateInstances", "", aws, "it does not go to the object store that is configured"},
		{"AWS by a like name", "GET", "https://s3.eu-west-1.amazonaws.com.evil.com/box", "", aws, "it does not go to the object store that is configured"},
		{"a role", "POST", "https://sts.eu-west-1.amazonaws.com/", "Action=AssumeRole&RoleArn=x", aws, ""},
		{"a web identity", "POST", "https://sts.eu-west-1.amazonaws.com/", "Action=AssumeRoleWithWebIdentity", aws, ""},
		{"another action", "POST", "https://sts.eu-west-1.amazonaws.com/", "Action=DecodeAuthorizationMessage", aws, "it does not go to the object store that is configured"},
		{"two actions", "POST", "https://iam.amazonaws.com/", "Action=AssumeRole&Action=DeleteUser", aws, "it does not go to the object store that is configured"},
		{"sso", "GET", "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?account_id=1", "", aws, ""},
		{"a login renewed", "POST", "https://oidc.eu-west-1.amazonaws.com/token", `{"grantType":"refresh_token","refreshToken":"x"}`, aws, ""},
		{"another grant", "POST", "https://oidc.eu-west-1.amazonaws.com/token", `{"grantType":"urn:ietf:params:oauth:grant-type:device_code"}`, aws, "it does not go to the object store that is configured"},
		{"a client registered", "POST", "https://oidc.eu-west-1.amazonaws.com/client/register", `{"grantType":"refresh_token"}`, aws, "it does not go to the object store that is configured"},
		{"an instance's token", "PUT", "http://169.254.169.254/latest/api/token", "", aws, ""},
		{"an instance's credentials", "GET", "http://169.254.169.254/latest/meta-data/iam/security-credentials/", "", aws, ""},
		{"a container's credentials", "GET", "http://169.254.170.2/v2/credentials/x", "", aws, ""},
		{"a token elsewhere", "PUT", "https://store.example.com:9000/latest/api/token", "", own, "PUT is no method that reads"},
	} {
		r, err := http.NewRequest(c.method, c.url, strings.NewReader(c.body))
		require.NoError(t, err)
		err = c.isRead(r, []byte(c.body))
		if c.fault == "" {
			require.NoError(t, err, c.name)
		} else {
			require.EqualError(t, err, c.fault, c.name)
		}
	}
	r, err := http.NewRequest(http.MethodGet, "https://store.example.com:9000/box/a", nil)
	require.NoError(t, err)
	r.Header.Set("Upgrade", "websocket")
	require.Error(t, own(r, nil))
}
