package site

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

func TestWatchCountsReadyPods(t *testing.T) {
	pods := corev1.PodList{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"},
		ListMeta: metav1.ListMeta{ResourceVersion: "7"},
		Items: []corev1.Pod{
			watchedPod("a", corev1.ConditionTrue, nil),
			watchedPod("b", corev1.ConditionTrue, nil),
			watchedPod("crashed", corev1.ConditionFalse, nil),
			watchedPod("going", corev1.ConditionTrue, &metav1.Time{Time: time.Unix(1, 0)}),
		},
	}
	var refusals atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		switch {
		case refusals.Add(1) == 1: // it must ask again
			w.WriteHeader(http.StatusServiceUnavailable)
		case query.Get("labelSelector") != "app="+Deployment:
			t.Errorf("asks for %s", r.URL)
		case query.Get("watch") != "" && query.Get("sendInitialEvents") != "":
			w.WriteHeader(http.StatusUnprocessableEntity) // as a server that only lists
		case query.Get("watch") != "":
			<-r.Context().Done()
		default:
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(pods)
		}
	}))
	defer server.Close()
	watch, err := NewWatch(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	if n, known := watch.Ready(); known {
		t.Errorf("knows %d pods before it asked", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		watch.Run(ctx)
	}()
	defer func() {
		cancel()
		<-ended
	}()
	if !cache.WaitForCacheSync(t.Context().Done(), watch.informer.HasSynced) {
		t.Fatal("it never learnt of the pods")
	}
	if n, known := watch.Ready(); n != 2 || !known {
		t.Errorf("got %d, %v; want 2 ready pods", n, known)
	}
}

func watchedPod(name string, ready corev1.ConditionStatus, deleted *metav1.Time) corev1.Pod {
	return corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: Namespace, UID: "uid", DeletionTimestamp: deleted},
		Status:     corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}},
	}
}
