package pastlog

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestLinesGetTheirTimes(t *testing.T) {
	now := time.Date(2026, 11, 25, 13, 0, 0, 0, time.FixedZone("", 3600))
	entry := func(at time.Time, text string) (string, error) {
		if text == "bad" {
			return "", errors.New("refused")
		}
		return at.Format(time.RFC3339Nano) + "|" + text + "\n", nil
	}
	for _, test := range []struct{ lines, want, fails string }{
		{"", "", ""},
		{"90 INFO a b\n0.25 c", "2026-11-25T11:58:30Z|INFO a b\n2026-11-25T11:59:59.75Z|c\n", ""},
		{"1 " + strings.Repeat("x", 1<<17) + "\n", "2026-11-25T11:59:59Z|" + strings.Repeat("x", 1<<17) + "\n", ""},
		{"1 a\nsoon b\n", "", `line "soon b": want seconds before now`},
		{"1\n", "", `line "1": want seconds before now`},
		{"1 bad\n", "", `line "1 bad": refused`},
	} {
		got, err := Render(test.lines, now, entry)
		if got != test.want || (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
			t.Errorf("%.40q: got %.80q, %v; want %.80q, %q", test.lines, got, err, test.want, test.fails)
		}
	}
}
