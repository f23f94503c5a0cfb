package redact

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTextIsReadAsJSONHasIt(t *testing.T) {
	piece := rapid.SampledFrom([]string{
		`a`, `ü`, `\"`, `\\`, `\/`, `\b`, `\f`, `\n`, `\r`, `\t`, `\u0041`, `\u00fc`, `\u2028`, `\ud83d`, `\ude00`, `\ud83d\ude00`, `\uD83DX`, `u0041`,
	})
	rapid.Check(t, func(t *rapid.T) {
		written := strings.Join(rapid.SliceOf(piece).Draw(t, "written"), "")
		var want string
		require.NoError(t, json.Unmarshal([]byte(`"`+written+`"`), &want))
		assert.Equal(t, want, string(appendText(nil, []byte(written))))
	})
}

func TestTextThatIsNoJSONStaysAsItStands(t *testing.T) {
	for _, written := range []string{`\`, `a\x`, `\u12`, `\u12xy!`, `\u`} {
		assert.Equal(t, written, string(appendText(nil, []byte(written))))
	}
}

func BenchmarkJSON(b *testing.B) {
	pod := []byte(`{"fieldsV1":{"f:spec":{"k:{\"name\":\"web\"}":{".":{},"f:image":{}}}},"image":"registry.example/shop/web:1.2.3"}`)
	r := benchmarkSecrets()
	b.SetBytes(int64(len(pod)))
	b.ReportAllocs()
	for b.Loop() {
		r.JSON(pod)
	}
}
