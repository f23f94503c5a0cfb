package screen

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLook(t *testing.T) {
	for _, c := range []struct {
		name     string
		terminal bool
		env      map[string]string
		color    bool
		live     bool
		columns  int
	}{
		{"terminal", true, map[string]string{"TERM": "xterm"}, true, true, 70},
		{"pipe", false, map[string]string{"TERM": "xterm"}, false, false, 0},
		{"NO_COLOR", true, map[string]string{"TERM": "xterm", "NO_COLOR": "1"}, false, true, 70},
		{"NO_COLOR of any value", true, map[string]string{"TERM": "xterm", "NO_COLOR": "please"}, false, true, 70},
		{"CLICOLOR_FORCE into a pipe", false, map[string]string{"CLICOLOR_FORCE": "1"}, true, false, 0},
		{"CLICOLOR_FORCE=0", false, map[string]string{"CLICOLOR_FORCE": "0"}, false, false, 0},
		{"NO_COLOR wins", true, map[string]string{"TERM": "xterm", "NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, false, true, 70},
		{"dumb", true, map[string]string{"TERM": "dumb"}, false, false, 70},
		{"no TERM", true, nil, false, false, 70},
	} {
		t.Run(c.name, func(t *testing.T) {
			look := lookOf(c.terminal, func(name string) string { return c.env[name] }, columns(70))
			require.Equal(t, c.color, look.Color)
			require.Equal(t, c.live, look.Live)
			require.Equal(t, c.columns, look.columns())
		})
	}
}

// The first variable that is set decides, as POSIX has it.
func TestLocale(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		utf8 bool
	}{
		{nil, false},
		{map[string]string{"LANG": "C"}, false},
		{map[string]string{"LANG": "de_DE.ISO-8859-1"}, false},
		{map[string]string{"LANG": "en_GB.UTF-8"}, true},
		{map[string]string{"LANG": "C.utf8"}, true},
		{map[string]string{"LANG": "en_GB.UTF-8", "LC_CTYPE": "C"}, false},
		{map[string]string{"LANG": "C", "LC_CTYPE": "C.UTF-8"}, true},
		{map[string]string{"LANG": "en_GB.UTF-8", "LC_CTYPE": "en_GB.UTF-8", "LC_ALL": "POSIX"}, false},
		{map[string]string{"LC_ALL": "", "LANG": "en_GB.UTF-8"}, true},
	} {
		require.Equal(t, c.utf8, isUTF8(func(name string) string { return c.env[name] }), "%v", c.env)
	}
}

func TestAFileIsNoTerminal(t *testing.T) {
	f, err := os.Create(t.TempDir() + "/out")
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	look := LookOf(f, func(string) string { return "" })
	require.False(t, look.Color || look.Live)
	require.Zero(t, look.columns())
	require.Zero(t, terminalWidth(f))
}
