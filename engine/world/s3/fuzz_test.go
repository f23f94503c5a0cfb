package s3

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// A body that was put in chunks comes out of them as it was, and what is no such body never comes out as more than there is.
func FuzzUnchunk(f *testing.F) {
	f.Add([]byte("hello"), []byte("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"))
	f.Add([]byte(""), []byte("ffffffffffffffff\r\n"))
	f.Fuzz(func(t *testing.T, body, raw []byte) {
		if out, _, err := unchunk(raw); err == nil {
			require.LessOrEqual(t, len(out), len(raw))
		}
		var chunked bytes.Buffer
		for rest := body; len(rest) > 0; {
			some := rest[:min(3, len(rest))]
			fmt.Fprintf(&chunked, "%x\r\n%s\r\n", len(some), some)
			rest = rest[len(some):]
		}
		chunked.WriteString("0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n")
		out, trailer, err := unchunk(chunked.Bytes())
		require.NoError(t, err)
		require.True(t, bytes.Equal(body, out))
		require.Equal(t, "NhCmhg==", trailer.Get("X-Amz-Checksum-Crc32"))
	})
}

// A range lies within what there is, or cannot be satisfied.
func FuzzByteRange(f *testing.F) {
	for _, header := range []string{"bytes=0-1", "bytes=-5", "bytes=7-", "bytes=5-2", "bytes=-0", "bytes=99999999999999999999-"} {
		f.Add(header, int64(10))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			return
		}
		from, to, ok := byteRange(header, size)
		if ok && from < size && to >= from {
			require.GreaterOrEqual(t, from, int64(0))
			require.Less(t, to, size)
		}
	})
}
