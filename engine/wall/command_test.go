package wall

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/command"
)

// A recorder is a machine that remembers what it was told to run.
type recorder struct{ ran []string }

func (r *recorder) Machine(context.Context) (string, error) { return "recorder", nil }

func (r *recorder) Find(context.Context, string) (string, error) { return "/found", nil }

func (r *recorder) Run(_ context.Context, argv []string, _ command.Streams) (int, error) {
	r.ran = append(r.ran, strings.Join(argv, " "))
	return 7, nil
}

func TestOnlyCommandsThatLookAreRun(t *testing.T) {
	looking := action.Commands{{"df", "-h", "..."}, {"trivy", "image", "*"}}
	var refused []Refusal
	w := New(nil, func(r Refusal) { refused = append(refused, r) }).Letting(looking)
	machine := &recorder{}
	guard := w.Guard(machine)
	none := command.Streams{Stdout: io.Discard, Stderr: io.Discard}
	for _, argv := range [][]string{{"df", "-h"}, {"df", "-h", "/var"}, {"trivy", "image", "nginx"}} {
		code, err := guard.Run(t.Context(), argv, none)
		require.NoError(t, err)
		require.Equal(t, 7, code)
	}
	for _, argv := range [][]string{
		{"rm", "-rf", "/"}, {"df", "-h", "--output=x"}, {"trivy", "image", "--output=/etc/passwd"}, {"trivy", "image", "nginx", "-o"},
		{"sh", "-c", "df -h"}, {"./df", "-h"}, {"/bin/df", "-h"}, {"df -h"}, {"df"},
	} {
		_, err := guard.Run(t.Context(), argv, none)
		require.Equal(t, action.CodeRefused, action.CodeOf(err), argv)
		require.ErrorContains(t, err, "nothing was run")
	}
	_, err := guard.Run(t.Context(), []string{"df", "-h"}, command.Streams{Stdin: strings.NewReader("x")})
	require.Equal(t, action.CodeRefused, action.CodeOf(err), "what only looks is told nothing")
	require.Equal(t, []string{"df -h", "df -h /var", "trivy image nginx"}, machine.ran)
	require.EqualValues(t, 3, w.Passed())
	require.EqualValues(t, 10, w.Refused())
	require.Len(t, refused, 10)
	require.Equal(t, "rm", refused[0].Path, "no arguments: they may be secrets")
	path, err := guard.Find(t.Context(), "df")
	require.NoError(t, err)
	require.Equal(t, "/found", path)
}

func TestAWallThatWasToldOfNoCommandsRunsNone(t *testing.T) {
	machine := &recorder{}
	w := New(func(*http.Request, []byte) error { return nil }, nil)
	_, err := w.Guard(machine).Run(t.Context(), []string{"df", "-h"}, command.Streams{})
	require.Equal(t, action.CodeRefused, action.CodeOf(err))
	require.Empty(t, machine.ran)
}

func TestAHostHasReadsOfItsOwn(t *testing.T) {
	machine := &recorder{}
	w := New(nil, nil).Letting(action.Commands{{"df", "-h"}})
	rack, other := w.GuardLetting(machine, action.Commands{{"photon-debug", "--list-devices"}}), w.Guard(machine)
	for _, argv := range [][]string{{"df", "-h"}, {"photon-debug", "--list-devices"}} {
		_, err := rack.Run(t.Context(), argv, command.Streams{})
		require.NoError(t, err)
	}
	_, err := rack.Run(t.Context(), []string{"photon-debug", "--list-devices"}, command.Streams{Stdin: strings.NewReader("")})
	require.Equal(t, action.CodeRefused, action.CodeOf(err))
	_, err = other.Run(t.Context(), []string{"photon-debug", "--list-devices"}, command.Streams{})
	require.Equal(t, action.CodeRefused, action.CodeOf(err))
	require.Equal(t, []string{"df -h", "photon-debug --list-devices"}, machine.ran)
}
