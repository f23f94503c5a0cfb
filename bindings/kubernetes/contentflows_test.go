package kubernetes

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/workload"
)

// What configmap and secret read, and what becomes of values that are passed on.

const cleartext = "s3cr3t-of-the-site"

func secretNamed(name, namespace string, values object) map[string]any {
	return map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": name, "namespace": namespace}, "stringData": values}
}

func flowContents(s *site) {
	d := s.driver("admin", false)
	in := opts("namespace", s.namespace)
	flags := configMapNamed("flags", s.namespace, object{"a": "1", "b": "two"})
	flags["binaryData"] = object{"c": "AAE="}
	d.apply("create", flags)
	require.Equal(s, map[string]any{"a": "1", "b": "two"}, d.read("configmap", "flags", in))
	require.Equal(s, map[string]any{"c": "AAE="}, d.read("configmap", "cm/flags", opts("namespace", s.namespace, "binary", true)))
	require.Nil(s, d.read("configmap", "none", in))
	require.Nil(s, d.read("secret", "none", in))

	d.apply("create", secretNamed("login", s.namespace, object{"user": "me", "password": cleartext}))
	values := d.read("secret", "login", in).(map[string]any)
	require.Equal(s, cleartext, values["password"].(action.Secret).Reveal())
	require.NotContains(s, fmt.Sprintf("%v %+v %#v", values, values, values), cleartext)

	// Passed on, they arrive: under stringData and data of a Secret, by a patch of either kind, by apply.
	arrived := func(name, key string) string {
		raw := s.must("GET", s.in("secrets/"+name)).Get("data." + key).String()
		text, err := base64.StdEncoding.DecodeString(raw)
		require.NoError(s, err)
		return string(text)
	}
	copied := secretNamed("copied", s.namespace, object{"password": values["password"], "user": values["user"]})
	copied["data"] = map[string]any{"again": values["password"], "plain": "eA=="}
	a := d.act("create", copied)
	require.NotContains(s, string(toRaw(s.T, a.Describe())), cleartext)
	_, err := a.Predict(s.Context(), d.view)
	require.NoError(s, err)
	_, err = a.Apply(s.Context(), action.Prediction{})
	require.NoError(s, err)
	require.Equal(s, []string{cleartext, cleartext, "me", "x"},
		[]string{arrived("copied", "password"), arrived("copied", "again"), arrived("copied", "user"), arrived("copied", "plain")})
	longer := action.NewSecret("Bearer " + cleartext)
	p := d.predict("patch", "secret/copied", object{"data": map[string]any{"again": longer}}, in)
	require.Regexp(s, `^\[secret\], written by runbook-lab-LAB at [0-9TZ:-]+$`, p.Evidence.Old["data.again"])
	require.Equal(s, "changes what is not shown: data.again", p.Note)
	d.view = &fakeView{}
	d.apply("patch", "secret/copied", object{"data": map[string]any{"again": longer}}, in)
	require.Equal(s, "Bearer "+cleartext, arrived("copied", "again"))
	byOperation := []any{map[string]any{"op": "replace", "path": "/data/plain", "value": longer}}
	a = d.act("patch", "secret/copied", byOperation, opts("namespace", s.namespace, "type", "json"))
	require.NotContains(s, string(toRaw(s.T, a.Describe())), cleartext)
	d.apply("patch", "secret/copied", byOperation, opts("namespace", s.namespace, "type", "json"))
	require.Equal(s, "Bearer "+cleartext, arrived("copied", "plain"))
	d.apply("apply", secretNamed("applied", s.namespace, object{"password": values["password"]}))
	require.Equal(s, cleartext, arrived("applied", "password"))
	p, err = d.act("patch", "secret/copied", object{"data": map[string]any{"again": longer}}, in).Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.True(s, p.Unchanged, "what is concealed is compared as it is")
}

// A dry run knows of a Secret that it would create which keys it has.
// flowSecretsOfOthers overwrites no secret that somebody else changed since the write was predicted, though all look the same.
func flowSecretsOfOthers(s *site) {
	in := opts("namespace", s.namespace)
	d, rehearsed := s.driver("admin", false), s.driver("admin", true)
	d.apply("create", secretNamed("db", s.namespace, object{"password": "correct-Horse-1", "user": "other-Horse-2"}))
	ours := object{"stringData": object{"password": "battery-Staple-3"}}
	writes := func(tell func(function string, values ...any)) {
		tell("label", "secret/db", object{"a": "b"}, in)
		tell("patch", "secret/db", ours, in)
		tell("patch", "secret/db", object{"stringData": object{"password": "battery-Staple-4"}}, in)
	}
	var planned []action.Evidence
	writes(func(function string, values ...any) {
		planned = append(planned, rehearsed.predict(function, values...).Evidence)
	})
	require.Contains(s, planned[1].Old["data.password"], "[secret], written by runbook-lab-LAB at ")
	require.Equal(s, action.OwnDoing, planned[2].Old["data.password"], "no plan drifts by itself")

	a := d.act("patch", "secret/db", ours, in)
	p, err := a.Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.Equal(s, planned[1], p.Evidence)
	d.apply("label", "secret/db", object{"a": "b"}, in)
	d.settles(action.NotDone, a, action.Intent{Evidence: p.Evidence})
	s.pass(1100 * time.Millisecond) // who wrote what is known to the second
	d.apply("patch", "secret/db", object{"stringData": object{"user": "somebody-Else-5"}}, in)
	d.settles(action.NotDone, a, action.Intent{Evidence: p.Evidence})
	d.apply("patch", "secret/db", object{"stringData": object{"password": "somebody-Else-6"}}, in)
	_, err = a.Apply(s.Context(), p)
	require.Equal(s, action.CodeConflict, action.CodeOf(err), "%v", err)
	require.ErrorContains(s, err, "data.password was [secret], written by runbook-lab-LAB at ")
	require.NotContains(s, err.Error(), "somebody")
}

func flowDryContents(s *site) {
	s.make("secrets", secretNamed("login", s.namespace, object{"password": cleartext}))
	d := s.driver("admin", true)
	in := opts("namespace", s.namespace)
	values := d.read("secret", "login", in).(map[string]any)
	d.predict("create", secretNamed("copied", s.namespace, object{"password": values["password"]}))
	require.Equal(s, map[string]any{"password": action.NewSecret(concealed)}, d.read("secret", "copied", in))
	d.predict("label", "secret/login", object{"seen": "yes"}, in)
	require.Equal(s, cleartext, d.read("secret", "login", in).(map[string]any)["password"].(action.Secret).Reveal())
	p := d.predict("patch", "secret/copied", object{"stringData": map[string]any{"more": values["password"]}}, in)
	require.NotContains(s, string(toRaw(s.T, p)), cleartext)
	require.Len(s, d.read("secret", "copied", in), 2)
	d.predict("delete", "secret/login", in)
	require.Nil(s, d.read("secret", "login", in))
	d.predict("create", configMapNamed("flags", s.namespace, object{"a": "1"}))
	d.predict("patch", "configmap/flags", object{"data": object{"b": "2"}}, in)
	require.Equal(s, map[string]any{"a": "1", "b": "2"}, d.read("configmap", "flags", in))
}

// In an object that is no Secret, a secret is hidden by who knows it, or it does not get there.
func TestASecretInAnotherObject(t *testing.T) {
	s := &stub{answers: map[string]http.HandlerFunc{
		"POST /api/v1/namespaces/shop/configmaps": answerJSON(201, `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"c","namespace":"shop"}}`),
	}}
	cfg, keeper := configFor(t, serve(t, s)), &spy{}
	cfg.Secrets = keeper
	d := driver{t, New(cfg), &fakeView{}}
	manifest := func(text string) map[string]any {
		return configMapNamed("c", "shop", object{"password": action.NewSecret(text)})
	}
	a := d.act("create", manifest(cleartext))
	require.Equal(t, concealed, workload.Text(a.Describe().Identity[0].Value.(object), "data", "password"))
	_, err := a.Apply(t.Context(), action.Prediction{})
	require.NoError(t, err)
	require.Contains(t, keeper.told, cleartext)
	require.Contains(t, s.requests("POST")[0].body, cleartext)

	keeper.refuses = true
	for text, want := range map[string]string{"short": "too short to be hidden", "\xff\xfe": "that is no text"} {
		f, args := d.bind("create", []any{manifest(text)})
		_, err = f.Act(args)
		require.ErrorContains(t, err, want)
		require.Equal(t, action.CodeInvalid, asError(t, err).Code)
	}
	for _, call := range []struct {
		name   string
		values []any
	}{
		{"label", []any{"pod/a", map[string]any{"x": action.NewSecret(cleartext)}}},
		{"annotate", []any{"pod/a", map[string]any{"x": action.NewSecret(cleartext)}}},
		{"get", []any{map[string]any{"kind": action.NewSecret(cleartext)}}},
	} {
		f, args := d.bind(call.name, call.values)
		if f.Act != nil {
			_, err = f.Act(args)
		} else {
			_, err = f.Read(args)
		}
		require.EqualError(t, err, "a secret cannot stand here", call.name)
	}
	_, err = d.m.Func("configmap").Read(mustBind(t, d, "configmap", "pod/a"))
	require.ErrorContains(t, err, "kubernetes.configmap reads configmaps, and this is pods/a in shop")
}

func mustBind(t *testing.T, d driver, name string, values ...any) map[string]any {
	t.Helper()
	_, args := d.bind(name, values)
	return args
}
