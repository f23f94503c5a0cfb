package journal

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

func TestARunIsFoundByWhatAPersonTypes(t *testing.T) {
	base := t.TempDir()
	ids := []string{"20261123-232200-x7k2", "20261123-232200-x7k3", "20261124-000000-aaaa", "20261125-000000-aaaa", "20261125-000000-aaab"}
	for _, id := range ids {
		store(t, base, id)
	}
	for _, c := range []struct {
		name, want, fault string
		code              action.Code
	}{
		{name: ids[0], want: ids[0]},
		{name: "20261124", want: ids[2]},
		{name: "last", want: ids[4]},
		{name: "20261123-2322", fault: `2 runs begin with "20261123-2322": 20261123-232200-x7k3, 20261123-232200-x7k2`, code: action.CodeInvalid},
		{name: "2026", fault: "and 2 more", code: action.CodeInvalid},
		{name: "2027", fault: `there is no run "2027"`, code: action.CodeNotFound},
		{name: "", fault: `there is no run ""`, code: action.CodeNotFound},
		{name: "../" + ids[0], fault: "there is no run", code: action.CodeNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Find(base, c.name)
			if c.fault != "" {
				require.ErrorContains(t, err, c.fault)
				assert.Equal(t, c.code, action.CodeOf(err))
				return
			}
			require.NoError(t, err)
			assert.Equal(t, DirOf(base, c.want), d)
		})
	}
	_, err := Find(t.TempDir(), "last")
	assert.ErrorContains(t, err, "nothing was run yet")
}

func TestRunsOfOneSecondAreInTheirOrder(t *testing.T) {
	base := t.TempDir()
	began := map[string]time.Duration{"20261124-000000-aaaa": 0, "20261123-232200-aaaa": 3, "20261123-232200-baaa": 1, "20261123-232200-caaa": 2, "20261123-000000-aaaa": 5}
	for id, after := range began {
		f, err := Create(base, id)
		require.NoError(t, err)
		head := runRecord()
		head.Time = noon.Add(after * time.Millisecond)
		require.NoError(t, f.Write(head))
		require.NoError(t, f.Close())
	}
	require.NoError(t, os.Mkdir(string(DirOf(base, "20261123-232200-zzzz")), 0o700))
	dirs, err := History(base)
	require.NoError(t, err)
	var got []string
	for _, d := range dirs {
		got = append(got, d.ID())
	}
	assert.Equal(t, []string{"20261124-000000-aaaa", "20261123-232200-aaaa", "20261123-232200-caaa", "20261123-232200-baaa",
		"20261123-232200-zzzz", "20261123-000000-aaaa"}, got)
}
