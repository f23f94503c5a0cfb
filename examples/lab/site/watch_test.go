package site

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
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
		ofPods := strings.HasSuffix(r.URL.Path, "/namespaces/"+Namespace+"/pods")
		switch {
		case !ofPods:
			w.WriteHeader(http.StatusNotFound)
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
	if !cache.WaitForCacheSync(t.Context().Done(), watch.pods.HasSynced) {
		t.Fatal("it never learnt of the pods")
	}
	if n, known := watch.Ready(); n != 2 || !known {
		t.Errorf("got %d, %v; want 2 ready pods", n, known)
	}
}

func TestCacheSizeIsThatOfThePodsThatReadIt(t *testing.T) {
	var (
		begin   = time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)
		changed = begin.Add(time.Hour)
		before  = changed.Add(-time.Minute)
		after   = changed.Add(time.Minute)
	)
	for _, test := range []struct {
		name    string
		managed []metav1.ManagedFieldsEntry
		pods    []time.Time // when they began
		size    string
		want    int
		known   bool
	}{
		{"as it was made", []metav1.ManagedFieldsEntry{manages("cache_size_gb", begin)}, []time.Time{before, before}, "10", 10, true},
		{"nobody read it", []metav1.ManagedFieldsEntry{manages("cache_size_gb", changed)}, []time.Time{before, before}, "20", 0, false},
		{"one did not", []metav1.ManagedFieldsEntry{manages("cache_size_gb", changed)}, []time.Time{after, before}, "20", 0, false},
		{"all did", []metav1.ManagedFieldsEntry{manages("cache_size_gb", changed)}, []time.Time{after, changed}, "20", 20, true},
		{"another setting changed", []metav1.ManagedFieldsEntry{manages("cache_size_gb", begin), manages("log_level", changed)}, []time.Time{before}, "20", 20, true},
		{"no number", []metav1.ManagedFieldsEntry{manages("cache_size_gb", begin)}, []time.Time{after}, "plenty", 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			watch, err := NewWatch(&rest.Config{})
			if err != nil {
				t.Fatal(err)
			}
			config := &corev1.ConfigMap{
				ObjectMeta: metav1.ObjectMeta{Name: settings, CreationTimestamp: metav1.NewTime(begin), ManagedFields: test.managed},
				Data:       map[string]string{"cache_size_gb": test.size},
			}
			if err := watch.settings.GetStore().Add(config); err != nil {
				t.Fatal(err)
			}
			for i, at := range test.pods {
				pod := watchedPod(string(rune('a'+i)), corev1.ConditionTrue, nil)
				pod.CreationTimestamp = metav1.NewTime(at)
				if err := watch.pods.GetStore().Add(&pod); err != nil {
					t.Fatal(err)
				}
			}
			if got, known := watch.CacheSize(); got != test.want || known != test.known {
				t.Errorf("got %d, %v; want %d, %v", got, known, test.want, test.known)
			}
		})
	}
}

// manages is what the API server keeps of somebody who set that at that time.
func manages(key string, at time.Time) metav1.ManagedFieldsEntry {
	when := metav1.NewTime(at)
	return metav1.ManagedFieldsEntry{Time: &when, FieldsV1: metav1.NewFieldsV1(`{"f:data":{"f:` + key + `":{}}}`)}
}

func watchedPod(name string, ready corev1.ConditionStatus, deleted *metav1.Time) corev1.Pod {
	return corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: Namespace, UID: "uid", DeletionTimestamp: deleted},
		Status:     corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}},
	}
}
