package host

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/files"
)

// What was done in part is said wherever a run says what it changed, and what is gone did not stay.
func TestWhatCameOfManyChanges(t *testing.T) {
	var r result
	for path, err := range map[string]error{
		"a": nil, "b": nil,
		"c": action.Errorf(action.CodeNotFound, "cannot look at c: there is no such file or folder"),
		"d": action.Errorf(action.CodeConflict, "did not remove d: another file is in its place now"),
	} {
		r.note(files.Remove, files.Entry{Path: path}, err)
	}
	require.NoError(t, r.failure("removed"))
	require.Equal(t, "; 1 entry had changed meanwhile, and stayed: did not remove d: another file is in its place now; 1 entry had gone meanwhile", r.remark())
	require.Len(t, r.left, 1)
	r.note(files.Remove, files.Entry{Path: "e"}, errors.New("no"))
	var failed *action.Error
	require.ErrorAs(t, r.partly("removed", r.failure("removed")), &failed)
	require.Equal(t, "removed 2 entries", failed.Partly)
	require.Equal(t, "removed 2 entries, and 1 entry could not be: no", failed.Message)
}
