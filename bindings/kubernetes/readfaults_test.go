package kubernetes

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

const usagePath = "/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods"

// A metrics server that is missing is told from one that is down, and from a right that is missing.
func TestTopWithoutMeasurements(t *testing.T) {
	for _, c := range []struct {
		name      string
		answer    http.HandlerFunc
		code      action.Code
		retryable bool
		says      string
	}{
		{"missing", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "404 page not found", http.StatusNotFound) }, action.CodeUnavailable, false, "the cluster has no metrics server"},
		{"down", failure(503, "ServiceUnavailable", "the server is currently unable to handle the request"), action.CodeUnavailable, true, "the cluster's metrics server does not answer"},
		{"forbidden", failure(403, "Forbidden", "no"), action.CodeForbidden, false, "cannot read what pods in shop use: no"},
		{"throttled", failure(429, "TooManyRequests", "slow"), action.CodeThrottled, true, "slow"},
		{"cut", hangUp, action.CodeUnavailable, true, "the connection was lost"},
		{"garbage", answerJSON(200, "<html>"), action.CodeUnavailable, true, "the server's answer is no list"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, _ := stubbed(t, map[string]http.HandlerFunc{"GET " + podsPath: answerJSON(200, page(t, "")), "GET " + usagePath: c.answer})
			_, err := d.tryRead("top", "pods")
			e := asError(t, err)
			require.Equal(t, c.code, e.Code, "%v", err)
			require.Equal(t, c.retryable, e.Retryable)
			require.ErrorContains(t, err, c.says)
			if c.code == action.CodeUnavailable && strings.Contains(c.says, "metrics server") {
				require.Contains(t, e.Hint, "kubectl get apiservice v1beta1.metrics.k8s.io")
			}
		})
	}
}

func TestTopCountsByHand(t *testing.T) {
	pod := func(name string, spec object, phase string) object {
		return object{"metadata": object{"name": name, "namespace": "shop"}, "spec": spec, "status": object{"phase": phase}}
	}
	resources := func(kind, cpu, memory string) object { return object{kind: object{"cpu": cpu, "memory": memory}} }
	two := object{"containers": []any{
		object{"name": "a", "resources": resources("limits", "500m", "256Mi")},
		object{"name": "b", "resources": resources("limits", "1", "256Mi")},
	}, "initContainers": []any{
		object{"name": "s", "restartPolicy": "Always", "resources": resources("limits", "500m", "512Mi")},
		object{"name": "once", "resources": resources("limits", "64", "64Gi")},
	}}
	open := object{"containers": []any{object{"name": "a", "resources": resources("requests", "100m", "1Mi")}, object{"name": "b"}}}
	whole := object{"resources": resources("limits", "2", "1Gi"), "containers": []any{object{"name": "a"}}}
	measured := func(name string, containers ...any) object {
		return object{"metadata": object{"name": name, "namespace": "shop"}, "containers": containers}
	}
	used := func(name, cpu, memory string) object {
		return object{"name": name, "usage": object{"cpu": cpu, "memory": memory}}
	}
	d, s := stubbed(t, map[string]http.HandlerFunc{
		"GET " + podsPath: answerJSON(200, page(t, "",
			pod("done", open, "Succeeded"), pod("new", open, "Pending"), pod("open", open, "Running"), pod("two", two, "Running"), pod("whole", whole, "Running"))),
		"GET " + usagePath: answerJSON(200, page(t, "",
			measured("gone", used("a", "1", "1Gi")), measured("open", used("a", "50000001n", "512Ki"), used("b", "0", "1Mi")),
			measured("two", used("a", "250m", "128Mi"), used("b", "250m", "128Mi"), used("s", "500m", "512Mi")), measured("whole", used("a", "500m", "256Mi")))),
	})
	entries := map[string]map[string]any{}
	var order []string
	for _, item := range d.read("top", "pods", opts("sort_by", "cpu", "selector", "app=web")).([]any) {
		entry := item.(map[string]any)
		delete(entry, "labels")
		delete(entry, "namespace")
		entries[entry["name"].(string)] = entry
		order = append(order, entry["name"].(string))
	}
	require.Equal(t, []string{"two", "whole", "open", "new"}, order)
	require.Equal(t, map[string]any{
		"name": "two", "measured": true, "cpu": 1.0, "cpu_text": "1000m", "cpu_limit": 2.0, "cpu_percent": 50.0,
		"memory": float64(768 << 20), "memory_text": "768Mi", "memory_limit": float64(1 << 30), "memory_percent": 75.0,
	}, entries["two"])
	require.Equal(t, map[string]any{
		"name": "open", "measured": true, "cpu": 0.050000001, "cpu_text": "51m", "cpu_request": 0.1, "cpu_request_percent": 50.000001,
		"memory": float64(1536 << 10), "memory_text": "1Mi", "memory_request": float64(1 << 20), "memory_request_percent": 150.0,
	}, entries["open"], "without a limit on each container there is none")
	require.Equal(t, map[string]any{"name": "new", "measured": false, "cpu_request": 0.1, "memory_request": float64(1 << 20)}, entries["new"])
	require.InDelta(t, 25.0, entries["whole"]["memory_percent"], 1e-9)
	for _, r := range s.requests("GET") {
		require.Contains(t, r.query, "labelSelector=app%3Dweb", r.path)
	}
	var parts []string
	for _, item := range d.read("top", "pods", opts("containers", true)).([]any) {
		entry := item.(map[string]any)
		parts = append(parts, fmt.Sprint(entry["name"], "/", entry["container"], " ", entry["cpu_percent"]))
	}
	require.Equal(t, []string{
		"new/a <nil>", "new/b <nil>", "open/a <nil>", "open/b <nil>", "two/s 100", "two/a 50", "two/b 25", "whole/a <nil>",
	}, parts)
	for _, bad := range [][]any{
		{"nodes", opts("namespace", "x")}, {"nodes", opts("containers", true)}, {"pods", opts("all_namespaces", true, "namespace", "x")}, {"pods", opts("selector", "!!")},
	} {
		f, args := d.bind("top", bad)
		_, err := f.Read(args)
		require.Equal(t, action.CodeInvalid, action.CodeOf(err))
	}
}

func TestEventsPutTogether(t *testing.T) {
	event := func(name, message string, more object) object {
		e := object{
			"metadata": object{"name": name, "namespace": "shop"}, "reason": "BackOff", "message": message, "type": "Warning",
			"involvedObject": object{"kind": "Pod", "name": "web-0", "namespace": "shop"},
		}
		for key, value := range more {
			e[key] = value
		}
		return e
	}
	d, s := stubbed(t, map[string]http.HandlerFunc{"GET /api/v1/namespaces/shop/events": answerJSON(200, page(t, "",
		event("a", "again", object{"count": 3, "firstTimestamp": ago(time.Hour), "lastTimestamp": ago(30 * time.Minute)}),
		event("b", "other", object{"eventTime": "2026-11-24T02:50:00.000001Z"}),
		event("c", "again", object{"eventTime": "2026-11-24T02:00:00.000001Z", "series": object{"count": 5, "lastObservedTime": "2026-11-24T02:59:00.000001Z"}}),
		event("d", "old", object{"count": 1, "firstTimestamp": ago(5 * time.Hour), "lastTimestamp": ago(5 * time.Hour)}),
	))})
	var got []string
	for _, e := range d.decoded("events", "pod/web-0", opts("since", "2h")) {
		got = append(got, fmt.Sprint(e["message"], " ", e["count"], " ", e["firstTimestamp"], " ", e["lastTimestamp"]))
	}
	require.Equal(t, []string{
		"other 1 2026-11-24T02:50:00Z 2026-11-24T02:50:00Z",
		"again 8 2026-11-24T02:00:00Z 2026-11-24T02:59:00Z",
	}, got)
	require.Contains(t, s.asked[0].query, "fieldSelector=involvedObject.kind%3DPod%2CinvolvedObject.name%3Dweb-0")

	s.answers["GET /api/v1/namespaces/default/events"] = answerJSON(200, page(t, ""))
	require.Empty(t, d.decoded("events", "node/n1"))
	require.Equal(t, "/api/v1/namespaces/default/events", s.asked[len(s.asked)-1].path, "what is in no namespace has its events there")
	for _, code := range []int{403, 429, 500} {
		s.answers["GET /api/v1/namespaces/shop/events"] = failure(code, "", "no")
		_, err := d.tryRead("events", "pod/web-0")
		require.Equal(t, code != 403, asError(t, err).Retryable)
	}
	for _, bad := range [][]any{{opts("tipe", "Warning")}, {opts("related", true)}, {"pod/x", opts("all_namespaces", true)}, {opts("all_namespaces", true, "namespace", "x")}} {
		f, args := d.bind("events", bad)
		_, err := f.Read(args)
		require.Equal(t, action.CodeInvalid, action.CodeOf(err), bad)
	}
}

// decoded is a read of objects, decoded.
func (d driver) decoded(function string, values ...any) (out []object) {
	d.t.Helper()
	for _, raw := range d.read(function, values...).([]json.RawMessage) {
		o, err := decode(raw)
		require.NoError(d.t, err)
		out = append(out, o)
	}
	return out
}

// What the library cannot read, it cannot describe; what is missing beside it, it leaves out.
func TestDescribeFaults(t *testing.T) {
	pod := `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"shop","uid":"u"},"spec":{"containers":[{"name":"c","image":"i"}]}}`
	events := "GET /api/v1/namespaces/shop/events"
	d, s := stubbed(t, map[string]http.HandlerFunc{"GET " + podsPath + "/a": answerJSON(200, pod), events: failure(403, "Forbidden", "no")})
	text := d.read("describe", "pod/a").(string)
	require.Contains(t, text, "QoS Class:        BestEffort")
	require.Contains(t, text, "Not all of it could be read:\n  cannot list events in shop: no\n")
	require.NotContains(t, d.read("describe", "pod/a", opts("events", false)), "Not all")
	for code, want := range map[int]action.Code{403: action.CodeForbidden, 429: action.CodeThrottled, 500: action.CodeUnavailable} {
		s.answers["GET "+podsPath+"/a"] = failure(code, "", "no")
		_, err := d.tryRead("describe", "pod/a")
		require.Equal(t, want, action.CodeOf(err))
		require.ErrorContains(t, err, "cannot describe pods/a in shop: no")
	}
	// It fails after the first look, too, as this package says it.
	looks := 0
	s.answers["GET "+podsPath+"/a"] = func(w http.ResponseWriter, r *http.Request) {
		if looks++; looks > 1 {
			hangUp(w, r)
			return
		}
		answerJSON(200, pod)(w, r)
	}
	_, err := d.tryRead("describe", "pod/a")
	require.Equal(t, action.CodeUnavailable, action.CodeOf(err))
	require.ErrorContains(t, err, "cannot describe pods/a in shop: the connection was lost")
}

// The library sends nothing by itself.
func TestTheIntendedClusterOnlyReads(t *testing.T) {
	b := newBinding(configFor(t, "http://127.0.0.1:1"))
	c := &intendedCluster{b: b, ctx: t.Context(), view: &fakeView{}}
	for _, r := range []struct{ method, path string }{
		{"POST", "/api/v1/namespaces/shop/pods"}, {"DELETE", "/api/v1/namespaces/shop/pods/a"}, {"GET", "/healthz"}, {"GET", "/api/v1/namespaces/shop/pods/a/exec"},
	} {
		request, err := http.NewRequestWithContext(t.Context(), r.method, intendedHost+r.path, http.NoBody)
		require.NoError(t, err)
		_, err = c.RoundTrip(request) //nolint:bodyclose // there is none
		require.Equal(t, action.CodeInternal, action.CodeOf(err), r.path)
	}
}

// A token is not shown, whatever kubectl does.
func TestDescribeShowsNoToken(t *testing.T) {
	d, _ := stubbed(t, map[string]http.HandlerFunc{
		"GET /api/v1/namespaces/shop/secrets/t": answerJSON(200, `{"apiVersion":"v1","kind":"Secret","type":"kubernetes.io/service-account-token",`+
			`"metadata":{"name":"t","namespace":"shop"},"data":{"token":"ZXlKaGJHY2lPaUpTVXpJMU5p","ca.crt":"AAEC"}}`),
		"GET /api/v1/namespaces/shop/events": answerJSON(200, page(t, "")),
	})
	text := d.read("describe", "secret/t").(string)
	require.Regexp(t, `(?m)^token:\s+\[secret\]$`, text)
	require.Regexp(t, `(?m)^ca.crt:\s+3 bytes$`, text)
	require.NotContains(t, text, "eyJ")
}
