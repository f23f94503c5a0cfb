package kubernetes

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"runbook/engine/action"
)

const flagsPath = "/api/v1/namespaces/shop/configmaps/flags"

// A flagServer holds one config map with one value, of a version that can be moved under a client.
type flagServer struct {
	value     string
	version   int
	conflicts int              // how many writes meet a version that has just moved
	instead   http.HandlerFunc // answers writes that are no dry run; nil to make them
	loses     bool             // makes a write, and loses the answer
}

func (f *flagServer) read(w http.ResponseWriter, r *http.Request) {
	answerJSON(200, fmt.Sprintf(`{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"flags","namespace":"shop","uid":"u1","resourceVersion":"%d"},"data":{"a":%q}}`,
		f.version, f.value))(w, r)
}

func (f *flagServer) patch(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if f.conflicts > 0 {
		f.conflicts--
		f.version++
	}
	dryRun := r.URL.Query().Get("dryRun") != ""
	switch {
	case !dryRun && f.instead != nil:
		f.instead(w, r)
		return
	case gjson.GetBytes(body, "metadata.resourceVersion").String() != fmt.Sprint(f.version), gjson.GetBytes(body, "metadata.uid").String() != "u1":
		failure(409, "Conflict", "the object has been modified")(w, r)
		return
	}
	made := *f
	made.value, made.version = gjson.GetBytes(body, "data.a").String(), f.version+1
	if !dryRun {
		f.value, f.version = made.value, made.version
		if f.loses {
			hangUp(w, r)
			return
		}
	}
	made.read(w, r)
}

// flagged is a patch of it to "2", predicted while it was "1".
func flagged(t *testing.T, f *flagServer) (driver, action.Action, action.Prediction, *stub) {
	d, s := stubbed(t, map[string]http.HandlerFunc{"GET " + flagsPath: f.read, "PATCH " + flagsPath: f.patch})
	a := d.act("patch", "cm/flags", object{"data": object{"a": "2"}})
	p, err := a.Predict(t.Context(), d.view)
	require.NoError(t, err)
	return d, a, p, s
}

// Other writes to an object move its version all the time; they do not hinder one whose own fields nobody touched.
func TestAWriteSurvivesChurn(t *testing.T) {
	f := &flagServer{value: "1", conflicts: 2}
	_, a, p, s := flagged(t, f)
	require.Equal(t, action.Evidence{UID: "u1", Old: map[string]any{"data.a": "1"}}, p.Evidence)
	f.conflicts = 20
	_, err := a.Apply(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, "2", f.value)
	for _, r := range s.requests("PATCH") {
		require.Equal(t, "application/strategic-merge-patch+json", r.header.Get("Content-Type"))
		require.Contains(t, r.query, "fieldValidation=Strict")
		require.NotEmpty(t, gjson.Get(r.body, "metadata.resourceVersion").String())
	}

	f = &flagServer{value: "1"}
	_, a, p, s = flagged(t, f)
	f.conflicts = 100
	_, err = a.Apply(t.Context(), p)
	require.Equal(t, action.CodeConflict, asError(t, err).Code)
	require.Len(t, s.requests("PATCH"), 1+conflictTries)
	require.Equal(t, "1", f.value)
}

// Whatever goes wrong with a write is told as what it is, is tried again only where nothing was done, and is settled by a look.
func TestFaultsOfAWrite(t *testing.T) {
	for _, c := range []struct {
		name    string
		instead http.HandlerFunc
		code    action.Code
		again   bool
		settled action.Settlement
	}{
		{"forbidden", failure(403, "Forbidden", "no"), action.CodeForbidden, false, action.NotDone},
		{"throttled", failure(429, "TooManyRequests", "slow down"), action.CodeThrottled, true, action.NotDone},
		{"invalid", failure(422, "Invalid", "data.a: must be a letter"), action.CodeRejected, false, action.NotDone},
		{"in trouble", failure(500, "InternalError", "etcdserver: request timed out"), action.CodeUncertain, false, action.NotDone},
		{"going away", failure(503, "ServiceUnavailable", "shutting down"), action.CodeUnavailable, true, action.NotDone},
		{"a gateway that gave up", answerJSON(504, "timed out"), action.CodeUncertain, false, action.NotDone},
		{"cut", hangUp, action.CodeUncertain, false, action.NotDone},
		{"half an answer", answerJSON(200, `{"kind":"Conf`), action.CodeUncertain, false, action.NotDone},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &flagServer{value: "1"}
			d, a, p, _ := flagged(t, f)
			f.instead = c.instead
			_, err := a.Apply(t.Context(), p)
			e := asError(t, err)
			require.Equal(t, c.code, e.Code, "%v", err)
			require.Equal(t, c.again, e.Retryable)
			require.Contains(t, e.Message, "patch configmaps/flags in shop")
			d.settles(c.settled, a, action.Intent{Evidence: p.Evidence})
		})
	}
}

func TestAWriteWhoseAnswerIsLost(t *testing.T) {
	f := &flagServer{value: "1"}
	d, a, p, _ := flagged(t, f)
	f.loses = true
	_, err := a.Apply(t.Context(), p)
	require.Equal(t, action.CodeUncertain, asError(t, err).Code)
	d.settles(action.Done, a, action.Intent{Evidence: p.Evidence})
	f.value = "3"
	d.settles(action.Unknown, a, action.Intent{Evidence: p.Evidence})
	f.value = "1"
	d.settles(action.NotDone, a, action.Intent{Evidence: p.Evidence})
	d.settles(action.Unknown, a, action.Intent{Evidence: action.Evidence{UID: "u2", Old: p.Evidence.Old}})
}

// The looks before a write fail as looks do.
func TestFaultsBeforeAWrite(t *testing.T) {
	for _, c := range []struct {
		answer http.HandlerFunc
		code   action.Code
		again  bool
	}{
		{failure(403, "Forbidden", "no"), action.CodeForbidden, false},
		{failure(429, "TooManyRequests", "slow down"), action.CodeThrottled, true},
		{failure(500, "InternalError", "etcdserver: request timed out"), action.CodeUnavailable, true},
		{hangUp, action.CodeUnavailable, true},
		{failure(404, "NotFound", "none"), action.CodeNotFound, false},
	} {
		d, s := stubbed(t, map[string]http.HandlerFunc{"GET " + flagsPath: c.answer})
		a := d.act("patch", "cm/flags", object{"data": object{"a": "2"}})
		_, err := a.Predict(t.Context(), d.view)
		require.Equal(t, c.code, asError(t, err).Code, "%v", err)
		require.Equal(t, c.again, asError(t, err).Retryable)
		if c.code != action.CodeNotFound {
			_, err = a.Apply(t.Context(), action.Prediction{Evidence: action.Evidence{UID: "u1"}})
			require.Equal(t, c.code, asError(t, err).Code, "%v", err)
		}
		require.Empty(t, s.requests("PATCH"))
	}
}

func TestWrongPatches(t *testing.T) {
	d, s := stubbed(t, nil)
	for message, values := range map[string][]any{
		`kubernetes.patch: patch must be a table of fields; a list of operations is of type = "json"`: {"cm/a", []any{object{"op": "remove", "path": "/data"}}},
		`kubernetes.patch: with type = "json", patch must be a list of operations`:                    {"cm/a", object{"data": object{}}, opts("type", "json")},
		`kubernetes.patch: operation 1: op must be one of add, remove, replace, move, copy, test, not "replce"; did you mean "replace"?`: {
			"cm/a", []any{object{"op": "replce", "path": "/data"}}, opts("type", "json"),
		},
		`kubernetes.patch: operation 2: path must begin with a slash, as in /spec/replicas, not "data"`: {
			"cm/a", []any{object{"op": "remove", "path": "/data"}, object{"op": "remove", "path": "data"}}, opts("type", "json"),
		},
		`kubernetes.patch: metadata.resourceVersion is the server's`: {"cm/a", object{"metadata": object{"resourceVersion": "1"}}},
	} {
		f, args := d.bind("patch", values)
		_, err := f.Act(args)
		require.EqualError(t, err, message)
		require.Equal(t, action.CodeInvalid, asError(t, err).Code)
	}
	for message, values := range map[string][]any{
		`kubernetes.label: x must be a string, or false to remove it, not true`:   {"label", "pod/a", object{"x": true}},
		`kubernetes.label: x must be a string, or false to remove it, not 5`:      {"label", "pod/a", object{"x": 5.0}},
		`kubernetes.label: say which labels, as in { owner = "me", old = false }`: {"label", "pod/a", object{}},
		`kubernetes.apply: metadata.managedFields is the server's`: {
			"apply", object{"apiVersion": "v1", "kind": "ConfigMap", "metadata": object{"name": "a", "managedFields": []any{}}},
		},
	} {
		f, args := d.bind(values[0].(string), values[1:])
		_, err := f.Act(args)
		require.EqualError(t, err, message)
	}
	f, args := d.bind("label", []any{"pod/a", object{"x": "not a value"}})
	_, err := f.Act(args)
	require.ErrorContains(t, err, `kubernetes.label: x cannot be "not a value": `)
	require.Empty(t, s.asked, "nothing was sent")
	_, err = patchTypeFor(address{kind: guessKind("widgets.example.com")}, "application/strategic-merge-patch+json")
	require.ErrorContains(t, err, "nobody knows by which key its lists are merged")
	how, err := patchTypeFor(address{kind: guessKind("widgets.example.com")}, "")
	require.NoError(t, err)
	require.Equal(t, "application/merge-patch+json", string(how))
}
