package journal

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A journal is read again: what a chart is made of must come back as it was.
func TestNumbersGoThroughJSON(t *testing.T) {
	for text, n := range map[string]Number{
		"1.5": 1.5, "0": 0, "-3": -3, "null": Missing(), `"+Inf"`: Number(math.Inf(1)), `"-Inf"`: Number(math.Inf(-1)), "1e+300": 1e300,
	} {
		written, err := json.Marshal(n)
		require.NoError(t, err)
		assert.Equal(t, text, string(written))
		var back Number
		require.NoError(t, json.Unmarshal(written, &back))
		assert.Equal(t, n.IsMissing(), back.IsMissing())
		if !n.IsMissing() {
			assert.InDelta(t, float64(n), float64(back), 0)
		}
	}
	var n Number
	assert.ErrorContains(t, json.Unmarshal([]byte(`"many"`), &n), "not a number")
}

// A missing number is null on its own and in a list; a field that has to be there is.
func TestAMissingNumberIsWritten(t *testing.T) {
	text, err := json.Marshal(Show{Form: "bars", Bars: []Bar{{Name: "a", Value: Missing()}}, Series: []Series{{Name: "b", Values: []Number{1, Missing()}}}})
	require.NoError(t, err)
	assert.JSONEq(t, `{"form":"bars","bars":[{"name":"a","value":null}],"series":[{"name":"b","values":[1,null]}]}`, string(text))
	var back Show
	require.NoError(t, json.Unmarshal(text, &back))
	assert.True(t, back.Bars[0].Value.IsMissing())
	assert.True(t, back.Series[0].Values[1].IsMissing())
}
