package kubernetes

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
	utilexec "k8s.io/client-go/util/exec"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/module"
)

const webPath = "/apis/apps/v1/namespaces/shop/deployments/web"

// A scaleServer holds one number of replicas and a version that can be moved under a client.
type scaleServer struct {
	uid       string
	replicas  int64
	version   int
	conflicts int // how many writes meet a version that has just moved
}

func (s *scaleServer) scale() string {
	return fmt.Sprintf(`{"kind":"Scale","metadata":{"name":"web","namespace":"shop","uid":%q,"resourceVersion":"%d"},"spec":{"replicas":%d}}`, s.uid, s.version, s.replicas)
}

func (s *scaleServer) read(w http.ResponseWriter, r *http.Request) { answerJSON(200, s.scale())(w, r) }

func (s *scaleServer) patch(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if s.conflicts > 0 {
		s.conflicts--
		s.version++
	}
	if gjson.GetBytes(body, "metadata.resourceVersion").String() != fmt.Sprint(s.version) {
		failure(409, "Conflict", "the object has been modified")(w, r)
		return
	}
	s.replicas = gjson.GetBytes(body, "spec.replicas").Int()
	s.read(w, r)
}

func scaled(t *testing.T, s *scaleServer, seen action.Evidence) (action.Result, error) {
	d, _ := stubbed(t, map[string]http.HandlerFunc{"GET " + webPath + "/scale": s.read, "PATCH " + webPath + "/scale": s.patch})
	return d.act("scale", "deploy/web", float64(5)).Apply(t.Context(), action.Prediction{Evidence: seen})
}

// Status churn moves the version all the time; it must not fail a scaling whose own fields nobody touched.
func TestScaleSurvivesChurn(t *testing.T) {
	s := &scaleServer{uid: "u1", replicas: 3, conflicts: 3}
	// A plan went through JSON, so its numbers are floats.
	result, err := scaled(t, s, action.Evidence{UID: "u1", Old: map[string]any{"spec.replicas": 3.0}})
	require.NoError(t, err)
	require.Equal(t, int64(3), result.Value)
	require.Equal(t, int64(5), s.replicas)
	_, err = scaled(t, &scaleServer{uid: "u1", replicas: 3, conflicts: 100}, action.Evidence{UID: "u1"})
	require.Equal(t, action.CodeConflict, asError(t, err).Code)
}

func TestScaleNoticesDrift(t *testing.T) {
	evidence := action.Evidence{UID: "u1", Old: map[string]any{"spec.replicas": int64(3)}}
	for message, s := range map[string]*scaleServer{
		"deployments/web in shop has changed: spec.replicas was 3 when this was planned and is 4 now":  {uid: "u1", replicas: 4},
		"deployments/web in shop has changed: metadata.uid was u1 when this was planned and is u2 now": {uid: "u2", replicas: 3},
	} {
		_, err := scaled(t, s, evidence)
		require.EqualError(t, err, message)
		require.Equal(t, action.CodeConflict, asError(t, err).Code)
	}
}

// The overlay needs the new generation, so that readiness is computed right; a person who is asked about replicas does not.
func TestScaleKeepsBookkeepingFromPeopleOnly(t *testing.T) {
	s := &scaleServer{uid: "u1", replicas: 3}
	d, _ := stubbed(t, map[string]http.HandlerFunc{
		"GET " + webPath: func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","uid":"u1","generation":7},"spec":{"replicas":3}}`)
		},
		"GET " + webPath + "/scale": s.read,
		"PATCH " + webPath + "/scale": func(w http.ResponseWriter, r *http.Request) {
			(&scaleServer{uid: "u1", replicas: 5}).read(w, r)
		},
	})
	p, err := d.act("scale", "deploy/web", float64(5)).Predict(t.Context(), &fakeView{})
	require.NoError(t, err)
	require.Contains(t, p.Changes[0].Bookkeeping, "metadata.generation")
	require.Equal(t, int64(8), p.Changes[0].After.(object)["metadata"].(object)["generation"])
}

func TestScaleSettles(t *testing.T) {
	intent := action.Intent{Evidence: action.Evidence{UID: "u1", Old: map[string]any{"spec.replicas": 3.0}}}
	for _, c := range []struct {
		uid      string
		replicas int64
		want     action.Settlement
	}{{"u1", 5, action.Done}, {"u1", 3, action.NotDone}, {"u1", 4, action.Unknown}, {"u2", 5, action.Unknown}} {
		s := &scaleServer{uid: c.uid, replicas: c.replicas}
		d, _ := stubbed(t, map[string]http.HandlerFunc{"GET " + webPath + "/scale": s.read})
		got, err := d.act("scale", "deploy/web", float64(5)).Settle(t.Context(), intent)
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
}

func TestDeleteSendsItsEvidence(t *testing.T) {
	d, s := stubbed(t, map[string]http.HandlerFunc{
		"GET " + podsPath + "/a":    answerJSON(200, string(toRaw(t, podJSON("a", nil)))),
		"DELETE " + podsPath + "/a": answerJSON(200, `{"kind":"Pod"}`),
	})
	a := d.act("delete", "pod/a", opts("grace", "90s"))
	require.Equal(t, []action.Arg{{Name: "grace", Value: int64(90)}}, a.Describe().Identity)
	p, err := a.Predict(t.Context(), d.view)
	require.NoError(t, err)
	_, err = a.Apply(t.Context(), p)
	require.NoError(t, err)
	sent := s.requests("DELETE")
	require.JSONEq(t, `{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background","preconditions":{"uid":"uid-a"},"gracePeriodSeconds":90,"dryRun":["All"]}`, sent[0].body)
	require.JSONEq(t, `{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background","preconditions":{"uid":"uid-a"},"gracePeriodSeconds":90}`, sent[1].body)
}

func TestDeleteOfWhatIsGone(t *testing.T) {
	d, _ := stubbed(t, map[string]http.HandlerFunc{})
	p := d.predict("delete", "pod/a")
	require.Empty(t, p.Changes)
	require.Equal(t, "it is gone already", p.Note)
	a := d.act("delete", "pod/a")
	for _, evidence := range []action.Evidence{{}, {UID: "u1"}} {
		result, err := a.Apply(t.Context(), action.Prediction{Evidence: evidence})
		require.NoError(t, err)
		require.Equal(t, action.Result{Value: false, Note: "it was gone already"}, result)
	}
}

// Not everything that answers 404 says that one object does not exist.
func TestAResourceThatIsNotServed(t *testing.T) {
	d, _ := stubbed(t, map[string]http.HandlerFunc{"GET " + podsPath + "/a": answerJSON(404, "404 page not found")})
	_, err := d.tryRead("get", "pod/a")
	require.Equal(t, action.CodeNotFound, asError(t, err).Code)
	_, err = d.act("delete", "pod/a").Apply(t.Context(), action.Prediction{Evidence: action.Evidence{UID: "u"}})
	require.NoError(t, err, "the stub says that this object does not exist")
}

func TestDescriptionsAreCanonical(t *testing.T) {
	d, s := stubbed(t, nil)
	want := action.Target{System: "kubernetes", Kind: "deployments.apps", Scope: "shop", Name: "web"}
	for _, ref := range []any{"deploy/web", "deployment/web", "deployments.apps/web", "Deployment/web", "deployments.v1.apps/web", deployment("web")} {
		require.Equal(t, want, d.act("scale", ref, float64(1)).Describe().Target)
	}
	description := d.act("scale", "deploy/web", float64(1)).Describe()
	require.Equal(t, "kubernetes.scale", description.Verb)
	require.Contains(t, description.Permissions, action.Permission{
		System: "kubernetes", Verb: "patch", Group: "apps", Resource: "deployments", Subresource: "scale", Scope: "shop", Name: "web",
	})
	require.Equal(t, action.Target{System: "kubernetes", Kind: "nodes", Name: "n1"}, d.act("delete", "no/n1").Describe().Target)
	require.Equal(t, "widgets.example.com", d.act("delete", "widgets.example.com/w").Describe().Target.Kind)
	require.Empty(t, s.asked, "a description asks nobody")
}

func deployment(name string) json.RawMessage {
	return json.RawMessage(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"` + name + `","namespace":"shop"}}`)
}

func TestReferencesThatNameNothing(t *testing.T) {
	d, _ := stubbed(t, nil)
	for _, ref := range []any{"web", "/web", "deploy/", "a/b/c", map[string]any{"metadata": map[string]any{}}} {
		f, args := d.bind("delete", []any{ref})
		_, err := f.Act(args)
		require.Equal(t, action.CodeInvalid, asError(t, err).Code, ref)
	}
	f, args := d.bind("delete", []any{deployment("web"), opts("namespace", "other")})
	_, err := f.Act(args)
	require.ErrorContains(t, err, "the object is in namespace shop, not in other")
}

func TestMissingObjectsAreSuggested(t *testing.T) {
	d, _ := stubbed(t, map[string]http.HandlerFunc{
		"GET /api/v1/namespaces/shop": answerJSON(200, `{"metadata":{"name":"shop"}}`),
		"GET " + podsPath:             answerJSON(200, page(t, "", podJSON("web-0", nil), podJSON("db-0", nil))),
	})
	_, err := d.tryRead("logs", "web-o")
	require.EqualError(t, err, "cannot read the log of pods/web-o in shop: it does not exist")
	require.Equal(t, "did you mean pods/web-0?", asError(t, err).Hint)
	_, err = d.tryRead("logs", "web-0", opts("namespace", "shp"))
	require.EqualError(t, err, "cannot read the log of pods/web-0 in shp: there is no namespace shp")
}

func TestLogs(t *testing.T) {
	pod := object{
		"kind": "Pod", "metadata": object{"name": "a", "annotations": object{"kubectl.kubernetes.io/default-container": "main"}},
		"spec": object{"containers": []any{object{"name": "side"}, object{"name": "main"}}},
	}
	d, s := stubbed(t, map[string]http.HandlerFunc{
		"GET " + podsPath + "/a":     answerJSON(200, string(toRaw(t, pod))),
		"GET " + podsPath + "/a/log": answerJSON(200, "one\n\ntwo\n"),
	})
	require.Equal(t, []string{"one", "", "two"}, d.read("logs", "pod/a", opts("since", "90500ms", "previous", true)))
	require.Equal(t, "container=main&previous=true&sinceSeconds=91&tailLines=100", s.asked[1].query)
	d.read("logs", "a", opts("tail", -1.0, "container", "side"))
	require.Equal(t, "container=side", s.asked[3].query)
	placeholder := action.Target{System: "kubernetes", Kind: "pods", Scope: "shop", Name: "new1"}
	d.view.take([]action.Change{{Target: placeholder, After: podJSON("new1", nil)}})
	require.Equal(t, []string{}, d.read("logs", "new1"))
	require.Equal(t, command.Result{Assumed: true}.Value(), d.read("exec", "new1", []any{"df", "-h"}))
}

func TestExecFailures(t *testing.T) {
	cfg := configFor(t, "http://127.0.0.1:1")
	b := newBinding(cfg)
	link, err := b.link()
	require.NoError(t, err)
	of, err := b.place("pod", "a", "")
	require.NoError(t, err)
	c := execution{b: b, of: of, argv: []string{"df -h"}, args: module.Args{}}
	r := of.request("GET", "create exec", "run x in")
	e := asError(t, c.failure(t.Context(), r, link, strings.Repeat("x", 600)+" no such file\n", utilexec.CodeExitError{Err: errors.New("?"), Code: 127}))
	require.Equal(t, action.CodeCommand, e.Code)
	require.True(t, strings.HasPrefix(e.Message, `"df -h" in pods/a in shop exited with status 127: …x`), e.Message)
	require.True(t, strings.HasSuffix(e.Message, "no such file"))
	require.Equal(t, `the command is one word with spaces in it; write its words separately: { "df", "-h" }`, e.Hint)
	r.mutates = true
	require.Equal(t, action.CodeUncertain, asError(t, c.failure(t.Context(), r, link, "", io.ErrUnexpectedEOF)).Code)
}

func TestSecretsAreConcealed(t *testing.T) {
	secret := object{
		"kind": "Secret", "apiVersion": "v1",
		"metadata": object{"name": "s", "annotations": object{lastApplied: "cGFzcw==", "other": "kept"}},
		"data":     object{"password": "cGFzcw=="}, "stringData": object{"more": "pass"},
	}
	d, s := stubbed(t, map[string]http.HandlerFunc{
		"GET /api/v1/namespaces/shop/secrets/s": answerJSON(200, string(toRaw(t, secret))),
		"GET /api/v1/namespaces/shop/secrets":   answerJSON(200, string(toRaw(t, object{"items": []any{secret}}))),
		"POST /api/v1/namespaces/shop/secrets":  answerJSON(201, string(toRaw(t, secret))),
	})
	a := d.act("create", secret)
	p, err := a.Predict(t.Context(), d.view)
	require.NoError(t, err)
	shown := string(toRaw(t, []any{d.read("get", "secret/s"), d.list("secrets"), p, a.Describe()}))
	require.NotContains(t, shown, "pass\"")
	require.NotContains(t, shown, "cGFzcw")
	require.Contains(t, shown, "kept")
	require.Contains(t, s.requests("POST")[0].body, "cGFzcw", "the server does get them")
}

func TestConditions(t *testing.T) {
	web := func(replicas, ready int64, conditions ...any) object {
		return object{
			"apiVersion": "apps/v1", "kind": "Deployment", "metadata": object{"generation": int64(2)},
			"spec":   object{"replicas": replicas, "progressDeadlineSeconds": int64(600)},
			"status": object{"observedGeneration": int64(2), "replicas": replicas, "updatedReplicas": replicas, "readyReplicas": ready, "availableReplicas": ready, "conditions": conditions},
		}
	}
	good := object{"type": "Available", "status": "True"}
	rolledOut := object{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
	bad := object{"type": "Available", "status": "False"}
	exceeded := object{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
	unseen := web(5, 5, good)
	unseen["status"].(object)["observedGeneration"] = int64(1)
	for _, c := range []struct {
		condition string
		o         object
		want      action.Progress
	}{
		{"ready", web(5, 5, good, rolledOut), action.Progress{Met: true, Detail: "5 of 5 replicas ready"}},
		{"ready", web(5, 2, good, rolledOut), action.Progress{Detail: "2 of 5 replicas ready"}},
		{"ready", nil, action.Progress{Failed: true, Detail: "it does not exist"}},
		{"ready", web(5, 2, bad, exceeded), action.Progress{Failed: true, Detail: "its rollout exceeded its progress deadline: 2 of 5 replicas available"}},
		{"available", web(5, 4, good), action.Progress{Met: true, Detail: "4 of 5 replicas available"}},
		{"available", web(5, 2, bad), action.Progress{Detail: "2 of 5 replicas available"}},
		{"available", web(5, 2, bad, exceeded), action.Progress{Failed: true, Detail: "its rollout exceeded its progress deadline: 2 of 5 replicas available"}},
		{"available", unseen, action.Progress{Detail: "its controller has not seen the change yet"}},
		{"condition=Available=False", web(5, 2, bad), action.Progress{Met: true, Detail: "condition Available is False"}},
		{"condition=Complete", web(5, 2), action.Progress{Detail: "it has no condition Complete yet"}},
		{"deleted", nil, action.Progress{Met: true, Detail: "it is gone"}},
		{"deleted", web(1, 1), action.Progress{Detail: "it still exists"}},
	} {
		condition, err := parseCondition(c.condition)
		require.NoError(t, err)
		got, err := condition.check(c.o)
		require.NoError(t, err)
		require.Equal(t, c.want, got, c.condition)
	}
	_, err := parseCondition("redy")
	require.Equal(t, action.CodeInvalid, asError(t, err).Code)
}

// The documentation is generated from what the functions declare.
func TestModuleIsComplete(t *testing.T) {
	d, _ := stubbed(t, nil)
	for i := range d.m.Funcs {
		f := &d.m.Funcs[i]
		require.NotEmpty(t, f.Doc, f.Name)
		require.NotEmpty(t, f.Examples, f.Name)
		require.NotEmpty(t, f.Returns.Type, f.Name)
		for _, p := range f.Params {
			require.NotEmpty(t, p.Doc, f.Name+"."+p.Name)
			for _, o := range p.Fields {
				require.NotEmpty(t, o.Doc, f.Name+"."+o.Name)
			}
		}
		if f.Act != nil || f.Decide != nil {
			require.NotEmpty(t, f.Permits("deployments"), f.Name)
		}
	}
}

// spy is told secrets, and hides them as the redactor would.
type spy struct {
	told    []string
	refuses bool
}

func (s *spy) Add(secrets ...string) bool {
	s.told = append(s.told, secrets...)
	return !s.refuses
}

func (s *spy) String(text string) string {
	for _, secret := range s.told {
		text = strings.ReplaceAll(text, secret, concealed)
	}
	return text
}

func TestASecretInsideOfAnotherObjectIsConcealed(t *testing.T) {
	secret := object{"kind": "Secret", "apiVersion": "v1", "data": object{"password": "cGFzcw=="}}
	manifest := string(toRaw(t, secret))
	holder := object{
		"kind": "ConfigMap", "apiVersion": "v1", "metadata": object{"name": "holder", "annotations": object{"made.from": manifest, "kind": "Secret"}},
		"items": []any{"Secret", object{"kind": "Secret", "name": "only named"}, secret},
	}
	d, s := stubbed(t, map[string]http.HandlerFunc{
		"GET /api/v1/namespaces/shop/configmaps/holder": answerJSON(200, string(toRaw(t, holder))),
		"GET /api/v1/namespaces/shop/configmaps":        answerJSON(200, string(toRaw(t, object{"items": []any{holder}}))),
		"POST /api/v1/namespaces/shop/configmaps":       answerJSON(201, string(toRaw(t, holder))),
	})
	a := d.act("create", holder)
	p, err := a.Predict(t.Context(), d.view)
	require.NoError(t, err)
	for _, shown := range []any{d.read("get", "configmap/holder"), d.list("configmaps"), p, a.Describe()} {
		text := string(toRaw(t, shown))
		require.NotContains(t, text, "cGFzcw")
		require.Contains(t, text, "only named")
		require.Contains(t, text, `made.from`)
	}
	require.Equal(t, 2, strings.Count(s.requests("POST")[0].body, "cGFzcw"), "the server gets all of it")
}

func TestWhatASecretHoldsIsKnownFromThenOn(t *testing.T) {
	told := &spy{}
	b := newBinding(Config{Secrets: told})
	b.conceal(object{
		"data":       object{"a": "aHVudGVyMmh1bnRlcjI=", "user": "cG9zdGdyZXM=", "broken": "not base64!"},
		"stringData": object{".dockerconfigjson": `{"auths":{"r.example":{"username":"admin","password":"in-a-Document","auth":"YWRtaW46aW4="}}}`},
		"metadata":   object{"annotations": object{lastApplied: `{"stringData":{"a":"its old Value"}}`}},
	})
	for _, secret := range []string{"hunter2hunter2", "not base64!", "in-a-Document", "YWRtaW46aW4=", "its old Value"} {
		require.Contains(t, told.told, secret)
	}
	require.NotContains(t, told.told, "postgres")
	require.NotContains(t, told.told, "admin")
}

// A Secret holds names too, for convenience. Hidden wherever they occur, they would make a run unreadable.
func TestWhatMayBeAName(t *testing.T) {
	for value, want := range map[string]bool{
		"postgres": false, "kube-system": false, "db-0.db.shop.svc": false, "10.0.0.1:5432": false, "8443": false, "true": false,
		"-----BEGIN CERTIFICATE-----\nMII": false, strings.Repeat("x", longestSecret+1): false,
		"hunter2": true, "s3cr3tpassw0rd": true, "correct-horse-battery-staple": true, "P@ss": true, "-----BEGIN PRIVATE KEY-----\nMII": true,
	} {
		require.Equal(t, want, tells(value), value)
	}
}

// What is cut in a secret is recognised by nobody.
func TestASecretIsHiddenBeforeAMessageIsCut(t *testing.T) {
	told := &spy{told: []string{"hunter2hunter2"}}
	page := strings.Repeat("x", 295) + "hunter2hunter2"
	require.Equal(t, strings.Repeat("x", 295)+"[secr", statusOf([]byte(page), told).Message)
}
