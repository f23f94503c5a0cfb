package local

import (
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/files"
)

// Files of the kernel say that they are empty, or one page long, whatever is in them.
func TestTheEndOfAFileThatDoesNotSayHowLongItIs(t *testing.T) {
	found := ""
	for _, at := range []string{"/proc/kallsyms", "/proc/filesystems", "/sys/kernel/mm/transparent_hugepage/enabled"} {
		whole, err := os.ReadFile(at)
		if err != nil || len(whole) < 10 {
			continue
		}
		found = at
		for _, n := range []int64{3, 10, 1 << 30} {
			in, err := New().Open(t.Context(), at, -n)
			require.NoError(t, err)
			text, err := io.ReadAll(in)
			require.NoError(t, err)
			require.NoError(t, in.Close())
			if n > int64(len(whole)) {
				n = int64(len(whole))
			}
			require.Equal(t, string(whole[int64(len(whole))-n:]), string(text), at)
		}
	}
	require.NotEmpty(t, found)
}

// Who reads on where more may come does not wait for it.
func TestWhatMayHaveMoreIsNotWaitedFor(t *testing.T) {
	out, in, err := os.Pipe()
	require.NoError(t, err)
	_, err = in.WriteString("so far")
	require.NoError(t, err)
	log := impatient{out}
	text, err := io.ReadAll(log)
	require.Equal(t, "so far", string(text))
	require.Equal(t, action.CodeInvalid, action.CodeOf(files.Failed("read", "/proc/kmsg", err)))
	require.NoError(t, in.Close())
	text, err = io.ReadAll(log)
	require.NoError(t, err)
	require.Empty(t, text)
	require.NoError(t, log.Close())
}

// The log of the kernel has no end: who reads on waits. Mostly only root may read it.
func TestAFileWithoutAnEnd(t *testing.T) {
	in, err := New().Open(t.Context(), "/proc/kmsg", 0)
	if err == nil {
		_, err = io.Copy(io.Discard, in)
		require.NoError(t, in.Close())
		err = files.Failed("read", "/proc/kmsg", err)
	}
	require.Contains(t, []action.Code{action.CodeInvalid, action.CodeForbidden, action.CodeNotFound, action.CodeRejected}, action.CodeOf(err))
}
