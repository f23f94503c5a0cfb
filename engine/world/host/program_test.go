package host

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/command"
	"runbook/engine/world/scenario"
)

func TestProgramsThatTellOfDisksAndFiles(t *testing.T) {
	f := simulated(t, scenario.Host{
		Files: []scenario.File{{Path: "/var/cache/a", Size: 4 << 30}, {Path: "/var/log/a.log", Content: "1\n2\n3\n"}},
		Disks: map[string]scenario.Disk{"/": {Size: 50 << 30, Used: 12 << 30}, "/var": {Size: 10 << 30, Inodes: 100}},
	})
	m := New(f, func(context.Context, time.Duration) error { return nil })
	for line, want := range map[string]string{
		"df -h /var/cache":                  "Filesystem Size Used Avail Use% Mounted on\n/dev/vdb   10G  4.0G 6.0G  41%  /var\n",
		"df -P -k /var/cache /":             "Filesystem 1024-blocks Used     Available Capacity Mounted on\n/dev/vdb   10485760    4194316  6291444   41%      /var\n/dev/vda   52428800    12582912 39845888  24%      /\n",
		"df -m":                             "Filesystem 1M-blocks Used  Available Use% Mounted on\n/dev/vda   51200     12288 38912     24%  /\n/dev/vdb   10240     4097  6144      41%  /var\n",
		"df -i /var":                        "Filesystem Inodes IUsed IFree IUse% Mounted on\n/dev/vdb   100    4     96    4%    /var\n",
		"df /gone":                          "1 df: /gone: No such file or directory\n",
		"df --output=size":                  "1 df: this simulated one knows only df [-hkmPi] [FILE...]: the scenario can say what df --output=size prints, where it names no disks\n",
		"tail -n 2 /var/log/a.log":          "2\n3\n",
		"/usr/bin/tail -n 1 /var/log/a.log": "3\n",
		"tail -n 1 /var":                    "1 tail: cannot open '/var' for reading: It is no file\n",
		"tail -n x /var":                    "1 tail: invalid number of lines: ‘x’\n",
		"tail -f /var/log/a.log":            "1 tail: this simulated one knows only tail -n NUMBER FILE\n",
	} {
		var out, complaints strings.Builder
		code, err := m.Run(t.Context(), strings.Fields(line), command.Streams{Stdout: &out, Stderr: &complaints})
		require.NoError(t, err)
		if code == 0 {
			require.Equal(t, want, out.String(), line)
			continue
		}
		require.Equal(t, want, "1 "+complaints.String(), line)
	}
	found, err := m.Find(t.Context(), "df")
	require.NoError(t, err)
	require.Equal(t, "/usr/bin/df", found)
	none := New(simulated(t, scenario.Host{}), nil)
	for _, program := range []string{"df", "tail"} {
		found, err = none.Find(t.Context(), program)
		require.NoError(t, err)
		require.Empty(t, found, "a machine of which nothing is said has no programs")
	}
}

// What a scenario says outright of a command comes first; where it says what df prints, nobody knows the disks.
func TestWhatIsSaidOutright(t *testing.T) {
	f := simulated(t, scenario.Host{Commands: []scenario.Answer{{Argv: []string{"df", "-h"}, Stdout: "full"}}, Files: []scenario.File{{Path: "/a"}}})
	var out strings.Builder
	_, err := New(f, nil).Run(t.Context(), []string{"df", "-h"}, command.Streams{Stdout: &out, Stderr: &out})
	require.NoError(t, err)
	require.Equal(t, "full", out.String())
	_, err = f.Disk(t.Context(), "/a")
	require.ErrorContains(t, err, "cannot look at the file system of /a: the scenario says what df prints on this machine, and not which disks it has")
}
