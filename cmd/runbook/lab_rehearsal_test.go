//go:build lab

package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"runbook/runbooks"
)

// A rehearsal is one way in which the lab's tests run a runbook: lab.yaml beside a shipped one lists them.
type rehearsal struct {
	Name     string   `json:"-"`
	Scenario string   `json:"scenario"`
	Params   []string `json:"params"`
	Exit     int      `json:"exit"`      // of the real run
	ReadOnly bool     `json:"read_only"` // it changes nothing, and its verdict is the same in a rehearsal
}

// args are those of a run of it.
func (r rehearsal) args(more ...string) []string {
	out := append([]string{r.Name}, more...)
	for _, p := range r.Params {
		out = append(out, "-p", p)
	}
	return out
}

// rehearsed is the exit code of a dry run with --detailed-exitcode that intends so much.
func (r rehearsal) rehearsed(intents map[string]any) int {
	switch {
	case r.ReadOnly:
		return r.Exit
	case len(intents) > 0:
		return 2
	}
	return 0
}

// shipped are the rehearsals of every shipped runbook.
func shipped(t *testing.T) [][]rehearsal {
	t.Helper()
	var out [][]rehearsal
	scripts, err := fs.Glob(runbooks.Files, "*/*.lua")
	require.NoError(t, err)
	for _, script := range scripts {
		name := filepath.Dir(script)
		if name+".lua" != filepath.Base(script) {
			continue // a file that the script requires, or its test
		}
		text, err := os.ReadFile(filepath.Join("..", "..", "runbooks", name, "lab.yaml"))
		require.NoError(t, err, "every shipped runbook says in lab.yaml in which scenarios of the lab it is run")
		var of []rehearsal
		require.NoError(t, yaml.UnmarshalStrict(text, &of))
		require.NotEmpty(t, of, name)
		for i := range of {
			of[i].Name = name
		}
		out = append(out, of)
	}
	return out
}

// prepare puts the site into the state that the run begins in.
func (l lab) prepare(t *testing.T, r rehearsal) {
	t.Helper()
	l.kubectl(t, "scale", "deployment/photon-compiler", "--replicas=3")
	l.scenario(t, r.Scenario) // it first undoes what was played before
}

// Every shipped runbook changes nothing when it is rehearsed, by the records of every server of the site, and then does what it said.
func TestLabEveryRunbookIsInertWhenDryAndThenTrue(t *testing.T) {
	l := openLab(t)
	defer l.scenario(t, "healthy")
	for _, rehearsals := range shipped(t) {
		intended := 0
		for _, r := range rehearsals {
			t.Run(r.Name+" "+r.Scenario, func(t *testing.T) {
				l.prepare(t, r)
				var rehearsed labRun
				l.inert(t, func() {
					rehearsed = l.run(t, r.args("--prometheus", l.url(t, "prometheus"), "--dry-run", "--detailed-exitcode")...)
				})
				intents := rehearsed.intents()
				intended += len(intents)
				require.Equal(t, r.rehearsed(intents), rehearsed.exit, rehearsed.text)
				assert.Contains(t, rehearsed.text, "DRY RUN: nothing was changed")

				done := l.run(t, r.args("--prometheus", l.url(t, "prometheus"), "--yes")...)
				require.Equal(t, r.Exit, done.exit, done.text)
				assert.Equal(t, intents, done.intents())
			})
		}
		assert.Equal(t, rehearsals[0].ReadOnly, intended == 0, "%s: where nothing is intended in any scenario nothing was compared", rehearsals[0].Name)
	}
}
