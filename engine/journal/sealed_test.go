package journal

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func sealed(t *testing.T, kind string, records ...*Record) []byte {
	t.Helper()
	var out bytes.Buffer
	s := NewSealer(&out)
	for _, r := range records {
		require.NoError(t, s.Write(r))
	}
	_, err := s.Seal(kind)
	require.NoError(t, err)
	return out.Bytes()
}

func aRun() *Record { return &Record{Seq: 77, Kind: KindRun, Run: &Run{Format: Format, ID: "x"}} }

func TestASealedFileComesBackWhole(t *testing.T) {
	big := json.RawMessage(`"` + strings.Repeat("x", 2*resultLimit) + `"`)
	read := &Record{Kind: KindRead, Call: &Call{Verb: "v"}, Outcome: &Outcome{Status: Done, Returned: Returned{Result: big}}}
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, sealed(t, "plan", aRun(), read), 0o600))
	records, sum, err := ReadSealed(path, "plan")
	require.NoError(t, err)
	require.Len(t, records, 2)
	assert.Equal(t, int64(1), records[0].Seq)
	assert.JSONEq(t, string(big), string(records[1].Outcome.Result))
	assert.Len(t, sum, 64)
}

// Every altered byte is noticed, wherever it is.
func TestAnAlteredFileIsRefused(t *testing.T) {
	text := sealed(t, "plan", aRun(), &Record{Kind: KindShow, Show: &Show{Form: "text", Text: "a"}})
	for i := range text {
		altered := bytes.Clone(text)
		altered[i] ^= 1
		_, err := ParseSealed(altered, "f", "plan")
		require.Error(t, err, "byte %d", i)
	}
	for i := range text {
		_, err := ParseSealed(text[:i], "f", "plan")
		require.Error(t, err, "cut at %d", i)
	}
	_, err := ParseSealed(append(bytes.Clone(text), text...), "f", "plan")
	require.Error(t, err)
	_, err = ParseSealed(text, "f", "cassette")
	require.ErrorContains(t, err, "f is a plan, not a recording")
}

func FuzzSealed(f *testing.F) {
	f.Add([]byte(`{"seq":1,"kind":"run","run":{"format":1}}` + "\n"))
	f.Add([]byte(`{"seq":1,"kind":"run","run":{"format":1}}` + "\n" + `{"seq":2,"kind":"seal","seal":{"kind":"plan"}}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		read, err := ParseSealed(text, "f", "plan")
		if err == nil && (len(read.Records) == 0 || read.Sum == "") {
			t.Fatal("accepted nothing")
		}
	})
}
