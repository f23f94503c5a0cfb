package kubernetes

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"

	"runbook/engine/action"
	"runbook/engine/workload"
)

// intendedHost is no host: nothing is sent there.
const intendedHost = "http://intended.invalid"

// An intendedCluster is the cluster as the run intends it to be, as a transport: for a library that makes its requests by itself. It
// answers what asks for an object or a list, through the same reads as the rest of this package, so that Secrets are concealed, and what
// is really sent goes past the wall of a dry run. It refuses everything else. The library's own contexts are not those of the run: the
// call's is used.
type intendedCluster struct {
	b    *binding
	ctx  context.Context //nolint:containedctx // it lives for one call; a library that drops contexts is why it exists
	view action.View

	mu     sync.Mutex
	errors []error
}

// failed are the errors that requests met, as this package words them: the library makes less of them, or nothing.
func (c *intendedCluster) failed() []error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.errors)
}

func (c *intendedCluster) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close() // it is not read
	}
	body, err := c.answer(r)
	if err != nil {
		return c.refusal(r, err)
	}
	return answered(r, http.StatusOK, body), nil
}

// refusal is an error as the API server would say it, if it did, so that the library knows what is missing from what is forbidden.
func (c *intendedCluster) refusal(r *http.Request, err error) (*http.Response, error) {
	a := answerOf(err)
	if action.CodeOf(err) == action.CodeNotFound {
		// It is intended to be gone, or the cluster has no such kind.
		a = &answer{code: http.StatusNotFound}
		a.status.Message = err.Error()
	} else {
		c.mu.Lock()
		c.errors = append(c.errors, err)
		c.mu.Unlock()
	}
	if a.code == 0 {
		return nil, err
	}
	status := a.status
	status.Kind, status.APIVersion, status.Status, status.Code = "Status", "v1", "Failure", int32(a.code)
	body, encoding := json.Marshal(status)
	return answered(r, a.code, body), encoding
}

func answered(r *http.Request, code int, body []byte) *http.Response {
	return &http.Response{
		Request: r, StatusCode: code, Status: fmt.Sprintf("%d %s", code, http.StatusText(code)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
}

func (c *intendedCluster) answer(r *http.Request) ([]byte, error) {
	if r.Method != http.MethodGet {
		return nil, action.Errorf(action.CodeInternal, "%s %s: only reads are answered here", r.Method, r.URL.Path)
	}
	of, err := c.b.addressed(r.URL.Path)
	if err != nil {
		return nil, err
	}
	if of.name == "" {
		return c.list(of, r.URL.Query())
	}
	return c.get(of)
}

// addressed is what a path of the API names.
func (b *binding) addressed(path string) (address, error) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	var k kind
	switch {
	case parts[0] == "api" && len(parts) > 2:
		k.version, parts = parts[1], parts[2:]
	case parts[0] == "apis" && len(parts) > 3:
		k.group, k.version, parts = parts[1], parts[2], parts[3:]
	default:
		return address{}, action.Errorf(action.CodeInternal, "%s is no object and no list", path)
	}
	var a address
	if parts[0] == "namespaces" && len(parts) > 2 {
		a.namespace, parts = parts[1], parts[2:]
	}
	if len(parts) > 2 {
		return address{}, action.Errorf(action.CodeInternal, "%s is no object and no list", path)
	}
	k.resource = parts[0]
	if len(parts) == 2 {
		a.name = parts[1]
	}
	// The version is the one that was asked for: the library may try an older one.
	known := b.allKinds()
	if i := slices.IndexFunc(known, func(one kind) bool { return one.group == k.group && one.resource == k.resource }); i >= 0 {
		k.name, k.namespaced, k.short = known[i].name, known[i].namespaced, known[i].short
	} else {
		k.namespaced = a.namespace != ""
	}
	a.kind = k
	return a, nil
}

func (c *intendedCluster) get(of address) ([]byte, error) {
	if of.kind.isSecret() {
		return c.secret(of)
	}
	s, err := c.b.look(c.ctx, c.view, of, "describe")
	if err != nil {
		return nil, err
	}
	if s.object == nil {
		return nil, action.Errorf(action.CodeNotFound, "%s does not exist", of.target()).On(of.target())
	}
	if !s.intended {
		return c.aged(of.kind, s.raw)
	}
	raw, err := encode(s.object)
	if err != nil {
		return nil, err
	}
	return c.aged(of.kind, raw)
}

// secret is a Secret with values of the right sizes, and nothing in them.
func (c *intendedCluster) secret(of address) ([]byte, error) {
	s, err := c.b.look(c.ctx, c.view, of, "describe")
	if err != nil {
		return nil, err
	}
	if s.object == nil {
		return nil, action.Errorf(action.CodeNotFound, "%s does not exist", of.target()).On(of.target())
	}
	var sizes map[string]int
	if !s.intended {
		if sizes, err = c.b.secretSizes(c.ctx, of); err != nil {
			return nil, err
		}
	}
	return encode(hollow(s.object, sizes))
}

// secretSizes are the sizes of a Secret's values, which are forgotten here.
func (b *binding) secretSizes(ctx context.Context, of address) (map[string]int, error) {
	_, o, err := b.sendFor(ctx, of.request(http.MethodGet, "get", "describe"))
	if err != nil {
		return nil, err
	}
	b.learn(o)
	sizes := map[string]int{}
	for key, value := range workload.Map(o, "data") {
		text, _ := value.(string)
		if plain, err := base64.StdEncoding.DecodeString(text); err == nil {
			sizes[key] = len(plain)
		}
	}
	return sizes, nil
}

// serviceAccountToken is the value that kubectl describe shows as it is.
const serviceAccountToken = "token"

// hollow is a concealed Secret with values that can be decoded: zeros, as many as the size says.
func hollow(o object, sizes map[string]int) object {
	values := object{}
	for key := range workload.Map(o, "data") {
		plain := make([]byte, sizes[key])
		if key == serviceAccountToken && o["type"] == "kubernetes.io/service-account-token" {
			plain = []byte(concealed)
		}
		values[key] = base64.StdEncoding.EncodeToString(plain)
	}
	for key := range workload.Map(o, "stringData") {
		values[key] = ""
	}
	return workload.With(workload.With(o, values, "data"), nil, "stringData")
}

// unsized are the keys of a Secret whose values nobody knows the sizes of.
func unsized(s sight) []string {
	if !s.intended {
		return nil
	}
	var keys []string
	for _, field := range []string{"data", "stringData"} {
		for key := range workload.Map(s.object, field) {
			keys = append(keys, key)
		}
	}
	return keys
}

func (c *intendedCluster) list(of address, query url.Values) ([]byte, error) {
	l := listing{kind: of.kind, namespace: of.namespace}
	var unreadable [2]error
	l.labels, unreadable[0] = labels.Parse(query.Get("labelSelector"))
	l.fields, unreadable[1] = fields.ParseSelector(query.Get("fieldSelector"))
	if err := errors.Join(unreadable[:]...); err != nil {
		return nil, action.Errorf(action.CodeInternal, "list %s: %w", of.target(), err)
	}
	items, err := c.b.listRaw(c.ctx, c.view, l)
	if err != nil {
		return nil, err
	}
	for i, item := range items {
		if items[i], err = c.shown(of.kind, item); err != nil {
			return nil, err
		}
	}
	return json.Marshal(map[string]any{
		"apiVersion": of.kind.apiVersion(), "kind": of.kind.name + "List", "metadata": object{}, "items": items,
	})
}

// shown is an item as the library can take it: a Secret without its values, and ages that come out right.
func (c *intendedCluster) shown(k kind, item json.RawMessage) (json.RawMessage, error) {
	if !k.isSecret() {
		return c.aged(k, item)
	}
	o, err := decode(item)
	if err != nil {
		return nil, err
	}
	return encode(hollow(o, nil))
}

// agesOnly are the times of which the library prints how long ago they were, and nothing else. It knows no time but the machine's.
var agesOnly = map[string][][]string{
	"events":                 {{"firstTimestamp"}, {"lastTimestamp"}, {"eventTime"}, {"series", "lastObservedTime"}},
	"pods":                   {{"metadata", "creationTimestamp"}, {"metadata", "deletionTimestamp"}},
	"persistentvolumes":      {{"metadata", "deletionTimestamp"}},
	"persistentvolumeclaims": {{"metadata", "deletionTimestamp"}},
}

// aged is an object whose times are as long ago by the machine's clock as they are by that of the run.
func (c *intendedCluster) aged(k kind, item json.RawMessage) (json.RawMessage, error) {
	paths := agesOnly[k.resource]
	ahead := time.Since(c.b.now(c.ctx))
	if paths == nil || ahead.Round(time.Second) == 0 {
		return item, nil
	}
	o, err := decode(item)
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		if at := workload.Time(o, path...); !at.IsZero() {
			o = workload.With(o, at.Add(ahead).UTC().Format("2006-01-02T15:04:05.000000Z07:00"), path...)
		}
	}
	return encode(o)
}
