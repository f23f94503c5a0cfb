package machine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

func TestMachinesAreFoundByName(t *testing.T) {
	s := Set[string]{Local: "here", Hosts: map[string]string{"rack-1": "rack", "bastion": "b"}}
	for name, want := range map[string]string{"": "here", "localhost": "here", "rack-1": "rack"} {
		got, err := s.On(name)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := s.On("rack-2")
	require.EqualError(t, err, `the site has no host "rack-2"; did you mean "rack-1"?`)
	require.Equal(t, action.CodeInvalid, action.CodeOf(err))
	require.Equal(t, []string{"localhost", "bastion", "rack-1"}, s.Names())
	require.Equal(t, Set[int]{Local: 4, Hosts: map[string]int{"rack-1": 4, "bastion": 1}}, Each(s, func(name string) int { return len(name) }))
}
