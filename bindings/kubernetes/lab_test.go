//go:build lab

// Tests against a real API server: RUNBOOK_LAB names the folder of a running lab (examples/lab).

package kubernetes

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"runbook/engine/action"
	"runbook/engine/workload"
)

var labCommands = action.Commands{{"df", "-h"}, {"echo", "..."}, {"false"}, {"no-such-program"}}

// lab is a module on the lab, in one of its contexts. A walled one refuses to send whatever is not on the list of reads.
func lab(t *testing.T, context string, walled bool) driver {
	folder := os.Getenv("RUNBOOK_LAB")
	if folder == "" {
		t.Fatal("RUNBOOK_LAB names no lab: start this with make test-lab")
	}
	flags := genericclioptions.NewConfigFlags(false)
	path := filepath.Join(folder, "kubeconfig")
	flags.KubeConfig, flags.Context = &path, &context
	cfg := Config{
		Access: flags, UserAgent: "runbook/lab " + t.Name(), FieldManager: "runbook-lab", Run: "LAB", Commands: labCommands,
	}
	if walled {
		cfg.WrapTransport = func(rt http.RoundTripper) http.RoundTripper { return wall{Reads(labCommands), rt} }
	}
	return driver{t, New(cfg), &fakeView{}}
}

type wall struct {
	refuses func(*http.Request, []byte) error
	next    http.RoundTripper
}

func (w wall) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	if err := w.refuses(r, body); err != nil {
		return nil, action.Errorf(action.CodeRefused, "%s %s: %w", r.Method, r.URL, err)
	}
	return w.next.RoundTrip(r)
}

func deploymentNamed(name, namespace string, replicas int) map[string]any {
	labels := map[string]any{"app": name}
	return map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{"name": name, "namespace": namespace, "labels": labels},
		"spec": map[string]any{
			"replicas": float64(replicas), "selector": map[string]any{"matchLabels": labels},
			"template": map[string]any{
				"metadata": map[string]any{"labels": labels},
				"spec":     map[string]any{"containers": []any{map[string]any{"name": "web", "image": "registry.example/web:1"}}},
			},
		},
	}
}

func namespaceNamed(name string) map[string]any {
	return map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name}}
}

func TestLabRealRun(t *testing.T) {
	d := lab(t, "lab-admin", false)
	ns := "flow-real"
	in := opts("namespace", ns)
	d.apply("delete", "namespace/"+ns)
	d.until("namespace/"+ns, opts("condition", "deleted"))

	d.apply("create", namespaceNamed(ns))
	create := d.act("create", deploymentNamed("web", ns, 2))
	sent := time.Now()
	made, err := create.Apply(t.Context(), action.Prediction{})
	require.NoError(t, err)
	require.Equal(t, "web", gjson.GetBytes(made.Value.(json.RawMessage), "metadata.name").String())
	d.settles(action.Done, create, action.Intent{Sent: sent})
	d.settles(action.Unknown, create, action.Intent{Sent: sent.Add(time.Hour)})
	_, err = create.Predict(t.Context(), d.view)
	require.Equal(t, action.CodeExists, action.CodeOf(err))
	d.until("deployment/web", in)

	scale := d.act("scale", "deployment/web", float64(4), in)
	p, err := scale.Predict(t.Context(), d.view)
	require.NoError(t, err)
	d.settles(action.NotDone, scale, action.Intent{Evidence: p.Evidence})
	result, err := scale.Apply(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, int64(2), result.Value)
	d.settles(action.Done, scale, action.Intent{Evidence: p.Evidence})
	again := d.act("scale", "deployment/web", float64(7), in)
	_, err = again.Apply(t.Context(), p)
	require.Equal(t, action.CodeConflict, action.CodeOf(err))
	require.ErrorContains(t, err, "spec.replicas was 2 when this was planned and is 4 now")
	d.until("deployment/web", opts("namespace", ns, "condition", "available"))

	pod := d.list("pods", in)[0]
	remove := d.act("delete", pod)
	require.Equal(t, action.Disruptive, remove.Describe().Risk)
	p, err = remove.Predict(t.Context(), d.view)
	require.NoError(t, err)
	d.settles(action.NotDone, remove, action.Intent{Evidence: p.Evidence})
	result, err = remove.Apply(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, true, result.Value)
	d.settles(action.Done, remove, action.Intent{Evidence: p.Evidence})
	d.until(pod, opts("condition", "deleted"))
	result, err = remove.Apply(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, false, result.Value)

	removeWeb := d.act("delete", "deployment/web", in)
	_, err = removeWeb.Apply(t.Context(), action.Prediction{Evidence: action.Evidence{UID: "11111111-2222-4333-8444-555555555555"}})
	require.Equal(t, action.CodeConflict, action.CodeOf(err))
	require.ErrorContains(t, err, "metadata.uid was 11111111")

	var reasons []string
	for _, raw := range d.list("events", opts("namespace", ns, "fields", "source=runbook")) {
		reasons = append(reasons, gjson.GetBytes(raw, "reason").String()+" "+gjson.GetBytes(raw, "message").String())
	}
	require.Contains(t, reasons, "RunbookScale scaled from 2 to 4 replicas by runbook run LAB for admin")

	d.apply("delete", "namespace/"+ns)
	d.until("namespace/"+ns, opts("condition", "deleted"))
}

func (d driver) settles(want action.Settlement, a action.Action, intent action.Intent) {
	d.t.Helper()
	got, err := a.Settle(d.t.Context(), intent)
	require.NoError(d.t, err)
	require.Equal(d.t, want.String(), got.String())
}

// until waits for real.
func (d driver) until(values ...any) {
	d.t.Helper()
	w := d.wait(values...)
	require.Eventually(d.t, func() bool {
		progress, err := w.Check(d.t.Context(), d.view)
		return err == nil && progress.Met
	}, 90*time.Second, 200*time.Millisecond)
}

func (d driver) rowOf(o object) map[string]any { return row(o, time.Now()) }

func hintOf(err error) string {
	var e *action.Error
	if errors.As(err, &e) {
		return e.Hint
	}
	return ""
}

// row shows what kubectl shows.
func TestLabRowIsWhatKubectlPrints(t *testing.T) {
	d := lab(t, "lab-admin", true)
	for kind, columns := range map[string]string{
		"pods":        "name ready status restarts age ip node",
		"deployments": "name ready up_to_date available",
		"replicasets": "name desired current ready",
		"nodes":       "name status roles age version",
		"namespaces":  "name status age",
	} {
		t.Run(kind, func(t *testing.T) {
			printed := kubectl(t, "get", kind, "-n", "photon-mlir", "--no-headers", "-o", "wide")
			items := d.list(kind, opts("namespace", "photon-mlir"))
			require.Len(t, printed, len(items))
			for i, raw := range items {
				o, err := glance(raw)
				require.NoError(t, err)
				cells, fields := d.rowOf(o), strings.Fields(timeless(printed[i]))
				for j, column := range strings.Fields(columns) {
					if column != "age" {
						require.Equal(t, fields[j], timeless(cells[column].(string)), "%s of %s", column, cells["name"])
					}
				}
			}
		})
	}
}

// timeless hides how long ago a restart was: a second may have passed between two looks.
func timeless(s string) string { return restartAge.ReplaceAllString(s, "(ago)") }

var restartAge = regexp.MustCompile(` \(\S+ ago\)`)

func kubectl(t *testing.T, args ...string) []string {
	command := exec.CommandContext(t.Context(), "kubectl", args...)
	command.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(os.Getenv("RUNBOOK_LAB"), "kubeconfig"))
	out, err := command.CombinedOutput()
	require.NoError(t, err, string(out))
	return lines(string(out))
}

func TestLabLogsAndExec(t *testing.T) {
	d := lab(t, "lab-admin", true)
	pod := d.list("pods", opts("selector", "app=photon-compiler"))[0]
	_, name := identity(pod)
	require.Equal(t, kubectl(t, "logs", name, "--tail=5"), d.read("logs", pod, opts("tail", float64(5))))
	_, err := d.tryRead("logs", pod, opts("container", "nope"))
	require.Equal(t, action.CodeRejected, action.CodeOf(err))
	require.Contains(t, hintOf(err), "its containers are compiler")

	out := d.read("exec", pod, []any{"echo", "hello", "there"}).(map[string]any)
	require.Equal(t, "hello there\n", out["stdout"])
	_, err = d.tryRead("exec", pod, []any{"false"})
	require.Equal(t, action.CodeCommand, action.CodeOf(err))
	require.ErrorContains(t, err, "exited with status 1")
	_, err = d.tryRead("exec", pod, []any{"no-such-program"})
	require.Equal(t, action.CodeCommand, action.CodeOf(err))

	touch := d.act("exec", pod, []any{"sh -c true"})
	p, err := touch.Predict(t.Context(), d.view)
	require.NoError(t, err)
	require.Equal(t, action.Assumed, p.Label)
	_, err = touch.Apply(t.Context(), p)
	require.Equal(t, action.CodeRefused, action.CodeOf(err), "the wall is under exec as well: %v", err)
}

func TestLabExecAsAnAction(t *testing.T) {
	d := lab(t, "lab-admin", false)
	pod := d.list("pods", opts("selector", "app=photon-compiler"))[0]
	result := d.apply("exec", pod, []any{"sh", "-c", "echo oops >&2; echo fine"})
	require.Equal(t, map[string]any{"stdout": "fine\n", "stderr": "oops\n", "exit_code": int64(0)}, result.Value)
	slow := d.act("exec", pod, []any{"sleep", "20"}, opts("timeout", "1s"))
	_, err := slow.Apply(t.Context(), action.Prediction{})
	require.Equal(t, action.CodeTimeout, action.CodeOf(err), "%v", err)
	_, err = d.act("exec", pod, []any{"no such"}).Apply(t.Context(), action.Prediction{})
	require.Contains(t, hintOf(err), `{ "no", "such" }`)
}

func TestLabRights(t *testing.T) {
	d := lab(t, "lab-viewer", false)
	wanted := append(d.m.Func("scale").Permits("deployments"), d.m.Func("delete").Permits("pods")...)
	denied, err := d.m.Denied(t.Context(), wanted)
	require.NoError(t, err)
	var verbs []string
	for _, p := range denied {
		verbs = append(verbs, p.Verb+" "+p.Path())
	}
	require.Equal(t, []string{"patch deployments/scale", "delete pods"}, verbs)

	_, err = d.act("scale", "deployment/photon-compiler", float64(5)).Predict(t.Context(), d.view)
	require.Equal(t, action.CodeForbidden, action.CodeOf(err))
	require.Equal(t, "ask whether you may: kubectl auth can-i patch deployments.apps --subresource=scale -n photon-mlir", hintOf(err))
	_, err = lab(t, "lab-oncall", false).act("create", namespaceNamed("mine")).Predict(t.Context(), d.view)
	require.Equal(t, action.CodeForbidden, action.CodeOf(err))
}

// Kinds that are not built in are found by any of their names.
func TestLabCustomKinds(t *testing.T) {
	d := lab(t, "lab-admin", false)
	d.apply("delete", "crd/widgets.runbook.test")
	d.until("crd/widgets.runbook.test", opts("condition", "deleted"))
	d.apply("create", map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": "widgets.runbook.test"},
		"spec": map[string]any{
			"group": "runbook.test", "scope": "Namespaced",
			"names": map[string]any{"kind": "Widget", "plural": "widgets", "singular": "widget", "shortNames": []any{"wd"}},
			"versions": []any{map[string]any{
				"name": "v1", "served": true, "storage": true,
				"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
			}},
		},
	})
	d.until("crd/widgets.runbook.test", opts("condition", "condition=Established"))
	widget := map[string]any{"apiVersion": "runbook.test/v1", "kind": "Widget", "metadata": map[string]any{"name": "w1"}}
	require.Eventually(t, func() bool {
		_, err := d.act("create", widget).Apply(t.Context(), action.Prediction{})
		return err == nil
	}, 30*time.Second, 200*time.Millisecond)
	for _, word := range []string{"widgets", "widget", "wd", "Widget", "widgets.runbook.test", "widgets.v1.runbook.test"} {
		require.Equal(t, []string{"w1"}, d.names(word), word)
	}
	item, err := decode(d.list("wd")[0])
	require.NoError(t, err)
	require.Equal(t, "Widget", workload.Text(item, "kind"))
	p := d.predict("delete", "widgets.runbook.test/w1")
	require.Equal(t, action.Validated, p.Label)
	require.Empty(t, d.names("wd"))
	_, err = d.tryRead("list", "widgetz")
	require.ErrorContains(t, err, `did you mean "widgets"?`)
	_, err = d.act("scale", d.listFirst("widgets"), float64(1)).Predict(t.Context(), &fakeView{})
	require.Equal(t, action.CodeRejected, action.CodeOf(err))
	d.apply("delete", "crd/widgets.runbook.test")
}

func (d driver) listFirst(kind string) json.RawMessage {
	d.view = &fakeView{}
	return d.list(kind)[0]
}

func TestLabSecretsStayInside(t *testing.T) {
	d := lab(t, "lab-admin", true)
	p := d.predict("create", map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "s"}, "stringData": map[string]any{"password": "hunter2"},
	})
	require.NotContains(t, string(toRaw(t, p)), "hunter2")
	require.NotContains(t, string(toRaw(t, p)), "aHVudGVyMg")
	values := 0
	for _, raw := range d.list("secrets") {
		gjson.GetBytes(raw, "data").ForEach(func(_, v gjson.Result) bool {
			require.Equal(t, concealed, v.String())
			values++
			return true
		})
	}
	require.Positive(t, values, "the site has a secret")
}
