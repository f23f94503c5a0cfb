package journal

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a later run gets of a record has to be what the script got then. A number in JSON does not tell whether Lua had it as one.
func TestARecordedResultIsWhatTheScriptGot(t *testing.T) {
	for name, c := range map[string]struct{ value, want any }{
		"nil":                          {nil, json.RawMessage("null")}, // which Lua reads as nil
		"the largest integer":          {int64(1 << 53), float64(1 << 53)},
		"a larger one, text in Lua":    {int64(1<<53 + 1), json.RawMessage(`"9007199254740993"`)},
		"a smaller one":                {int64(-1<<53 - 1), json.RawMessage(`"-9007199254740993"`)},
		"a large float, no integer":    {float64(1 << 60), float64(1 << 60)},
		"one inside of a table":        {map[string]any{"n": []any{int64(1<<53 + 1)}}, map[string]any{"n": []any{"9007199254740993"}}},
		"a list of texts that is nil":  {[]string(nil), json.RawMessage(`[]`)},
		"an object of the site":        {json.RawMessage(`{"n":9007199254740993}`), json.RawMessage(`{"n":9007199254740993}`)},
		"a list of them":               {[]json.RawMessage{[]byte(`{"a":1}`)}, json.RawMessage(`[{"a":1}]`)},
		"a text that looks like a sum": {"12", json.RawMessage(`"12"`)},
	} {
		t.Run(name, func(t *testing.T) {
			returned := Returns(c.value)
			var text bytes.Buffer
			require.NoError(t, EncodeResult(&text, returned.Value))
			read := Returned{Result: text.Bytes(), Table: returned.Table}
			got, err := read.Recorded()
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}
