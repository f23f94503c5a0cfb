//go:build unix

package remote

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/files"
)

// feed gives a parser a text in pieces of a size.
func feed(p parser, text string, piece int) error {
	for len(text) > 0 {
		n := min(piece, len(text))
		if _, err := p.Write([]byte(text[:n])); err != nil {
			return err
		}
		text = text[n:]
	}
	return p.finish()
}

func TestRecordsComeInPieces(t *testing.T) {
	zeros := "f 644 5 8 1700000000.1234567890 1 2049:17 root www data\x00a\nb\x00\x00l 777 3 0 1700000001.0000000000 1 2049:18 root root\x00l\x00a b\x00"
	marks := "MARK=81a4 644 5 8 1700000000 1 2049:17 root root/./a\nb\nMARK=a1ff 777 3 0 1700000001 1 2049:18 root root/./l\nMARK>./lMARK>to\n\n"
	for piece := 1; piece < 40; piece++ {
		var found []files.Entry
		take := func(e files.Entry) error { found = append(found, e); return nil }
		require.NoError(t, feed(&zeroed{found: take}, zeros, piece))
		require.Equal(t, []files.Entry{
			{Path: "a\nb", Kind: files.File, Size: 5, Used: 4096, Modified: time.Unix(1700000000, 123456789), Mode: 0o644, Owner: "root", Group: "www data", Links: 1, ID: "2049:17"},
			{Path: "l", Kind: files.Link, Size: 3, Modified: time.Unix(1700000001, 0), Mode: 0o777, Owner: "root", Group: "root", Links: 1, ID: "2049:18", Target: "a b"},
		}, found)
		found = nil
		require.NoError(t, feed(&marked{mark: "MARK", found: take}, marks, piece))
		require.Len(t, found, 2)
		require.Equal(t, "a\nb", found[0].Path)
		require.Equal(t, "to\n", found[1].Target)
	}
	require.ErrorIs(t, feed(&zeroed{found: func(files.Entry) error { return nil }}, zeros[:60], 7), errRecord, "it was cut off")
}

func FuzzRecords(f *testing.F) {
	f.Add("f 644 5 8 1700000000.1 1 2049:17 root root\x00a\x00\x00", "MARK=81a4 644 5 8 1 1 1:1 root root/./a\nMARK>./aMARK>b\n", 3)
	f.Fuzz(func(t *testing.T, zeros, marks string, piece int) {
		take := func(e files.Entry) error {
			require.NotEmpty(t, e.Kind)
			return nil
		}
		_ = feed(&zeroed{found: take}, zeros, max(piece, 1)) // what matters is that it ends
		_ = feed(&marked{mark: "MARK", found: take}, marks, max(piece, 1))
		_, _, _, _, _ = row(zeros)
		_ = outcome("/", files.Change{Op: files.Remove}, marks)
	})
}
