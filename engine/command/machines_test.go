package command

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

// named is a machine that has nothing but its name.
type named string

func (n named) Machine() (string, error)                          { return string(n), nil }
func (named) Find(context.Context, string) (string, error)        { return "", nil }
func (named) Run(context.Context, []string, Streams) (int, error) { return 0, nil }

func TestMachinesAreFoundByName(t *testing.T) {
	m := Machines{Local: named("here"), Hosts: map[string]Runner{"rack-1": named("rack"), "bastion": named("b")}}
	for name, want := range map[string]Runner{"": named("here"), "localhost": named("here"), "rack-1": named("rack")} {
		got, err := m.On(name)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := m.On("rack-2")
	require.EqualError(t, err, `the site has no host "rack-2"; did you mean "rack-1"?`)
	require.Equal(t, action.CodeInvalid, action.CodeOf(err))
	require.Equal(t, []string{"localhost", "bastion", "rack-1"}, m.Names())
	behind := m.Each(func(r Runner) Runner { return named("behind " + string(r.(named))) })
	require.Equal(t, Machines{Local: named("behind here"), Hosts: map[string]Runner{"rack-1": named("behind rack"), "bastion": named("behind b")}}, behind)
}
