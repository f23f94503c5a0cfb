package cluster

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"k8s.io/apimachinery/pkg/api/resource"
	kjson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"runbook/engine/workload"
	"runbook/engine/world/scenario"
	"runbook/engine/world/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var began = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)

// A fakeLife does nothing by itself, and counts how often it is told to look.
type fakeLife struct {
	reacted int
	react   func()
	lines   map[string][]Line // by pod/container, with "/previous" at the end for the one before
	used    map[string][2]string
}

func (f *fakeLife) React() {
	f.reacted++
	if f.react != nil {
		f.react()
	}
}

func (f *fakeLife) Logs(pod Object, container string, previous bool) ([]Line, error) {
	key := nameOf(pod) + "/" + container
	if previous {
		key += "/previous"
	}
	return f.lines[key], nil
}

func (f *fakeLife) Usage(pod Object) (cpu, memory resource.Quantity, measured bool) {
	used, ok := f.used[nameOf(pod)]
	if !ok {
		return cpu, memory, false
	}
	return resource.MustParse(used[0]), resource.MustParse(used[1]), true
}

// A site is a cluster behind a real server.
type site struct {
	t       *testing.T
	c       *Cluster
	store   *store.Store
	life    *fakeLife
	section *scenario.Kubernetes
	server  *httptest.Server
	config  *rest.Config
	lock    *sync.Mutex

	mu    sync.Mutex
	calls []string
}

func newSite(t *testing.T) *site {
	s := &site{t: t, store: store.New(began), life: &fakeLife{}, lock: &sync.Mutex{}, section: &scenario.Kubernetes{Namespace: "shop"}}
	s.c = New(Config{
		Store: s.store, Section: s.section, Life: s.life, Lock: s.lock, CatchUp: func() {},
		Record: func(call Call, code int) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.calls = append(s.calls, fmt.Sprint(call.Verb, " ", call.Canonical(), " ", code))
		},
	})
	s.server = httptest.NewServer(s.c)
	t.Cleanup(s.server.Close)
	s.config = &rest.Config{Host: s.server.URL, QPS: 1000, Burst: 1000}
	s.apply(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}`)
	return s
}

// quiet is a cluster without a server.
func quiet() *Cluster {
	return New(Config{Store: store.New(began), Life: &fakeLife{}, Lock: &sync.Mutex{}, CatchUp: func() {}})
}

func (s *site) typed() *kubernetes.Clientset {
	client, err := kubernetes.NewForConfig(s.config)
	require.NoError(s.t, err)
	return client
}

func (s *site) dynamic() dynamic.Interface {
	client, err := dynamic.NewForConfig(s.config)
	require.NoError(s.t, err)
	return client
}

func parse(t *testing.T, text string) Object {
	var o Object
	require.NoError(t, kjson.Unmarshal([]byte(text), &o), text)
	return o
}

// apply makes objects in the process, as a scenario does.
func (s *site) apply(manifests ...string) {
	s.t.Helper()
	s.lock.Lock()
	defer s.lock.Unlock()
	for _, m := range manifests {
		require.NoError(s.t, s.c.Apply(parse(s.t, m)))
	}
}

// A reply is what a raw request got.
type reply struct {
	code   int
	header http.Header
	body   string
	object Object
}

func (r reply) text(path string) string { return workload.Text(r.object, strings.Split(path, ".")...) }

// ask makes a raw request. header is "Name: value" lines.
func (s *site) ask(method, path, body string, header ...string) reply {
	s.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.server.URL+path, reader)
	require.NoError(s.t, err)
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		request.Header.Add(name, value)
	}
	response, err := s.server.Client().Do(request)
	require.NoError(s.t, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	r := reply{code: response.StatusCode, header: response.Header, body: string(raw)}
	if json.Valid(raw) {
		_ = kjson.Unmarshal(raw, &r.object) // an array is no object
	}
	return r
}

const (
	jsonType  = "Content-Type: application/json"
	mergeType = "Content-Type: application/merge-patch+json"
)

// deployment is a manifest.
func deployment(name string, replicas int) string {
	return fmt.Sprintf(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":%q,"namespace":"shop","labels":{"app":%q}},`+
		`"spec":{"replicas":%d,"selector":{"matchLabels":{"app":%q}},"template":{"metadata":{"labels":{"app":%q}},`+
		`"spec":{"containers":[{"name":"web","image":"registry.example/web:1"}]}}}}`, name, name, replicas, name, name)
}

func pod(name, extra string) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":%q,"namespace":"shop","labels":{"app":"web"}},`+
		`"spec":{%s"containers":[{"name":"web","image":"web:1"}]}}`, name, extra)
}

const (
	pods        = "/api/v1/namespaces/shop/pods"
	deployments = "/apis/apps/v1/namespaces/shop/deployments"
)
