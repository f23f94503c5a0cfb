package kubernetes

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
	"k8s.io/client-go/rest"

	"runbook/engine/workload"
)

// longestSilence is how long a watch may be silent, in real time: what a server has to say it says at once.
const longestSilence = 30 * time.Second

// A watching is one watch that is on.
type watching struct {
	t      *testing.T
	stop   context.CancelFunc
	mu     sync.Mutex
	told   *sync.Cond
	events []told
	ended  bool
	closed sync.WaitGroup
}

// A told is what a watch says.
type told struct {
	Type   string
	Object object
}

// watch begins one. It ends with the test.
func (s *site) watch(user, path string) *watching {
	s.Helper()
	ctx, stop := context.WithCancel(s.Context())
	w := &watching{t: s.T, stop: stop}
	w.told = sync.NewCond(&w.mu)
	config := s.config(user)
	client, err := rest.HTTPClientFor(config)
	require.NoError(s, err)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(config.Host, "/")+path, nil)
	require.NoError(s, err)
	response, err := client.Do(request) //nolint:bodyclose // the reader below does
	require.NoError(s, err)
	require.Equal(s, http.StatusOK, response.StatusCode, path)
	w.closed.Go(func() {
		defer response.Body.Close()
		w.read(json.NewDecoder(response.Body))
	})
	s.Cleanup(w.close)
	return w
}

func (w *watching) close() {
	w.stop()
	w.closed.Wait()
}

func (w *watching) read(from *json.Decoder) {
	for {
		var event told
		err := from.Decode(&event)
		w.mu.Lock()
		if err != nil {
			w.ended = true
		} else {
			w.events = append(w.events, event)
		}
		w.told.Broadcast()
		w.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// seen waits until what was told so far is enough, or the watch ended.
func (w *watching) seen(enough func([]told) bool) []told {
	w.t.Helper()
	late := time.AfterFunc(longestSilence, func() { w.mu.Lock(); defer w.mu.Unlock(); w.ended = true; w.told.Broadcast() })
	defer late.Stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	for !enough(w.events) && !w.ended {
		w.told.Wait()
	}
	return w.events
}

// upTo is what the watch told when it told of the object that has the name end, which cases make for that. That object is left out.
func (w *watching) upTo(end string) (out []told) {
	w.t.Helper()
	ends := func(events []told) bool {
		return len(events) > 0 && workload.Text(events[len(events)-1].Object, "metadata", "name") == end
	}
	events := w.seen(ends)
	require.True(w.t, ends(events), "the watch did not tell of %s: %v", end, events)
	return events[:len(events)-1]
}

// briefly is what a watch told, a line for each.
func briefly(events []told) (out []string) {
	for _, e := range events {
		out = append(out, strings.TrimSpace(e.Type+" "+workload.Text(e.Object, "metadata", "name")+" "+workload.Text(e.Object, "data", "n")))
	}
	return out
}

func (s *site) configMap(name, n string, labels object) {
	s.Helper()
	body := toRaw(s.T, object{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": object{"name": name, "labels": labels}, "data": object{"n": n},
	})
	path := s.in("configmaps")
	got := s.ask(s.Context(), "admin", call{method: "PUT", path: path + "/" + name, body: body})
	if got.code == http.StatusNotFound {
		got = s.ask(s.Context(), "admin", call{method: "POST", path: path, body: body})
	}
	require.Contains(s, []int{http.StatusOK, http.StatusCreated}, got.code, string(got.body))
}

// in is the path of a resource in the case's namespace.
func (s *site) in(resource string) string {
	group := "/api/v1"
	if strings.HasPrefix(resource, "deployments") || strings.HasPrefix(resource, "replicasets") {
		group = "/apis/apps/v1"
	}
	return group + "/namespaces/" + s.namespace + "/" + resource
}

func (s *site) must(method, path string) gjson.Result {
	s.Helper()
	got := s.ask(s.Context(), "admin", call{method: method, path: path})
	require.Equal(s, http.StatusOK, got.code, string(got.body))
	return gjson.ParseBytes(got.body)
}

func watchChanges(s *site) {
	s.configMap("old", "0", object{"watched": "yes"})
	from := s.must("GET", s.in("configmaps")).Get("metadata.resourceVersion").String()
	all := s.watch("admin", s.in("configmaps")+"?watch=1&labelSelector=watched&resourceVersion="+from)
	s.configMap("a", "1", object{"watched": "yes"})
	s.configMap("a", "2", object{"watched": "yes"})
	s.configMap("a", "2", object{"watched": "yes"}) // what is the same is not told
	s.configMap("b", "1", object{"watched": "no"})
	s.must("DELETE", s.in("configmaps/a"))
	s.configMap("end", "", object{"watched": "yes"})
	events := all.upTo("end")
	require.Equal(s, []string{"ADDED a 1", "MODIFIED a 2", "ADDED b 1", "DELETED a 2"}, briefly(events))
	require.Equal(s, "ConfigMap", workload.Text(events[0].Object, "kind"))
	require.NotEqual(s, workload.Text(events[1].Object, "metadata", "resourceVersion"), workload.Text(events[3].Object, "metadata", "resourceVersion"),
		"who is gone has the revision of its end")

	// From the middle on, by what a watch told before.
	again := s.watch("admin", s.in("configmaps")+"?watch=1&labelSelector=watched&resourceVersion="+workload.Text(events[1].Object, "metadata", "resourceVersion"))
	require.Equal(s, []string{"ADDED b 1", "DELETED a 2"}, briefly(again.upTo("end")))
}

// A pod that runs nowhere is told to be about to go, and is gone.
func watchDeletion(s *site) {
	pod := object{
		"apiVersion": "v1", "kind": "Pod", "metadata": object{"name": "p"},
		"spec": object{"schedulerName": "nobody", "containers": []object{{"name": "c", "image": "registry.example/web:1"}}},
	}
	got := s.ask(s.Context(), "admin", call{method: "POST", path: s.in("pods"), body: toRaw(s.T, pod)})
	require.Equal(s, http.StatusCreated, got.code, string(got.body))
	w := s.watch("admin", s.in("pods")+"?watch=1&resourceVersion="+gjson.GetBytes(got.body, "metadata.resourceVersion").String())
	s.must("DELETE", s.in("pods/p"))
	events := w.seen(func(e []told) bool { return len(e) > 0 && e[len(e)-1].Type == "DELETED" })
	require.Equal(s, []string{"MODIFIED p", "DELETED p"}, briefly(events))
	for _, e := range events {
		require.NotEmpty(s, workload.Text(e.Object, "metadata", "deletionTimestamp"))
		require.Equal(s, int64(0), countAt(e.Object, "metadata", "deletionGracePeriodSeconds"))
	}
}

// An object that begins to fit is new to a watch, and one that fits no more is gone.
func watchSelectors(s *site) {
	s.configMap("a", "0", object{"tier": "back"})
	from := s.must("GET", s.in("configmaps")).Get("metadata.resourceVersion").String()
	front := s.watch("admin", s.in("configmaps")+"?watch=1&labelSelector=tier%3Dfront&resourceVersion="+from)
	named := s.watch("admin", s.in("configmaps")+"?watch=1&fieldSelector=metadata.name%3Dend&resourceVersion="+from)
	s.configMap("a", "1", object{"tier": "front"})
	s.configMap("a", "2", object{"tier": "front"})
	s.configMap("a", "3", object{"tier": "back"})
	s.configMap("a", "4", object{"tier": "back"})
	s.must("DELETE", s.in("configmaps/a"))
	s.configMap("end", "", object{"tier": "front"})
	events := front.upTo("end")
	require.Equal(s, []string{"ADDED a 1", "MODIFIED a 2", "DELETED a 2"}, briefly(events), "who leaves is told as it was while it fitted")
	require.Empty(s, named.upTo("end"))
}

// Without a revision, or with any, a watch begins with what is there.
func watchBeginnings(s *site) {
	s.configMap("a", "1", object{"watched": "yes"})
	s.configMap("b", "1", object{"watched": "yes"})
	for _, from := range []string{"", "&resourceVersion=0"} {
		w := s.watch("admin", s.in("configmaps")+"?watch=1&labelSelector=watched"+from)
		events := w.seen(func(e []told) bool { return len(e) >= 2 })
		require.ElementsMatch(s, []string{"ADDED a 1", "ADDED b 1"}, briefly(events))
	}
	list := s.watch("admin", s.in("configmaps")+"?watch=1&labelSelector=watched&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan")
	events := list.seen(func(e []told) bool { return len(e) >= 3 })
	require.Len(s, events, 3)
	require.ElementsMatch(s, []string{"ADDED a 1", "ADDED b 1"}, briefly(events[:2]))
	require.Equal(s, "BOOKMARK", events[2].Type)
	require.Equal(s, "true", workload.Text(events[2].Object, "metadata", "annotations", "k8s.io/initial-events-end"))
	require.NotEmpty(s, workload.Text(events[2].Object, "metadata", "resourceVersion"))
}

func watchTimeout(s *site) {
	w := s.watch("admin", s.in("configmaps")+"?watch=1&timeoutSeconds=2&labelSelector=watched")
	s.pass(3 * time.Second)
	s.must("GET", s.in("configmaps"))
	require.Empty(s, w.seen(func([]told) bool { return false }))
}

// What is too long ago is not made up.
func watchExpired(s *site) {
	s.configMap("a", "1", object{})
	s.forget()
	w := s.watch("admin", s.in("configmaps")+"?watch=1&resourceVersion=1")
	events := w.seen(func(e []told) bool { return len(e) > 0 })
	require.Len(s, events, 1)
	require.Equal(s, "ERROR", events[0].Type)
	status := events[0].Object
	require.Equal(s, "Expired", workload.Text(status, "reason"))
	require.Equal(s, int64(http.StatusGone), int64(status["code"].(float64)))
	require.Regexp(s, `^too old resource version: 1 \(\d+\)$`, workload.Text(status, "message"))

	list := s.ask(s.Context(), "admin", call{method: "GET", path: s.in("configmaps") + "?resourceVersion=1&resourceVersionMatch=Exact"})
	require.Equal(s, http.StatusGone, list.code, string(list.body))
	require.Equal(s, "Expired", gjson.GetBytes(list.body, "reason").String())
	// A token of a page is the revision and where to go on.
	token := "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhXHUwMDAwIn0" // {"v":"meta.k8s.io/v1","rv":1,"start":"a\u0000"}
	page := s.ask(s.Context(), "admin", call{method: "GET", path: s.in("configmaps") + "?limit=1&continue=" + token})
	require.Equal(s, http.StatusGone, page.code, string(page.body))
	require.Equal(s, "Expired", gjson.GetBytes(page.body, "reason").String())
	require.Contains(s, gjson.GetBytes(page.body, "message").String(), "The provided continue parameter is too old to display a consistent list result")
	require.NotEmpty(s, gjson.GetBytes(page.body, "metadata.continue").String(), "one may go on inconsistently")
}
