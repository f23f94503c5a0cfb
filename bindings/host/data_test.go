package host

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatIsNoData(t *testing.T) {
	for text, says := range map[string]string{
		"":                      "it is empty",
		" \n":                   "it is empty",
		"{\n  \"a\": 1,\n}":     "line 3: invalid character '}'",
		"{\"a\": 1}\n}":         "line 2: invalid character '}' after top-level value",
		"[1]\n]":                "line 2: invalid character ']' after top-level value",
		"{\"a\": 1}\n{}":        "line 2: invalid character '{' after top-level value",
		"{\n\"a\":":             "line 2: unexpected end of JSON input",
		"{\n\n\"a\": \"x\ty\"}": "line 3: invalid character '\\t' in string literal",
	} {
		_, err := fromJSON([]byte(text))
		require.ErrorContains(t, err, says, text)
	}
	for text, says := range map[string]string{
		"a: 1\n---\nb: 2\n": "there is a second document in it, in line 2",
		"a: 1\n---\n{{\n":   "line",
		"a: 1\na: 2\n":      "already set",
		"a: 1\n b: 2\n":     "line 2",
	} {
		_, err := fromYAML([]byte(text))
		require.ErrorContains(t, err, says, text)
	}
	for _, text := range []string{"---\na: 1\n...\n", "# nothing\n"} {
		_, err := fromYAML([]byte(text))
		require.NoError(t, err, text)
	}
}
