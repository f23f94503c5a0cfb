package cluster

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

func TestWhatARequestAsksFor(t *testing.T) {
	for _, c := range []struct {
		method, target string
		want           Call
	}{
		{"GET", "/", Call{Verb: "get"}},
		{"GET", "/version", Call{Verb: "get"}},
		{"GET", "/apis/apps/v1", Call{Verb: "get"}},
		{"POST", "/api/v1", Call{Verb: "post"}},
		{"GET", "/api/v1/pods", Call{Verb: "list", Version: "v1", Resource: "pods"}},
		{"GET", "/api/v1/pods?watch=true", Call{Verb: "watch", Version: "v1", Resource: "pods"}},
		{"GET", "/api/v1/pods?watch=0", Call{Verb: "list", Version: "v1", Resource: "pods"}},
		{"HEAD", "/api/v1/namespaces/shop/pods/p", Call{Verb: "get", Version: "v1", Resource: "pods", Namespace: "shop", Name: "p"}},
		{"GET", "/api/v1/watch/namespaces/shop/pods", Call{Verb: "watch", Version: "v1", Resource: "pods", Namespace: "shop"}},
		{"DELETE", "/api/v1/namespaces/shop/pods", Call{Verb: "deletecollection", Version: "v1", Resource: "pods", Namespace: "shop"}},
		{"GET", "/api/v1/namespaces/shop", Call{Verb: "get", Version: "v1", Resource: "namespaces", Namespace: "shop", Name: "shop"}},
		{"PUT", "/api/v1/namespaces/shop/finalize", Call{
			Verb: "update", Version: "v1", Resource: "namespaces", Subresource: "finalize", Namespace: "shop", Name: "shop",
		}},
		{"POST", "/api/v1/namespaces/shop/pods/p/eviction", Call{
			Verb: "create", Version: "v1", Resource: "pods", Subresource: "eviction", Namespace: "shop", Name: "p",
		}},
		{"PATCH", "/apis/apps/v1/namespaces/shop/deployments/web/scale", Call{
			Verb: "patch", Group: "apps", Version: "v1", Resource: "deployments", Subresource: "scale", Namespace: "shop", Name: "web",
		}},
		{"GET", "/api/v1/namespaces/shop/pods?fieldSelector=metadata.name%3Dp", Call{
			Verb: "list", Version: "v1", Resource: "pods", Namespace: "shop", Name: "p",
		}},
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, c.target, nil)
		c.want.Path = r.URL.Path
		require.Equal(t, c.want, Describe(r), "%s %s", c.method, c.target)
	}
	require.Equal(t, "deployments.apps", Call{Group: "apps", Resource: "deployments"}.Canonical())
	require.True(t, Call{Verb: "patch"}.Mutates())
	require.False(t, Call{Verb: "watch"}.Mutates())
}

// Whatever comes, the server answers, and changes nothing that it was not asked to.
func FuzzRequests(f *testing.F) {
	f.Add("GET", "/api/v1/namespaces/shop/pods", "limit=1&continue=x", "")
	f.Add("PATCH", "/apis/apps/v1/namespaces/shop/deployments/web/scale", "dryRun=All", `{"spec":{"replicas":1}}`)
	f.Add("DELETE", "/api/v1/watch", "watch=1", "{")
	f.Add("GET", "/api/v1//pods", "labelSelector=a in (b", "")
	f.Add("POST", "/apis/a/b/c/d/e/f/g", "fieldSelector=%zz", "null")
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		c := quiet()
		before := c.store.Revision()
		r := &http.Request{
			Method: method, URL: &url.URL{Path: path, RawQuery: query + "&dryRun=All&timeoutSeconds=1"}, Header: http.Header{},
			Body: io.NopCloser(strings.NewReader(body)),
		}
		if Describe(r).Verb == "watch" {
			return // it would wait
		}
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r.WithContext(t.Context()))
		require.NotEqual(t, 0, w.Code)
		require.Equal(t, before, c.store.Revision())
	})
}

func FuzzSelectors(f *testing.F) {
	f.Add("app=web,tier!=cache", "status.phase=Running")
	f.Add("env in (a,b),!x", "metadata.name!=p")
	f.Add("a>1", `spec.nodeName=a\,b`)
	pods := builtin[0]
	f.Fuzz(func(t *testing.T, byLabel, byField string) {
		s, err := pods.selector(metav1.ListOptions{LabelSelector: byLabel, FieldSelector: byField}, Call{})
		if err != nil {
			return
		}
		o := parse(t, pod("p", ""))
		want, err := labels.Parse(byLabel)
		require.NoError(t, err)
		if byField == "" {
			require.Equal(t, want.Matches(labels.Set{"app": "web"}), s.matches(o))
		}
		require.NotPanics(t, func() { s.matches(o) })
	})
}
