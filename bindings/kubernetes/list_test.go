package kubernetes

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"runbook/engine/action"
)

func podJSON(name string, labels map[string]any) object {
	return object{
		"metadata": object{"name": name, "namespace": "shop", "uid": "uid-" + name, "labels": labels},
		"status":   object{"phase": "Running"},
	}
}

func page(t *testing.T, next string, items ...object) string {
	return string(toRaw(t, object{"kind": "PodList", "apiVersion": "v1", "metadata": object{"continue": next}, "items": items}))
}

func TestListFollowsPages(t *testing.T) {
	d, s := stubbed(t, map[string]http.HandlerFunc{"GET " + podsPath: func(w http.ResponseWriter, r *http.Request) {
		next := map[string]string{"": "two", "two": "three", "three": ""}[r.URL.Query().Get("continue")]
		answerJSON(200, page(t, next, podJSON("p-"+next, nil)))(w, r)
	}})
	items := d.list("po", opts("selector", "app=web", "fields", "status.phase=Running"))
	require.Len(t, items, 3)
	require.Equal(t, "Pod v1 p-two", fmt.Sprint(gjson.GetBytes(items[0], "kind"), " ", gjson.GetBytes(items[0], "apiVersion"), " ", gjson.GetBytes(items[0], "metadata.name")))
	first, err := url.ParseQuery(s.requests("GET")[0].query)
	require.NoError(t, err)
	require.Equal(t, url.Values{"limit": {"2000"}, "labelSelector": {"app=web"}, "fieldSelector": {"status.phase=Running"}}, first)
	require.Equal(t, "runbook/test R1", s.requests("GET")[0].header.Get("User-Agent"))
}

// The server forgets old revisions; a list that meets that begins anew, but not for ever.
func TestListBeginsAnewWhenItsTokenExpires(t *testing.T) {
	expired := 0
	answer := func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Query().Get("continue") == "":
			answerJSON(200, page(t, "two", podJSON("a", nil)))(w, r)
		case expired > 0:
			expired--
			failure(410, "Expired", "too old")(w, r)
		default:
			answerJSON(200, page(t, "", podJSON("b", nil)))(w, r)
		}
	}
	d, _ := stubbed(t, map[string]http.HandlerFunc{"GET " + podsPath: answer})
	expired = 2
	require.Equal(t, []string{"a", "b"}, d.names("pods"))
	expired = 10
	_, err := d.tryRead("list", "pods")
	require.ErrorContains(t, err, "too old")
}

func TestListLaysTheIntendedStateOver(t *testing.T) {
	web, db := map[string]any{"app": "web"}, map[string]any{"app": "db"}
	d, _ := stubbed(t, map[string]http.HandlerFunc{
		"GET " + podsPath: func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("labelSelector") == "app=web" {
				answerJSON(200, page(t, "", podJSON("a", web), podJSON("b", web), podJSON("c", web)))(w, r)
				return
			}
			answerJSON(200, page(t, "", podJSON("a", web), podJSON("b", web), podJSON("c", web), podJSON("d", db)))(w, r)
		},
		"GET " + podsPath + "/d": answerJSON(200, string(toRaw(t, podJSON("d", db)))),
	})
	intend := func(name string, o object) {
		d.view.take([]action.Change{{Target: action.Target{System: "kubernetes", Kind: "pods", Scope: "shop", Name: name}, After: optional(o)}})
	}
	intend("b", nil)                 // to be deleted
	intend("c", podJSON("c", db))    // to get another label
	intend("d", podJSON("d", web))   // likewise, the other way round
	intend("a2", podJSON("a2", web)) // to be created
	require.Equal(t, []string{"a", "a2", "c", "d"}, d.names("pods"))
	require.Equal(t, []string{"a", "a2", "d"}, d.names("pods", opts("selector", "app=web")))
	require.Equal(t, []string{"a", "a2"}, d.names("pods", opts("selector", "app=web", "fields", "metadata.name!=d")))
}

func TestNamespacesIntendedToBeGone(t *testing.T) {
	d, _ := stubbed(t, map[string]http.HandlerFunc{
		"GET /api/v1/namespaces/shop": answerJSON(200, `{"metadata":{"name":"shop","uid":"1"}}`),
		"GET " + podsPath:             answerJSON(200, page(t, "", podJSON("a", nil))),
		"GET /api/v1/pods":            answerJSON(200, page(t, "", podJSON("a", nil))),
		"GET " + podsPath + "/a":      answerJSON(200, string(toRaw(t, podJSON("a", nil)))),
	})
	namespace := action.Target{System: "kubernetes", Kind: "namespaces", Name: "shop"}
	require.NotNil(t, d.get("pod/a"))
	d.view.take([]action.Change{{Target: namespace}})
	require.Empty(t, d.names("pods"))
	require.Empty(t, d.names("pods", opts("all_namespaces", true)))
	require.Nil(t, d.get("pod/a"))
	// Created again it is another namespace, and empty.
	d.view.take([]action.Change{{Target: namespace, After: object{"metadata": object{"name": "shop", "uid": "2"}}}})
	require.Empty(t, d.names("pods"))
	require.Nil(t, d.get("pod/a"))
}

func TestListChecksItsArguments(t *testing.T) {
	d, s := stubbed(t, nil)
	for _, c := range []struct {
		values []any
		want   string
	}{
		{[]any{"pods", opts("selector", "a==b==c")}, "selector"},
		{[]any{"pods", opts("fields", "nonsense")}, "fields"},
		{[]any{"pods", opts("namespace", "x", "all_namespaces", true)}, "not both"},
	} {
		f, args := d.bind("list", c.values)
		_, err := f.Read(args)
		require.Equal(t, action.CodeInvalid, asError(t, err).Code)
		require.ErrorContains(t, err, c.want)
	}
	require.Empty(t, s.asked, "nothing is asked while an operation is built")
}

func TestSplitPage(t *testing.T) {
	k := mustBuiltin("pods")
	for body, want := range map[string][]string{
		`{"items":[]}`:                 {},
		`{"items":null}`:               {},
		`{}`:                           {},
		`{"items":[{"a":1},{"b":2}]}`:  {`{"apiVersion":"v1","kind":"Pod","a":1}`, `{"apiVersion":"v1","kind":"Pod","b":2}`},
		`{"items":[ { "a" : "}]" } ]}`: {`{"apiVersion":"v1","kind":"Pod", "a" : "}]" }`},
		`{"items":[{"apiVersion":"x/v1","kind":"W","a":1}]}`: {`{"apiVersion":"x/v1","kind":"W","a":1}`},
	} {
		items, _, err := splitPage(k, []byte(body))
		require.NoError(t, err)
		got := []string{}
		for _, item := range items {
			require.True(t, gjson.ValidBytes(item), string(item))
			got = append(got, string(item))
		}
		require.Equal(t, want, got, body)
	}
	for _, body := range []string{"", "[]", `"x"`, `{"items":{}}`, "null"} {
		_, _, err := splitPage(k, []byte(body))
		require.EqualError(t, err, "the server's answer is no list", body)
	}
}

func BenchmarkSplitPage(b *testing.B) {
	item := `{"metadata":{"name":"p","labels":{"app":"web"}},"spec":{"x":"` + strings.Repeat("y", 5000) + `"}}`
	body := []byte(`{"kind":"PodList","items":[` + strings.Repeat(item+",", 499) + item + `]}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := splitPage(mustBuiltin("pods"), body); err != nil {
			b.Fatal(err)
		}
	}
}
