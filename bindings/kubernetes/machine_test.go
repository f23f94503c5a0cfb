package kubernetes

import (
	"bytes"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/command/shell"
)

// flowMachine is what is relied on of a pod that is a host.
func flowMachine(s *site) {
	at := func(walled bool, h PodHost) command.Runner {
		h.Name = "toolbox"
		return NewMachine(s.moduleConfig("admin", walled), h)
	}
	run := func(m command.Runner, argv ...string) (stdout, stderr string, code int, err error) {
		var out, complaints bytes.Buffer
		code, err = m.Run(s.Context(), argv, command.Streams{Stdout: &out, Stderr: &complaints})
		return out.String(), complaints.String(), code, err
	}
	m := at(true, PodHost{Pod: "deployment/photon-compiler"})
	out, _, code, err := run(m, "echo", "hello", "there")
	require.NoError(s, err)
	require.Zero(s, code)
	require.Equal(s, "hello there\n", out)
	_, _, code, err = run(m, "false")
	require.NoError(s, err)
	require.Equal(s, 1, code)
	_, _, _, err = run(m, "no-such-program")
	require.Equal(s, action.CodeNotFound, action.CodeOf(err))
	path, err := m.Find(s.Context(), "echo")
	require.NoError(s, err)
	require.Equal(s, "/usr/bin/echo", path)
	path, err = m.Find(s.Context(), "no-such-program")
	require.NoError(s, err)
	require.Empty(s, path)
	name, err := m.Machine(s.Context())
	require.NoError(s, err)
	pod := s.must("GET", "/api/v1/namespaces/photon-mlir/pods?labelSelector=app%3Dphoton-compiler").Get("items.0.metadata")
	require.Equal(s, "pods/"+pod.Get("name").String()+" in photon-mlir, uid "+pod.Get("uid").String(), name, "the first by its name")

	_, _, _, err = run(m, "sh", "-c", "echo oops >&2; echo fine")
	require.Equal(s, action.CodeRefused, action.CodeOf(err), "%v", err)
	out, complaint, code, err := run(at(false, PodHost{Pod: "pod/" + pod.Get("name").String(), Container: "compiler"}), "sh", "-c", "echo oops >&2; echo fine")
	require.NoError(s, err)
	require.Zero(s, code)
	require.Equal(s, "fine\n", out)
	require.Equal(s, "oops\n", complaint)

	for pod, why := range map[string]string{
		"pod/none":        "the host toolbox is of pods/none in photon-mlir, which does not exist",
		"deployment/none": "the host toolbox is of deployments/none in photon-mlir, which does not exist",
	} {
		_, _, _, err = run(at(true, PodHost{Pod: pod}), "echo")
		require.EqualError(s, err, why)
		require.Equal(s, action.CodeNotFound, action.CodeOf(err))
	}
	_, _, _, err = run(at(true, PodHost{Pod: "pod/" + pod.Get("name").String(), Container: "none"}), "echo", "hello", "there")
	require.Equal(s, action.CodeRejected, action.CodeOf(err), "%v", err)
	viewer := NewMachine(s.moduleConfig("viewer", false), PodHost{Name: "toolbox", Pod: "deployment/photon-compiler"})
	_, _, _, err = run(viewer, "echo", "hello", "there")
	require.Equal(s, action.CodeForbidden, action.CodeOf(err), "%v", err)
}

func TestWhatLooksOnAHostThatIsAPod(t *testing.T) {
	reads := Reads(action.Commands{{"df", "-h"}}, action.Commands{{"photon-debug", "--list-devices"}})
	ask := func(argv []string, more string) error {
		address := "https://x/api/v1/namespaces/n/pods/p/exec?stdout=true&" + more + "&" + url.Values{"command": argv}.Encode()
		return reads(&http.Request{Method: http.MethodGet, URL: mustURL(t, address), Header: http.Header{}}, nil)
	}
	supervised := func(w shell.Want, argv ...string) []string { return shell.Words(w, argv...) }
	for name, argv := range map[string][]string{
		"a command": supervised(shell.Run, "df", "-h"), "one of the host's": supervised(shell.Run, "photon-debug", "--list-devices"),
		"a program": supervised(shell.Find, "rm"), "the name": supervised(shell.Name),
	} {
		require.NoError(t, ask(argv, "stdin=true"), name)
	}
	changed := supervised(shell.Run, "df", "-h")
	changed[4] += " ; rm -r /"
	for name, argv := range map[string][]string{
		"another command": supervised(shell.Run, "df"), "with input": supervised(shell.Feed, "df", "-h"), "an end": supervised(shell.End, "1"),
		"no command": supervised(shell.Run), "another text": changed, "no supervision": {"photon-debug", "--list-devices"},
	} {
		require.Error(t, ask(argv, "stdin=true"), name)
	}
	require.ErrorContains(t, ask(supervised(shell.Run, "df", "-h"), "tty=true"), "with tty")
	require.Error(t, ask([]string{"df", "-h"}, "stdin=true"))
}

func TestRightsOfAHostThatIsAPod(t *testing.T) {
	texts := func(h PodHost) (out []string) {
		for _, p := range MachinePermissions(h) {
			out = append(out, p.Verb+" "+p.Path()+" "+p.Scope)
		}
		return out
	}
	require.Equal(t, []string{"get pods n", "create pods/exec n"}, texts(PodHost{Pod: "pod/x", Namespace: "n"}))
	require.Equal(t, []string{"get pods ", "create pods/exec ", "get deployments ", "list pods "}, texts(PodHost{Pod: "deployment/x"}))
}
