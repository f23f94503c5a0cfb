package kubernetes

import (
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

// What is read from pods and run in them.

// The binding reads the log that the server has.
func flowLogs(s *site) {
	d := s.driver("viewer", true)
	pod := d.list("pods", opts("selector", "app=photon-compiler"))[0]
	_, name := identity(pod)
	path := "/api/v1/namespaces/photon-mlir/pods/" + name + "/log"
	served := s.ask(s.Context(), "viewer", call{method: "GET", path: path + "?tailLines=5"})
	require.Equal(s, 200, served.code, string(served.body))
	want := lines(string(served.body))
	require.Len(s, want, 5)
	require.Equal(s, want, d.read("logs", pod, opts("tail", float64(5))))
	all := d.read("logs", pod).([]string)
	require.Greater(s, len(all), 5)
	require.Equal(s, want, all[len(all)-5:])
	_, err := d.tryRead("logs", pod, opts("container", "nope"))
	require.Equal(s, action.CodeRejected, action.CodeOf(err))
	require.Contains(s, hintOf(err), "its containers are compiler")
	_, err = d.tryRead("logs", pod, opts("previous", true))
	require.Error(s, err, "nothing ran before")
}

// Which part of a log is asked for.
func logOptions(s *site) {
	name := s.must("GET", "/api/v1/namespaces/photon-mlir/pods?labelSelector=app%3Dphoton-compiler").Get("items.0.metadata.name").String()
	log := func(query string) string {
		got := s.ask(s.Context(), "oncall", call{method: "GET", path: "/api/v1/namespaces/photon-mlir/pods/" + name + "/log" + query})
		require.Equal(s, 200, got.code, string(got.body))
		require.Equal(s, "text/plain", got.header.Get("Content-Type"))
		return string(got.body)
	}
	whole := log("")
	all := strings.SplitAfter(whole, "\n")
	all = all[:len(all)-1] // the last one ends, too
	require.Greater(s, len(all), 5)
	require.Equal(s, whole, log("?container=compiler"))
	require.Equal(s, strings.Join(all[len(all)-2:], ""), log("?tailLines=2"))
	require.Equal(s, whole, log("?tailLines=100000"))
	require.Empty(s, log("?tailLines=0"))
	require.Equal(s, whole[:10], log("?limitBytes=10"))
	require.Equal(s, all[len(all)-2][:5], log("?tailLines=2&limitBytes=5"))
	require.Empty(s, log("?sinceTime="+s.now().Add(time.Hour).UTC().Format(time.RFC3339)))
	require.Equal(s, whole, log("?sinceSeconds=1000000"))
	at, text, found := strings.Cut(log("?timestamps=true&tailLines=1"), " ")
	require.True(s, found)
	require.Equal(s, all[len(all)-1], text)
	written, err := time.Parse(time.RFC3339Nano, at)
	require.NoError(s, err)
	require.False(s, written.After(s.now()), at)
}

func flowExec(s *site) {
	d := s.driver("admin", true)
	pod := d.list("pods", opts("selector", "app=photon-compiler"))[0]
	out := d.read("exec", pod, []any{"echo", "hello", "there"}).(map[string]any)
	require.Equal(s, "hello there\n", out["stdout"])
	_, err := d.tryRead("exec", pod, []any{"false"})
	require.Equal(s, action.CodeCommand, action.CodeOf(err))
	require.ErrorContains(s, err, "exited with status 1")
	_, err = d.tryRead("exec", pod, []any{"no-such-program"})
	require.Equal(s, action.CodeCommand, action.CodeOf(err))

	touch := d.act("exec", pod, []any{"sh -c true"})
	p, err := touch.Predict(s.Context(), d.view)
	require.NoError(s, err)
	require.Equal(s, action.Assumed, p.Label)
	_, err = touch.Apply(s.Context(), p)
	require.Equal(s, action.CodeRefused, action.CodeOf(err), "the wall is under exec as well: %v", err)
}

func flowExecAction(s *site) {
	d := s.driver("admin", false)
	pod := d.list("pods", opts("selector", "app=photon-compiler"))[0]
	result := d.apply("exec", pod, []any{"sh", "-c", "echo oops >&2; echo fine"})
	require.Equal(s, map[string]any{"stdout": "fine\n", "stderr": "oops\n", "exit_code": int64(0)}, result.Value)
	_, err := d.act("exec", pod, []any{"no such"}).Apply(s.Context(), action.Prediction{})
	require.Contains(s, hintOf(err), `{ "no", "such" }`)
}
