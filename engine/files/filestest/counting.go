package filestest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/files"
)

// counted is what is counted below a folder of the base, held to what is found there.
func (s Site) counted(t *testing.T, root string, stay bool) files.Usage {
	t.Helper()
	got, err := s.System.Usage(t.Context(), s.at(root), stay)
	require.NoError(t, err)
	want, err := files.Count(t.Context(), s.System, s.at(root), stay)
	require.NoError(t, err)
	require.Equal(t, want, got)
	return got
}

var counting = []testCase{
	{"how much there is", append(oddItems(), cache...), func(t *testing.T, s Site) {
		u := s.counted(t, Root, false)
		require.EqualValues(t, len(odd)+1+4, u.Files)
		require.EqualValues(t, 4, u.Folders)
		require.EqualValues(t, 1, u.Links)
		require.EqualValues(t, 0, u.Others)
		size := int64(16 + len("../outside") + len("in"))
		for _, name := range odd {
			size += int64(len(name))
		}
		require.Equal(t, size, u.Size)
		require.Positive(t, u.Used)
		require.Equal(t, u, s.counted(t, Root, true))
		require.Equal(t, u, s.counted(t, "/way", false), "a root that is a link is looked through")
		require.Equal(t, files.Usage{}, s.counted(t, "/root/empty", false))
		require.EqualValues(t, 1, s.counted(t, "/root/-d\n", true).Files)
	}},
	{"how much there is where nothing is", nil, func(t *testing.T, s Site) {
		_, err := s.System.Usage(t.Context(), s.at("/none"), false)
		failsWith(t, err, action.CodeNotFound, "/none", "there is no such file or folder")
		_, err = s.System.Usage(t.Context(), s.at("/root/new.bin"), true)
		failsWith(t, err, action.CodeInvalid, "no folder")
	}},
}
