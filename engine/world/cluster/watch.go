package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// A watcher follows the changes of a kind from one revision on.
type watcher struct {
	cluster  *Cluster
	q        *request
	opts     metav1.ListOptions
	chosen   selector
	revision int64   // of the last change that was looked at
	first    []event // to be sent before any change
}

// An event is one line of a watch.
type event struct {
	Type   string `json:"type"`
	Object any    `json:"object"`
}

// watch answers with the changes to come. Waiting for them takes no lock and moves no time.
func (c *Cluster) watch(q *request) (answer, error) {
	opts, err := q.listOptions()
	if err != nil {
		return answer{}, err
	}
	chosen, err := q.kind.selector(opts, q.call)
	if err != nil {
		return answer{}, err
	}
	from, err := parseRevision(opts.ResourceVersion)
	if err != nil {
		return answer{}, err
	}
	w := &watcher{cluster: c, q: q, opts: opts, chosen: chosen, revision: from}
	initial := from == 0
	if opts.SendInitialEvents != nil {
		initial = *opts.SendInitialEvents
	}
	if from == 0 || initial {
		w.revision = c.store.Revision()
	}
	if initial {
		w.begin()
	}
	return answer{stream: w.serve}, nil
}

// begin tells of everything that is there.
func (w *watcher) begin() {
	for _, o := range w.cluster.store.List(w.q.kind.canonical(), w.q.key().Namespace) {
		if w.chosen.matches(o) {
			w.first = append(w.first, event{string(store.Added), w.q.form.one(w.q.kind, o)})
		}
	}
	if w.opts.SendInitialEvents != nil && w.opts.AllowWatchBookmarks {
		w.first = append(w.first, event{"BOOKMARK", w.bookmark()})
	}
}

// bookmark tells a client how far it is, and that it has seen all that was there.
func (w *watcher) bookmark() Object {
	return Object{"apiVersion": w.q.kind.groupVersion().String(), "kind": w.q.kind.name, "metadata": Object{
		"resourceVersion": strconv.FormatInt(w.revision, 10), "annotations": Object{metav1.InitialEventsAnnotationKey: "true"},
	}}
}

// serve sends what happens until the client goes, its time is up, or what it has to know is forgotten.
func (w *watcher) serve(response http.ResponseWriter) int {
	ctx := w.q.http.Context()
	if seconds := w.opts.TimeoutSeconds; seconds != nil && *seconds > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(*seconds)*time.Second)
		defer cancel()
	}
	response.Header().Set("Content-Type", w.q.form.contentType()+w.q.form.streaming())
	response.Header().Set("Cache-Control", "no-cache, private")
	response.WriteHeader(http.StatusOK)
	lines, flush := json.NewEncoder(response), http.NewResponseController(response)
	events, known := w.first, true
	changed := make(chan struct{})
	close(changed) // look at once
	for {
		for _, e := range events {
			if lines.Encode(e) != nil {
				return http.StatusOK
			}
		}
		if flush.Flush() != nil || !known {
			return http.StatusOK
		}
		select {
		case <-ctx.Done():
			return http.StatusOK
		case <-changed:
		}
		events, changed, known = w.next()
	}
}

func (f form) streaming() string {
	if f.as == "" {
		return ";stream=watch"
	}
	return ";as=" + f.as + ";g=" + f.group + ";v=" + f.ver + ";stream=watch"
}

// next is what happened since the last look, and what tells of the next change.
func (w *watcher) next() (events []event, changed chan struct{}, known bool) {
	w.cluster.cfg.Lock.Lock()
	defer w.cluster.cfg.Lock.Unlock()
	history, known := w.cluster.store.Since(w.revision)
	if !known {
		e := apierrors.NewResourceExpired(fmt.Sprintf("too old resource version: %d (%d)", w.revision, w.cluster.store.Revision()))
		return []event{{"ERROR", statusOf(e)}}, nil, false
	}
	for _, e := range history {
		if sent, ok := w.seen(e); ok {
			events = append(events, sent)
		}
		w.revision = e.Revision
	}
	return events, w.cluster.changed, true
}

// seen is a change as who chooses objects sees it: one that does not fit any more is gone, one that begins to fit is new.
func (w *watcher) seen(e store.Event) (event, bool) {
	namespace := w.q.key().Namespace
	if e.Key.Resource != w.q.kind.canonical() || namespace != "" && e.Key.Namespace != namespace {
		return event{}, false
	}
	before, after := w.chosen.matches(e.Before), e.Type != store.Deleted && w.chosen.matches(e.Object)
	kind, o := store.Modified, e.Object
	switch {
	case !before && !after:
		return event{}, false
	case !before:
		kind = store.Added
	case !after:
		kind = store.Deleted
		o = workload.With(e.Before, workload.Text(e.Object, "metadata", "resourceVersion"), "metadata", "resourceVersion")
	}
	return event{string(kind), w.q.form.one(w.q.kind, o)}, true
}
