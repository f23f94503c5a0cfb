package cluster

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"

	"runbook/engine/workload"
	"runbook/engine/world/scenario"
)

// running is a pod with a container that runs, one that waits, and one that has been restarted.
const running = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"shop","labels":{"app":"web"}},` +
	`"spec":{"nodeName":"n1","containers":[{"name":"a","image":"i:1"},{"name":"b","image":"i:1"},{"name":"c","image":"i:1"}]},` +
	`"status":{"phase":"Running","containerStatuses":[` +
	`{"name":"a","image":"i:1","imageID":"","ready":true,"restartCount":0,"state":{"running":{}}},` +
	`{"name":"b","image":"i:1","imageID":"","ready":false,"restartCount":0,"state":{"waiting":{"reason":"ImagePullBackOff"}}},` +
	`{"name":"c","image":"i:1","imageID":"","ready":false,"restartCount":3,"state":{"waiting":{"reason":"CrashLoopBackOff"}},` +
	`"lastState":{"terminated":{"exitCode":1}}}]}}`

func TestLogs(t *testing.T) {
	s := newSite(t)
	s.apply(running, pod("new", ""))
	line := func(second int, text string) Line { return Line{began.Add(time.Duration(second) * time.Second), text} }
	s.life.lines = map[string][]Line{
		"p/a": {line(-60, "one"), line(-30, "two"), line(-1, "three")}, "p/c/previous": {line(-5, "crash")},
	}
	for query, want := range map[string]string{
		"container=a":                                "one\ntwo\nthree\n",
		"container=a&tailLines=2":                    "two\nthree\n",
		"container=a&tailLines=0":                    "",
		"container=a&sinceSeconds=30":                "two\nthree\n",
		"container=a&sinceTime=2026-11-24T02:59:59Z": "three\n",
		"container=a&limitBytes=5":                   "one\nt",
		"container=a&tailLines=1&timestamps=true":    "2026-11-24T02:59:59.000000000Z three\n",
		"container=c":                                "crash\n",
		"container=c&previous=true":                  "crash\n",
	} {
		r := s.ask("GET", pods+"/p/log?"+query, "", "Accept: */*")
		require.Equal(t, 200, r.code, r.body)
		require.Equal(t, want, r.body, query)
	}
	require.Equal(t, 204, s.ask("GET", pods+"/new/log", "").code)
	for query, want := range map[string]string{
		"container=x":               `container x is not valid for pod p`,
		"":                          `a container name must be specified for pod p, choose one of: [a b c]`,
		"container=b":               `container "b" in pod "p" is waiting to start: trying and failing to pull image`,
		"container=a&previous=true": `previous terminated container "a" in pod "p" not found`,
	} {
		r := s.ask("GET", pods+"/p/log?"+query, "")
		require.Equal(t, 400, r.code)
		require.Equal(t, want, r.text("message"))
		require.Equal(t, "BadRequest", r.text("reason"))
	}
	require.Equal(t, 422, s.ask("GET", pods+"/p/log?container=a&tailLines=-1", "").code)
	require.Equal(t, 404, s.ask("GET", pods+"/none/log", "").code)
}

func TestFollowingALog(t *testing.T) {
	s := newSite(t)
	s.apply(running)
	s.life.lines = map[string][]Line{"p/a": {{began, "one"}}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.URL+pods+"/p/log?container=a&follow=true", nil)
	require.NoError(t, err)
	response, err := s.server.Client().Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	got := make([]byte, 4)
	_, err = response.Body.Read(got)
	require.NoError(t, err)
	require.Equal(t, "one\n", string(got))
	s.lock.Lock()
	s.life.lines["p/a"] = append(s.life.lines["p/a"], Line{began, "two"})
	s.lock.Unlock()
	ended := replaced(running, `"state":{"running":{}}`, `"state":{"terminated":{"exitCode":0}}`)
	s.apply(ended)
	var rest bytes.Buffer
	_, err = rest.ReadFrom(response.Body)
	require.NoError(t, err)
	require.Equal(t, "two\n", rest.String())
}

func (s *site) exec(query url.Values) (stdout, stderr string, err error) {
	query.Set("stdout", "true")
	query.Set("stderr", "true")
	executor, err := remotecommand.NewWebSocketExecutor(s.config, http.MethodGet, s.server.URL+pods+"/p/exec?"+query.Encode())
	require.NoError(s.t, err)
	var out, complaints bytes.Buffer
	err = executor.StreamWithContext(s.t.Context(), remotecommand.StreamOptions{Stdout: &out, Stderr: &complaints})
	return out.String(), complaints.String(), err
}

func TestExec(t *testing.T) {
	s := newSite(t)
	s.section.Commands = []scenario.Command{
		{Pods: "app=db", Answer: scenario.Answer{Argv: []string{"df", "-h"}, Stdout: "not this one"}},
		{Container: "a", Answer: scenario.Answer{Argv: []string{"df", "-h"}, Stdout: "90%\n", Takes: time.Minute}},
		{Answer: scenario.Answer{Argv: []string{"check", "*"}, Stderr: "broken\n", ExitCode: 3}},
	}
	s.apply(running)
	slept := time.Duration(0)
	s.c.cfg.Sleep = func(_ context.Context, d time.Duration) error { slept += d; return nil }

	out, _, err := s.exec(url.Values{"container": {"a"}, "command": {"df", "-h"}})
	require.NoError(t, err)
	require.Equal(t, "90%\n", out)
	require.Equal(t, time.Minute, slept)
	_, complaint, err := s.exec(url.Values{"container": {"a"}, "command": {"check", "disk"}})
	var exit exec.CodeExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 3, exit.Code)
	require.Equal(t, "broken\n", complaint)
	_, complaint, err = s.exec(url.Values{"container": {"a"}, "command": {"rm", "-rf"}})
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 127, exit.Code)
	require.Contains(t, complaint, `exec: "rm": executable file not found in $PATH`)

	_, _, err = s.exec(url.Values{"container": {"x"}, "command": {"df"}})
	require.ErrorContains(t, err, "container x is not valid for pod p")
	_, _, err = s.exec(url.Values{"container": {"b"}, "command": {"df"}})
	require.ErrorContains(t, err, `container not found ("b")`)
	r := s.ask("POST", pods+"/p/exec?container=a&command=df", "", "Upgrade: SPDY/3.1", "Connection: Upgrade")
	require.Equal(t, 400, r.code)
	require.Contains(t, r.text("message"), "Upgrade request required")

	s.apply(viewer, `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"peek","namespace":"shop"},`+
		`"rules":[{"apiGroups":[""],"resources":["pods/exec"],"verbs":["get"]}]}`,
		`{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"peek","namespace":"shop"},`+
			`"roleRef":{"kind":"Role","name":"peek"},"subjects":[{"kind":"User","name":"viewer"}]}`)
	s.as("viewer")
	_, _, err = s.exec(url.Values{"container": {"a"}, "command": {"df", "-h"}})
	require.ErrorContains(t, err, `cannot create resource "pods/exec"`)
	require.NotErrorAs(t, err, &exit)
}

func TestUsage(t *testing.T) {
	s := newSite(t)
	s.apply(running, pod("idle", ""), `{"apiVersion":"v1","kind":"Node","metadata":{"name":"n1","labels":{"zone":"a"}},"status":{"capacity":{"cpu":"4"}}}`)
	s.life.used = map[string][2]string{"p": {"300m", "96Mi"}}
	r := s.ask("GET", "/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods", "")
	require.Equal(t, "PodMetricsList", r.text("kind"))
	require.Equal(t, []string{"p"}, r.names())
	first := workload.Maps(workload.Maps(r.object, "items")[0], "containers")[0]
	require.Equal(t, "a", first["name"])
	require.Equal(t, Object{"cpu": "100m", "memory": "32Mi"}, first["usage"])
	r = s.ask("GET", "/apis/metrics.k8s.io/v1beta1/nodes?labelSelector=zone", "")
	require.Equal(t, Object{"cpu": "300m", "memory": "96Mi"}, workload.Maps(r.object, "items")[0]["usage"])
	r = s.ask("GET", "/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods/idle", "")
	require.Equal(t, 404, r.code)
	require.Equal(t, `pods.metrics.k8s.io "shop/idle" not found`, r.text("message"))
	require.Equal(t, 405, s.ask("DELETE", "/apis/metrics.k8s.io/v1beta1/nodes/n1", "").code)
}
