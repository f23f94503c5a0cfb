package screen

import (
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"
	"github.com/stretchr/testify/require"
)

func TestTruncate(t *testing.T) {
	for _, c := range []struct {
		in            string
		limit         int
		truncated     string
		shortenedName string
	}{
		{"photon-compiler", 20, "photon-compiler", "photon-compiler"},
		{"photon-compiler", 15, "photon-compiler", "photon-compiler"},
		{"photon-compiler", 9, "photon-c…", "phot…iler"},
		{"photon-compiler", 3, "ph…", "p…r"},
		{"photon-compiler", 2, "p…", "p…"},
		{"photon-compiler", 1, "…", "…"},
		{"photon-compiler", 0, "", ""},
		{"photon-compiler", -4, "", ""},
		{"日本語の名前", 7, "日本語…", "日…名前"[:len("日…")] + "前"},
		{"ae\u0301io\u0301u", 4, "ae\u0301i…", "ae\u0301…u"},
		{"👩‍🚒👩‍🚒👩‍🚒", 5, "👩‍🚒👩‍🚒…", "👩‍🚒…👩‍🚒"},
	} {
		require.Equal(t, c.truncated, truncate(c.in, c.limit), "truncate %q to %d", c.in, c.limit)
		require.Equal(t, c.shortenedName, shorten(c.in, c.limit), "shorten %q to %d", c.in, c.limit)
	}
}

func TestFold(t *testing.T) {
	for _, c := range []struct {
		name, in string
		limit    int
		want     []string
	}{
		{"short", "one two", 7, []string{"one two"}},
		{"at a space", "one two three", 8, []string{"one two", "three"}},
		{"a space just after the edge", "one two three", 7, []string{"one two", "three"}},
		{"a long word", "photon-compiler", 6, []string{"photon", "-compi", "ler"}},
		{"an indentation is no place to break", "    deep-word", 8, []string{"    deep", "-word"}},
		{"no limit", "one two three", 0, []string{"one two three"}},
		{"too narrow for a character", "日本", 1, []string{"日本"}},
		{"nothing", "", 5, []string{""}},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, fold(c.in, c.limit)) })
	}
}

// FuzzWidth looks for text that grows too wide, or is cut inside a character.
func FuzzWidth(f *testing.F) {
	for _, seed := range []string{"photon-compiler", "日本語", "e\u0301e\u0301", "👩‍🚒🇩🇪", "a b c", "\u0301x", "ก็็็"} {
		for _, limit := range []int{0, 1, 2, 3, 5, 80} {
			f.Add(seed, limit)
		}
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		s = clean(s)
		limit = max(min(limit, 200), 0)
		for name, cut := range map[string]string{"truncate": truncate(s, limit), "shorten": shorten(s, limit)} {
			require.LessOrEqual(t, width(cut), limit, "%s %q", name, s)
			if cut == s || limit == 0 {
				continue
			}
			head, tail, found := strings.Cut(cut, ellipsis)
			require.True(t, found, "%s %q: nothing says that it was cut", name, s)
			if !strings.Contains(s, ellipsis) {
				require.True(t, isWhole(s, len(head)) && isWhole(s, len(s)-len(tail)), "%s %q cut inside a character: %q", name, s, cut)
			}
		}
		if pieces := fold(s, limit); limit >= 2 {
			for _, piece := range pieces {
				require.LessOrEqual(t, width(piece), limit, "fold %q", s)
			}
			require.Equal(t, strings.ReplaceAll(s, " ", ""), strings.ReplaceAll(strings.Join(pieces, ""), " ", ""))
		}
	})
}

// isWhole tells whether position is between two characters of s.
func isWhole(s string, position int) bool {
	at := 0
	for g := displaywidth.StringGraphemes(s); at < position && g.Next(); {
		at += len(g.Value())
	}
	return at == position
}
