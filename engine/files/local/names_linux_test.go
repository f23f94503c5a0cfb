package local

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// What is looked at by a listed name is what has that name, however long it is and whatever stands after it in what was read.
func TestListedNamesAreLookedAt(t *testing.T) {
	root := t.TempDir()
	want := map[string]uint64{}
	for length := 1; length <= 255; length++ {
		text := strings.Repeat("ä\xff", 100)[:length]
		require.NoError(t, os.WriteFile(filepath.Join(root, text), nil, 0o600))
		var st unix.Stat_t
		require.NoError(t, unix.Lstat(filepath.Join(root, text), &st))
		want[text] = st.Ino
	}
	in, err := openFolder(root)
	require.NoError(t, err)
	defer in.close()
	got := map[string]uint64{}
	into := &listing{buffer: make([]byte, 4<<10)} // several times for all of them
	for {
		names, err := in.names(into)
		require.NoError(t, err)
		if len(names) == 0 {
			break
		}
		for i := range names {
			var st unix.Stat_t
			require.NoError(t, in.statListed(&names[i], &st))
			got[strings.Clone(names[i].text)] = st.Ino
		}
	}
	require.Equal(t, want, got)
}
