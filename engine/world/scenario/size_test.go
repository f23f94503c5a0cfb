package scenario

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A size is spelt as a number or as a text, wherever there is one.
func TestSizes(t *testing.T) {
	s, err := Shelves{}.Inline([]byte(`
host:
  files: [{path: /a, size: 3GiB}, {path: /b, size: 12}, {path: /c, size: "12"}]
  disks: {/: {size: 1.5TB, used: 20kB}}
s3: {buckets: {box: {objects: [{key: a, size: 4096}, {key: b, size: 1MiB}, {key: c, content: x}]}}}
`), "a test")
	require.NoError(t, err)
	require.Equal(t, []Size{3 << 30, 12, 12}, []Size{s.Host.Files[0].Size, s.Host.Files[1].Size, s.Host.Files[2].Size})
	require.Equal(t, Disk{Size: 1_500_000_000_000, Used: 20_000}, s.Host.Disks["/"])
	require.Equal(t, []Size{4096, 1 << 20, 0}, []Size{s.S3.Buckets["box"].Objects[0].Size, s.S3.Buckets["box"].Objects[1].Size, s.S3.Buckets["box"].Objects[2].Size})
}
