//go:build unix

package local

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/files"
)

// many are the files of a large cache.
const many = 200_000

// largeTree makes many files in folders of a thousand, of which every hundredth is old, or takes those that stand in a folder.
func largeTree(b testing.TB, perFolder int) string {
	root := b.TempDir()
	old := time.Now().Add(-8 * 24 * time.Hour)
	for i := range many {
		folder := filepath.Join(root, fmt.Sprintf("%03d", i/perFolder))
		if i%perFolder == 0 {
			require.NoError(b, os.Mkdir(folder, 0o700))
		}
		path := filepath.Join(folder, fmt.Sprintf("entry-%06d.bin", i))
		f, err := os.Create(path)
		require.NoError(b, err)
		require.NoError(b, f.Close())
		if i%100 == 0 {
			require.NoError(b, os.Chtimes(path, old, old))
		}
	}
	return root
}

func BenchmarkWalk(b *testing.B) {
	for _, perFolder := range []int{1000, many} {
		b.Run(fmt.Sprintf("%d a folder", perFolder), func(b *testing.B) {
			root := largeTree(b, perFolder)
			only := files.Filter{Kinds: []files.Kind{files.File}, Before: time.Now().Add(-7 * 24 * time.Hour)}
			b.ResetTimer()
			for b.Loop() {
				found := 0
				_, err := New().Walk(b.Context(), root, only, func(list []files.Entry) error {
					found += len(list)
					return nil
				})
				require.NoError(b, err)
				require.Equal(b, many/100, found)
			}
		})
	}
}
