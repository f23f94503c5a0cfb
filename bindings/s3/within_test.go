package s3

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/world/scenario"
)

// What is copied in parts loses no tags silently: who may not read them is told so before anything is copied. A store that has none has none.
func TestTagsOfWhatIsCopiedInParts(t *testing.T) {
	const part = 5 << 20
	for answer, code := range map[string]action.Code{"403": action.CodeForbidden, "503": action.CodeThrottled, "501": "", "405": ""} {
		d := drive(t, with(map[string]string{"a": strings.Repeat("x", 5*part+1)}), scenario.Fault{On: "get tags", Answer: answer})
		l, err := d.cfg.connect()
		require.NoError(t, err)
		m := (&binding{Config: d.cfg}).mover(l, progressOf(t.Context(), 0))
		m.largest = 5 * part
		from := source{location{"box", "a"}, 5*part + 1, textOf(d.read("head", "s3://box/a").(object), fieldETag)}
		_, err = m.copyWithin(t.Context(), from, errand{to: location{"box", "b"}})
		if code == "" {
			require.NoError(t, err)
			require.EqualValues(t, 5*part+1, sizeOf(d.read("head", "s3://box/b").(object)))
			continue
		}
		e := d.fails(err)
		require.Equal(t, code, e.Code)
		require.Contains(t, e.Message, "cannot read the tags of s3://box/a, which are copied with it: ")
		if code == action.CodeForbidden {
			require.Equal(t, "the profile simulated needs the permission s3:GetObjectTagging", e.Hint)
		}
		require.Empty(t, d.sent.writes())
	}
}
