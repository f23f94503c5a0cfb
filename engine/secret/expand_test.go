package secret

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReferencesInATextBecomeTheirSecrets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(path, []byte("from-file\n"), 0o600))
	t.Setenv("RUNBOOK_TEST_SECRET", "from-env")
	for text, want := range map[string]struct {
		expanded string
		secrets  []string
	}{
		"plain":                       {"plain", nil},
		"${env:RUNBOOK_TEST_SECRET}":  {"from-env", []string{"from-env"}},
		"Bearer ${file:" + path + "}": {"Bearer from-file", []string{"from-file"}},
		"${env:RUNBOOK_TEST_SECRET}/${file:" + path + "}": {"from-env/from-file", []string{"from-env", "from-file"}},
		"${HOME} $env:X": {"${HOME} $env:X", nil},
	} {
		expanded, secrets, err := Expand(text)
		require.NoError(t, err)
		assert.Equal(t, want.expanded, expanded)
		assert.Equal(t, want.secrets, secrets)
	}
	expanded, secrets, err := Expand("${env:RUNBOOK_TEST_SECRET} ${env:RUNBOOK_TEST_NONE}")
	require.ErrorContains(t, err, "the environment has no variable RUNBOOK_TEST_NONE")
	assert.Empty(t, expanded, "half of it is nothing")
	assert.Empty(t, secrets)
}
