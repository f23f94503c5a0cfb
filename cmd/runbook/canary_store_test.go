//go:build unix

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What an object store may know of us.
const (
	ofStoreSecret  = "canary-STORE/SECRET+KEY=x"
	ofStoreSession = "canary-SESSION//TOKEN++of==a/role"
)

// A talkativeStore is an object store, and a service that hands out the credentials of roles, that gives back who asks.
func talkativeStore(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said := strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(strings.Join([]string{
			r.Header.Get("X-Amz-Security-Token"), r.URL.RawQuery, noSecret,
		}, " | "))
		switch {
		case r.Method == http.MethodPost && r.URL.Path == "/":
			_, _ = fmt.Fprintf(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ROLE</AccessKeyId><SecretAccessKey>%s</SecretAccessKey>`+
				`<SessionToken>%s</SessionToken><Expiration>2090-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`, ofStoreSecret, ofStoreSession)
		case r.Method == http.MethodHead:
			w.Header().Set("ETag", `"x"`)
			w.Header().Set("X-Amz-Meta-Told", said)
			w.Header().Set("Content-Length", "1")
		default:
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprintf(w, `<Error><Code>AccessDenied</Code><Message>not %s</Message></Error>`, said)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

const retold = `local s3 = require "s3"
local json = require "json"
return runbook { summary = "Ask", may = { "s3.put objects" }, steps = { step("Ask", function()
  log(json.encode(s3.head("s3://box/a").metadata))
  log(tostring(s3.presign("s3://box/a")))
  local _, err = try(s3.list, "s3://box")
  log(err.message)
  local _, err = try(s3.put, "s3://box/a", "x")
  log(err and err.message or "intended")
  s3.list("s3://box")
end) } }`

// No credential for an object store is in anything that a run leaves, wherever it comes from, and whoever gives it back.
func TestNoCredentialForAStoreInAnythingThatARunLeaves(t *testing.T) {
	server := talkativeStore(t)
	c := &cage{process: newProcess(t, retold), said: map[string]string{}}
	c.file("credential-aws", "[keys]\naws_access_key_id = KEYS\naws_secret_access_key = "+ofStoreSecret+"\naws_session_token = "+ofStoreSession+"\n")
	c.file("aws-config", "[profile keys]\nregion = us-east-1\n[profile role]\nregion = us-east-1\nrole_arn = arn:aws:iam::1:role/ops\nsource_profile = keys\n")
	for _, profile := range []string{"keys", "role"} {
		c.file("credential-site-"+profile+".yaml", "s3: {profile: "+profile+", endpoint: '"+server.URL+"', path_style: true}\n")
	}
	c.cmd.Env = append(c.cmd.Env, "AWS_CONFIG_FILE=aws-config", "AWS_SHARED_CREDENTIALS_FILE=credential-aws", "AWS_ENDPOINT_URL_STS="+server.URL)
	for _, profile := range []string{"keys", "role"} {
		for _, args := range [][]string{
			{"run", "./script.lua", "--site", "./credential-site-" + profile + ".yaml", "--yes"},
			{"run", "./script.lua", "--site", "./credential-site-" + profile + ".yaml", "--dry-run", "-o", "json"},
			{"run", "./script.lua", "--site", "./credential-site-" + profile + ".yaml", "--yes", "--record", profile + ".rec"},
			{"runs", "show", "last"},
		} {
			c.runs(args...)
		}
	}
	require.Contains(t, c.said["stdout of run ./script.lua --site ./credential-site-keys.yaml --yes"], "[secret]")
	c.keeps(map[string]string{"secret": ofStoreSecret, "session": ofStoreSession}, "stdout of run ./script.lua --site", "journal.jsonl")
}
