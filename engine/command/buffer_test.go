package command

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func openly(text string) string { return text }

func written(t *testing.T, limit int, parts ...string) *Buffer {
	b := NewBuffer(limit)
	for _, p := range parts {
		n, err := b.Write([]byte(p))
		require.NoError(t, err)
		require.Equal(t, len(p), n, "the command is not held up")
	}
	return b
}

func TestOutputIsBounded(t *testing.T) {
	text, truncated := written(t, 5, "abc", "abc", "abc").Text(openly)
	require.Equal(t, "abcab", text)
	require.True(t, truncated)
	text, truncated = written(t, 5, "abc", "ab").Text(openly)
	require.Equal(t, "abcab", text)
	require.False(t, truncated, "all of it is there")
	endless := NewBuffer(1 << 10)
	for range 1 << 10 {
		_, err := endless.Write(make([]byte, 1<<10))
		require.NoError(t, err)
	}
	require.LessOrEqual(t, endless.kept.Len(), 1<<10+margin)
	text, truncated = written(t, 4, "aaaü").Text(openly)
	require.Equal(t, "aaa", text, "no half letter")
	require.True(t, truncated)
}

func TestASecretIsNotCutInTwo(t *testing.T) {
	clean := func(s string) string { return strings.ReplaceAll(s, "hunter22", "[secret]") }
	text, _ := written(t, 9, "pw: hunter22 and more").Text(clean)
	require.Equal(t, "pw: [secr", text)
	text, truncated := written(t, 90, "pw: hunter22").Text(clean)
	require.Equal(t, "pw: hunter22", text, "a script gets what there is; every record is cleaned")
	require.False(t, truncated)
	o := NewOutput(90)
	_, err := o.Streams().Stderr.Write([]byte("pw: hunter22"))
	require.NoError(t, err)
	require.Equal(t, "pw: [secret]", o.Complaint(clean))
}

// What a script gets is what a record gives back.
func FuzzBuffer(f *testing.F) {
	f.Add("a\xff\xfeb\x00", 3)
	f.Add("üü€😀", 4)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		if limit < 1 || limit > 1<<16 {
			return
		}
		got, truncated := written(t, limit, text).Text(openly)
		require.True(t, utf8.ValidString(got))
		require.Equal(t, len(text) > limit, truncated)
		encoded, err := json.Marshal(got)
		require.NoError(t, err)
		var again string
		require.NoError(t, json.Unmarshal(encoded, &again))
		require.Equal(t, got, again)
		if utf8.ValidString(text) && !truncated {
			require.Equal(t, text, got)
		}
	})
}
