package journal

import (
	"testing"

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
