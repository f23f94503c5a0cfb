package cluster

import (
	"bufio"
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/watch"
)

// follow is a watch as it comes: a channel of its lines, which is closed when it ends.
func (s *site) follow(ctx context.Context, path string) <-chan Object {
	s.t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.server.URL+path, nil)
	require.NoError(s.t, err)
	response, err := s.server.Client().Do(request)
	require.NoError(s.t, err)
	require.Equal(s.t, 200, response.StatusCode)
	events := make(chan Object)
	go func() {
		defer close(events)
		defer response.Body.Close()
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			var o Object
			if kjson.Unmarshal(lines.Bytes(), &o) == nil {
				events <- o
			}
		}
	}()
	return events
}

func (s *site) expect(events <-chan Object, kind, name string) Object {
	s.t.Helper()
	select {
	case e := <-events:
		require.Equal(s.t, kind, e["type"], "%v", e)
		o, _ := e["object"].(Object)
		if name != "" {
			require.Equal(s.t, name, nameOf(o))
		}
		return o
	case <-time.After(10 * time.Second):
		require.Fail(s.t, "no event", "%s %s", kind, name)
		return nil
	}
}

func TestWatch(t *testing.T) {
	s := newSite(t)
	s.apply(pod("a", ""))
	ctx, cancel := context.WithCancel(t.Context())
	events := s.follow(ctx, pods+"?watch=1&labelSelector=app%3Dweb")
	s.expect(events, "ADDED", "a")
	s.apply(pod("b", ""), deployment("web", 1))
	s.expect(events, "ADDED", "b")
	require.Equal(t, 200, s.ask("PATCH", pods+"/b", `{"metadata":{"labels":{"app":"other"}}}`, mergeType).code)
	gone := s.expect(events, "DELETED", "b")
	require.Equal(t, "web", labelsOf(gone, "metadata", "labels")["app"], "as it was when it still fitted")
	require.Equal(t, 200, s.ask("PATCH", pods+"/b", `{"metadata":{"labels":{"app":"web"}}}`, mergeType).code)
	s.expect(events, "ADDED", "b")
	require.Equal(t, 200, s.ask("PATCH", pods+"/b", `{"metadata":{"annotations":{"x":"y"}}}`, mergeType).code)
	s.expect(events, "MODIFIED", "b")
	require.Equal(t, 200, s.ask("DELETE", pods+"/b", "").code)
	s.expect(events, "MODIFIED", "b")
	last := s.expect(events, "DELETED", "b")
	require.NotEmpty(t, metaText(last, "resourceVersion"))
	cancel()
	for range events { // it ends
	}
}

func TestWatchFromARevision(t *testing.T) {
	s := newSite(t)
	s.apply(pod("a", ""))
	from := s.ask("GET", pods, "").text("metadata.resourceVersion")
	s.apply(pod("b", ""))
	events := s.follow(t.Context(), pods+"?watch=1&timeoutSeconds=1&resourceVersion="+from)
	s.expect(events, "ADDED", "b")
	for range events { // until its time is up
	}
	s.lock.Lock()
	s.store.Forget()
	s.lock.Unlock()
	events = s.follow(t.Context(), pods+"?watch=1&resourceVersion="+from)
	status := s.expect(events, "ERROR", "")
	require.Equal(t, "Expired", status["reason"])
	require.Contains(t, status["message"], "too old resource version: "+from)
	for range events { // and no more
	}
}

func TestWatchWithTheTypedClient(t *testing.T) {
	s := newSite(t)
	s.apply(pod("a", ""))
	yes := true
	w, err := s.typed().CoreV1().Pods("shop").Watch(t.Context(), metav1.ListOptions{
		SendInitialEvents: &yes, AllowWatchBookmarks: true, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
	})
	require.NoError(t, err)
	defer w.Stop()
	require.Equal(t, watch.Added, (<-w.ResultChan()).Type)
	bookmark := <-w.ResultChan()
	require.Equal(t, watch.Bookmark, bookmark.Type)
	s.apply(pod("b", ""))
	require.Equal(t, watch.Added, (<-w.ResultChan()).Type)
}
