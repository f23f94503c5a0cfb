package cluster

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"runbook/engine/world/store"
)

// bodyLimit is the most that a request may carry, as for kube-apiserver.
const bodyLimit = 3 << 20

// A request is one request on its way through the server.
type request struct {
	http  *http.Request
	call  Call
	query url.Values
	body  []byte
	form  form // of the answer
	kind  *kind
	user  user
}

func (q *request) key() store.Key {
	key := store.Key{Resource: q.kind.canonical(), Name: q.call.Name}
	if q.kind.namespaced {
		key.Namespace = q.call.Namespace
	}
	return key
}

// ServeHTTP answers one request. What takes the lock is short; a watch or a command waits without it.
func (c *Cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &request{http: r, call: Describe(r), query: r.URL.Query()}
	code := c.attend(w, q)
	if c.cfg.Record != nil {
		c.cfg.Record(q.call, code)
	}
}

func (c *Cluster) attend(w http.ResponseWriter, q *request) (code int) {
	a, err := c.prepare(w, q)
	if err == nil {
		a, err = c.locked(q)
	}
	if err != nil {
		a = failure(err)
	}
	if a.stream != nil {
		return a.stream(w)
	}
	return a.write(w, q.form)
}

// prepare reads what the request says before anything of the cluster is looked at.
func (c *Cluster) prepare(w http.ResponseWriter, q *request) (answer, error) {
	var err error
	q.form, err = negotiate(q.http.Header.Get("Accept"))
	if err != nil && (q.call.Resource != "" || strings.HasPrefix(q.call.Path, "/api")) {
		return answer{}, err
	}
	q.body, err = io.ReadAll(http.MaxBytesReader(w, q.http.Body, bodyLimit))
	var tooLong *http.MaxBytesError
	if errors.As(err, &tooLong) {
		return answer{}, apierrors.NewRequestEntityTooLargeError("limit is 3145728")
	}
	if err != nil {
		return answer{}, apierrors.NewBadRequest(err.Error())
	}
	return answer{}, nil
}

func (c *Cluster) locked(q *request) (answer, error) {
	c.cfg.Lock.Lock()
	defer c.cfg.Lock.Unlock()
	c.cfg.CatchUp()
	q.form.now = c.store.Now()
	var err error
	if q.user, err = c.userOf(q); err != nil {
		return answer{}, err
	}
	if err := c.authorize(q.user, q.call); err != nil {
		return answer{}, err
	}
	if q.call.Resource == "" {
		return c.outside(q)
	}
	if a, ok, err := c.virtual(q); ok {
		return a, err
	}
	if q.kind = c.serves(q.call); q.kind == nil {
		return c.nowhere(q.call)
	}
	if q.kind.namespaced != (q.call.Namespace != "") && !q.everywhere() {
		return answer{}, q.misplaced()
	}
	if q.call.Subresource != "" {
		return c.subresource(q)
	}
	return c.resource(q)
}

// nowhere is the answer for a resource that is not served: of a group that is known another one than for any other path.
func (c *Cluster) nowhere(call Call) (answer, error) {
	if slices.ContainsFunc(c.kinds(), func(k *kind) bool { return k.group == call.Group && k.custom == nil }) {
		return answer{}, noResource()
	}
	return notFound(), nil
}

// misplaced says that a kind is not to be found in a namespace, or outside of one.
func (q *request) misplaced() error {
	if q.kind.namespaced && q.call.Name == "" {
		return noMethod() // lists are there
	}
	return noResource()
}

// everywhere tells whether the namespace is missing because every one is meant, or given because it is the object.
func (q *request) everywhere() bool {
	if q.kind.namespaced {
		return slices.Contains([]string{"list", "watch"}, q.call.Verb)
	}
	return q.kind.resource == "namespaces" && q.call.Namespace == q.call.Name
}

// resource answers for objects themselves.
func (c *Cluster) resource(q *request) (answer, error) {
	switch q.call.Verb {
	case "get":
		return c.get(q)
	case "list":
		return c.list(q)
	case "watch":
		return c.watch(q)
	case "create":
		if q.call.Name == "" {
			return c.post(q)
		}
	case "update":
		if q.call.Name != "" {
			return c.put(q, "")
		}
	case "patch":
		if q.call.Name != "" {
			return c.patch(q, "")
		}
	case "delete":
		return c.delete(q)
	case "deletecollection":
		if q.kind.collectively() {
			return c.deleteCollection(q)
		}
	}
	return answer{}, noMethod()
}

func (c *Cluster) get(q *request) (answer, error) {
	o := c.store.Get(q.key())
	if o == nil {
		return answer{}, q.absent()
	}
	return q.found(http.StatusOK, o), nil
}

// absent says that there is no such object.
func (q *request) absent() error { return apierrors.NewNotFound(q.kind.groupResource(), q.call.Name) }

// found is an answer that is one object, in the form that was asked for.
func (q *request) found(code int, o Object) answer {
	return answer{code: code, object: q.form.one(q.kind, o)}
}
