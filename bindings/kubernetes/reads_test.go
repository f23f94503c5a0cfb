package kubernetes

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

var looking = action.Commands{{"df", "-h"}, {"cat", "*"}, {"ps", "..."}}

func TestReads(t *testing.T) {
	const pod = "/api/v1/namespaces/shop/pods/web-0"
	const all = `{"kind":"DeleteOptions","apiVersion":"v1","dryRun":["All"]}`
	for _, c := range []struct {
		request, body string
		read          bool
	}{
		// Looking.
		{"GET /api/v1/namespaces/shop/pods", "", true},
		{"HEAD /api/v1/namespaces/shop/pods", "", true},
		{"GET /api/v1/namespaces/shop/pods?watch=true", "", true},
		{"GET /api/v1/watch/namespaces/shop/pods", "", true},
		{"GET " + pod + "/log?tailLines=5", "", true},
		{"GET /apis/apps/v1/namespaces/shop/deployments/web/scale", "", true},
		{"GET /version", "", true},
		{"GET /openapi/v3", "", true},
		{"GET /api/v1/namespaces/shop/pods/exec", "", true}, // a pod of that name
		{"GET /api/v1/namespaces/exec", "", true},
		{"GET /api/v1/namespaces/proxy/pods", "", true},
		{"GET /", "", true},

		// Connections to what is inside.
		{"GET " + pod + "/attach", "", false},
		{"GET " + pod + "/portforward", "", false},
		{"GET " + pod + "/proxy/shutdown", "", false},
		{"GET " + pod + "/proxy", "", false},
		{"GET /api/v1/nodes/n1/proxy/run/shop/web-0/web?cmd=reboot", "", false},
		{"GET /api/v1/namespaces/shop/services/web/proxy/delete", "", false},
		{"GET /api/v1/proxy/namespaces/shop/services/web", "", false},
		{"POST " + pod + "/attach?dryRun=All", "", false},
		{"PUT " + pod + "/proxy?dryRun=All", "", false},
		{"GET /api/v1/namespaces/shop/pods/web-0%2Fexec?command=reboot", "", false},
		{"GET /api/v1/namespaces/shop/pods//web-0/exec?command=reboot", "", false},
		{"GET /api/v1/namespaces/shop/pods/web-0/./exec?command=reboot", "", false},
		{"GET /api/v1/namespaces/shop/pods/web-0/log/../exec?command=reboot", "", false},
		{"GET /api/v1/namespaces/shop/pods/web-0/exec/?command=reboot", "", false},
		{"GET /api/v1/watch/namespaces/shop/pods/web-0/exec?command=reboot", "", false},

		// Commands.
		{"GET " + pod + "/exec?command=df&command=-h&stdout=true", "", true},
		{"POST " + pod + "/exec?command=df&command=-h&stdin=false&tty=0", "", true},
		{"GET " + pod + "/exec?command=ps&command=aux", "", true},
		{"GET " + pod + "/exec?command=df", "", false},
		{"GET " + pod + "/exec?command=df&command=-h&command=;reboot", "", false},
		{"GET " + pod + "/exec?command=df+-h", "", false},
		{"GET " + pod + "/exec", "", false},
		{"GET " + pod + "/exec?command=df&command=-h&stdin=true", "", false},
		{"GET " + pod + "/exec?command=df&command=-h&stdin", "", false},
		{"GET " + pod + "/exec?command=df&command=-h&stdin=false&stdin=true", "", false},
		{"GET " + pod + "/exec?command=df&command=-h&tty=1", "", false},
		{"GET " + pod + "/exec?command=df&command=-h;stdin=true", "", false},
		{"GET /apis/evil/v1/namespaces/shop/pods/web-0/exec?command=df&command=-h", "", false},
		{"GET /api/v1/namespaces/shop/services/web/exec?command=df&command=-h", "", false},
		{"DELETE " + pod + "/exec?command=df&command=-h&dryRun=All", "", false},

		// Reviews of the caller.
		{"POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "{}", true},
		{"POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews", "{}", true},
		{"POST /apis/authentication.k8s.io/v1/selfsubjectreviews", "{}", true},
		{"POST /apis/authorization.k8s.io/v1/subjectaccessreviews", "{}", false},
		{"POST /apis/evil.example/v1/selfsubjectaccessreviews", "{}", false},
		{"POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews/x", "{}", false},
		{"PUT /apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "{}", false},

		// Writes.
		{"POST /api/v1/namespaces/shop/pods", "{}", false},
		{"POST /api/v1/namespaces/shop/pods?dryRun=All", "{}", true},
		{"POST /api/v1/namespaces/shop/pods", `{"dryRun":["All"]}`, false},
		{"PATCH /apis/apps/v1/namespaces/shop/deployments/web/scale?dryRun=All", "{}", true},
		{"PATCH /apis/apps/v1/namespaces/shop/deployments/web/scale", "{}", false},
		{"PUT /api/v1/namespaces/shop/finalize?dryRun=All", "{}", true},
		{"PUT " + pod + "?dryRun=All&dryRun=None", "{}", false},
		{"PUT " + pod + "?dryRun=all", "{}", false},
		{"PUT " + pod + "?dryRun=", "{}", false},
		{"PUT " + pod + "?dryrun=All", "{}", false},
		{"PUT " + pod + "?x=1;dryRun=All", "{}", false},
		{"PUT /debug/flags/v?dryRun=All", "5", false},
		{"POST /api/v1/namespaces/shop/serviceaccounts/default/token?dryRun=All", "{}", false},
		{"OPTIONS /api/v1/pods?dryRun=All", "", false},
		{"CONNECT " + pod + "?dryRun=All", "", false},

		// Deletions: where there is a body, it decides.
		{"DELETE " + pod, "", false},
		{"DELETE " + pod + "?dryRun=All", "", true},
		{"DELETE " + pod, all, true},
		{"DELETE /api/v1/namespaces/shop/pods", all, true},
		{"DELETE " + pod + "?dryRun=All", `{}`, false},
		{"DELETE " + pod + "?dryRun=All", `{"dryRun":[]}`, false},
		{"DELETE " + pod, `{"dryRun":["All","None"]}`, false},
		{"DELETE " + pod, `{"DRYRUN":["All"]}`, false},
		{"DELETE " + pod, `{"dryRun":["All"],"dryRun":[]}`, false},
		{"DELETE " + pod, `{"dryRun":"All"}`, false},
		{"DELETE " + pod, `{"dryRun":[["All"]]}`, false},
		{"DELETE " + pod, `dryRun: [All]`, false},
		{"DELETE " + pod, all + all, false},
		{"DELETE " + pod, `[` + all + `]`, false},
		{"DELETE " + pod, "\x00", false},

		// Evictions: query or body, and never two opinions.
		{"POST " + pod + "/eviction", `{"deleteOptions":{"dryRun":["All"]}}`, true},
		{"POST " + pod + "/eviction?dryRun=All", `{}`, true},
		{"POST " + pod + "/eviction?dryRun=All", `{"deleteOptions":{"dryRun":["All"]}}`, true},
		{"POST " + pod + "/eviction", `{}`, false},
		{"POST " + pod + "/eviction", `{"dryRun":["All"]}`, false},
		{"POST " + pod + "/eviction?dryRun=All", `{"deleteOptions":{"dryRun":["None"]}}`, false},
	} {
		t.Run(c.request+" "+c.body, func(t *testing.T) {
			method, address, _ := strings.Cut(c.request, " ")
			err := Reads(looking)(&http.Request{Method: method, URL: mustURL(t, address), Header: http.Header{}}, []byte(c.body))
			require.Equal(t, c.read, err == nil, "%v", err)
		})
	}
}

func mustURL(t *testing.T, s string) *url.URL {
	u, err := url.Parse(s)
	require.NoError(t, err)
	return u
}

func TestReadsLooksAtHeaders(t *testing.T) {
	reads := Reads(looking)
	for name, value := range map[string]string{"Upgrade": "websocket", "Sec-WebSocket-Protocol": "v5.channel.k8s.io", "Upgrade-Insecure": ""} {
		r := httptest.NewRequest("GET", "/apis/subresources.kubevirt.io/v1/namespaces/n/virtualmachineinstances/vm/console", nil)
		r.Header.Set(name, value)
		require.Equal(t, name == "Upgrade-Insecure", reads(r, nil) == nil, name)
	}
	for kind, read := range map[string]bool{
		"application/json": true, "application/json; charset=utf-8": true, "application/yaml": false,
		"application/vnd.kubernetes.protobuf": false, "bad/": false,
	} {
		r := httptest.NewRequest("DELETE", "/api/v1/namespaces/shop/pods/web-0", nil)
		r.Header.Set("Content-Type", kind)
		require.Equal(t, read, reads(r, []byte(`{"dryRun":["All"]}`)) == nil, kind)
	}
}

// Whatever the request, only what plainly says dryRun=All, plainly looks, or plainly asks about the caller is a read.
func FuzzReads(f *testing.F) {
	f.Add("GET", "/api/v1/namespaces/shop/pods/web-0/exec", "command=df&command=-h", "")
	f.Add("DELETE", "/api/v1/namespaces/shop/pods/web-0", "dryRun=All", `{"dryRun":["All"]}`)
	f.Add("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "", "{}")
	f.Add("POST", "/api/v1/namespaces/shop/pods/web-0/eviction", "dryRun=All", `{"deleteOptions":{}}`)
	reads := Reads(looking)
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		u := &url.URL{Path: path, RawQuery: query}
		if reads(&http.Request{Method: method, URL: u, Header: http.Header{}}, []byte(body)) != nil {
			return
		}
		values, err := url.ParseQuery(query)
		require.NoError(t, err)
		last := path[strings.LastIndex(strings.TrimRight(path, "/"), "/")+1:]
		switch method {
		case "GET", "HEAD":
		case "DELETE":
			if body != "" {
				require.Contains(t, body, "All")
				return
			}
			require.Contains(t, values["dryRun"], "All")
		case "POST", "PUT", "PATCH":
			asks := strings.HasPrefix(last, "selfsubject")
			evicts := strings.Contains(path, "/eviction") && strings.Contains(body, "All")
			runs := strings.Contains(path, "/exec") && looking.Match(values["command"])
			require.True(t, asks || evicts || runs || slices.Contains(values["dryRun"], "All"))
		default:
			t.Fatalf("%s passes", method)
		}
	})
}
