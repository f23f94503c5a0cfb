package remote

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/command/ssh"
	"runbook/engine/command/ssh/sshtest"
	"runbook/engine/files"
)

// A large tree is searched on its machine, and what is not wanted stays there.
func BenchmarkFindOverSSH(b *testing.B) {
	const folders, each = 200, 1000
	root, old := b.TempDir(), time.Now().Add(-8*24*time.Hour)
	for i := range folders * each {
		at := filepath.Join(root, fmt.Sprintf("%03d/entry-%06d.bin", i%folders, i))
		if i < folders {
			require.NoError(b, os.Mkdir(filepath.Dir(at), 0o700))
		}
		if i%100 == 0 {
			at += ".old"
		}
		require.NoError(b, os.WriteFile(at, nil, 0o600))
		if i%100 == 0 {
			require.NoError(b, os.Chtimes(at, old, old))
		}
	}
	server := sshtest.New(b)
	host := ssh.New(ssh.Config{Name: "rack-1", Destination: sshtest.Alias, ConfigFile: server.Config})
	b.Cleanup(func() { require.NoError(b, host.Close()) })
	system := New(host.Machine())
	for name, only := range map[string]files.Filter{
		"all": {}, "by name": {Names: []string{"*.old"}}, "by age": {Kinds: []files.Kind{files.File}, Before: time.Now().Add(-7 * 24 * time.Hour)},
		"by size": {Kinds: []files.Kind{files.File}, AtLeast: 1},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, err := system.Walk(b.Context(), root, only, func([]files.Entry) error { return nil })
				require.NoError(b, err)
			}
		})
	}
}
