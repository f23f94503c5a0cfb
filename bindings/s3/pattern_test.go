package s3

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/module"
)

// globbed are the files on which patterns are tried.
var globbed = []string{
	"a.txt", "A.TXT", "xa.txt", "a.txt.bak", "b.tmp", "a.tmp.keep", ".hidden", "é.txt", "a b.txt", "a+b.txt", "a[1].txt", "a{1}.txt", "a^b$", "a(b)|c", "a*b", "a?b",
	`back\slash`, "a%20b", "new\nline.txt", "dir.txt", "dir/a.txt", "dir/sub/x.tmp", "logs/2026-11-24.log", "cache/model.bin", "pre",
}

// globs are the patterns.
var globs = []string{
	"*", "**", "?", "???", "*.txt", "*.TXT", "?.txt", "a*", "a?b", "a*b", "*a*", "*/*", "**/*.tmp", "*/sub/*", "dir", "dir/", "dir/*", "dir*", "*/a.txt", "/a.txt", "./a.txt",
	".*", "a.txt", "a.txt*", "a.b", "a[1].txt", "[ab]*", "a{1}.txt", "{a,b}.txt", "a+b.txt", "a^b$", "^a.txt$", "a(b)|c", "(?i)a.txt", "é*", "?é", "*é*", "new*", "new?line.txt",
	`back\slash`, `\*`, `a\*b`, `back\?lash`, "a%20b", "a%20*", "pre", "pre/*", "* *", "a *",
}

// A fitting is which files are left in by some patterns.
type fitting struct {
	Include []string `json:"include,omitempty"`
	Exclude []string `json:"exclude,omitempty"`
	Fits    []string `json:"fits"`
}

func fittings() (out []fitting) {
	for _, one := range globs {
		out = append(out, fitting{Include: []string{one}}, fitting{Exclude: []string{one}})
	}
	return append(out,
		fitting{Include: []string{"*.txt"}, Exclude: []string{"dir/*"}},
		fitting{Include: []string{"*.txt", "*.tmp"}, Exclude: []string{"a*", "*/sub/*"}},
		fitting{Include: []string{"a.txt"}, Exclude: []string{"*"}},
		fitting{Exclude: []string{"*.tmp", "*.bak", "cache/*"}},
	)
}

// Which names are meant is decided as s5cmd does: what it really said stands in a file. It is recorded anew with s5cmd among the programs:
// RUNBOOK_RECORD=1 go test ./bindings/s3 -run TestPatternsAreThoseOfS5cmd. Names are those below the folder or prefix, as s5cmd cp takes them;
// s5cmd sync of version 2.3 compares patterns with the whole key instead.
func TestPatternsAreThoseOfS5cmd(t *testing.T) {
	file := filepath.Join("testdata", "s5cmd-patterns.json")
	if os.Getenv("RUNBOOK_RECORD") != "" {
		recordPatterns(t, file)
	}
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var all []fitting
	require.NoError(t, json.Unmarshal(text, &all))
	require.Len(t, all, len(fittings()))
	for _, c := range all {
		p, err := newPatterns("s3.sync", module.Args{"include": c.Include, "exclude": c.Exclude})
		require.NoError(t, err)
		fits := []string{}
		for _, name := range globbed {
			if p.match(name) {
				fits = append(fits, name)
			}
		}
		require.Equal(t, c.Fits, fits, "include %q, exclude %q", c.Include, c.Exclude)
	}
	_, err = newPatterns("s3.sync", module.Args{"include": []string{""}})
	require.ErrorContains(t, err, "a pattern is empty")
}

// recordPatterns has s5cmd say what it would store of a folder.
func recordPatterns(t *testing.T, file string) {
	program, err := exec.LookPath("s5cmd")
	require.NoError(t, err)
	root := t.TempDir()
	for _, name := range globbed {
		write(t, root, map[string]string{name: "x"}, before)
	}
	all := fittings()
	for i := range all {
		args := []string{"--json", "--dry-run", "--endpoint-url", "http://127.0.0.1:1", "cp"}
		for _, one := range all[i].Include {
			args = append(args, "--include", one)
		}
		for _, one := range all[i].Exclude {
			args = append(args, "--exclude", one)
		}
		run := exec.CommandContext(t.Context(), program, append(args, root+"/", "s3://box/")...)
		run.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "AWS_REGION=us-east-1")
		out, err := run.Output()
		require.NoError(t, err, all[i])
		fits := map[string]bool{}
		for line := range strings.Lines(string(out)) {
			var said struct{ Source string }
			require.NoError(t, json.Unmarshal([]byte(line), &said))
			fits[strings.TrimPrefix(said.Source, root+"/")] = true
		}
		all[i].Fits = []string{}
		for _, name := range globbed {
			if fits[name] {
				all[i].Fits = append(all[i].Fits, name)
			}
		}
		require.Len(t, all[i].Fits, len(fits))
	}
	var text strings.Builder
	text.WriteString("[")
	for i, one := range all {
		line, err := json.Marshal(one)
		require.NoError(t, err)
		if i > 0 {
			text.WriteString(",")
		}
		text.WriteString("\n" + string(line))
	}
	require.NoError(t, os.WriteFile(file, []byte(text.String()+"\n]\n"), 0o644))
}

// One pattern needs no list, and a list without any means nothing, as one that was computed may.
func TestOnePatternSeveralAndNone(t *testing.T) {
	d := drive(t, with(map[string]string{"a.dump": "1", "b.tmp": "22", "c.tmp": "333"}))
	require.Equal(t, []string{"a.dump"}, keys(d.read("list", "s3://box", opts("include", "*.dump"))))
	require.Equal(t, []string{"a.dump"}, keys(d.read("list", "s3://box", opts("exclude", "*.tmp"))))
	require.Equal(t, []string{"a.dump", "c.tmp"}, keys(d.read("list", "s3://box", opts("include", []any{"a*", "c*"}))))
	require.Empty(t, keys(d.read("list", "s3://box", opts("include", []any{}))))
	require.Len(t, keys(d.read("list", "s3://box", opts("exclude", []any{}))), 3)
	folder := t.TempDir()
	require.Equal(t, done(2, 5, 0, 0), d.do("sync", "s3://box", folder, opts("include", "*.tmp")))
	require.Equal(t, done(0, 0, 0, 0), d.do("sync", "s3://box", folder, opts("include", []any{}, "delete", true)))
	require.Len(t, tree(t, folder), 2)
}
