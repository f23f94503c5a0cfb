package screen

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/script"
	"runbook/engine/tester"
)

var tested = []*tester.Suite{
	{Runbook: "pumps", Path: "runbooks/pumps/pumps_test.lua", Elapsed: 1234 * time.Millisecond, Tests: []tester.Result{
		{Name: "holds", Status: tester.Passed, Elapsed: 12 * time.Millisecond},
		{Name: "evil \x1b[2Jname", Status: tester.Failed, Failures: []tester.Failure{{
			Message: "not\nas expected\x07", Where: "p_test.lua:4", Source: "  test.expect(run)", Hint: "look", Runs: []string{"run 1: ok"},
			Diff: "--- expected\n+++ actual\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n",
		}}},
		{Name: "later", Status: tester.Skipped, Reason: "not yet"},
	}, Lines: []script.Lines{
		{File: "runbooks/pumps/pumps.lua", Lines: []int{1, 2, 4, 6, 7, 9, 12, 15}, Missed: []int{2, 4, 7, 12, 15}},
		{File: "helper.lua", Lines: []int{1, 2}},
	}},
	{Runbook: "bare", Path: "bare.lua"},
	{Runbook: "slow", Path: "slow.lua", Tests: []tester.Result{{Name: "never begun", Status: tester.Stopped}}},
}

func printed(t *testing.T, look Look, verbose bool, suites []*tester.Suite) string {
	t.Helper()
	var out bytes.Buffer
	text := NewTests(&out, look, verbose)
	for _, s := range suites {
		require.NoError(t, text.Suite(s))
	}
	require.NoError(t, text.Sum(suites, 2*time.Second))
	return out.String()
}

func TestTests(t *testing.T) {
	assert.Equal(t, `FAIL  runbooks/pumps/pumps_test.lua  1 passed, 1 failed, 1 skipped, 50% of 10 lines, 1.23s
  ok    holds  0.01s
  FAIL  evil ␛[2Jname
       at p_test.lua:4: test.expect(run)
       not
       as expected␇
       --- expected
       +++ actual
       @@ -1,2 +1,2 @@
        a
       -b
       +c
       | run 1: ok
       try: look
  skip  later: not yet
  not run: runbooks/pumps/pumps.lua:2-4,7,12-15
skip  bare.lua  no tests, 0.00s
stop  slow.lua  0 passed, 1 stopped, 0.00s
  stop  never begun  0.00s
4 tests: 1 passed, 1 failed, 1 skipped, 1 stopped, in 2.00s
`, printed(t, Look{}, true, tested))
	short := printed(t, Look{}, false, tested)
	assert.NotContains(t, short, "holds")
	assert.NotContains(t, short, "not run:")
	assert.Contains(t, short, "skip  later: not yet", "what is skipped is always seen")
	colored := printed(t, Look{Color: true}, false, tested)
	for _, part := range []string{"\x1b[1;31mFAIL\x1b[0m  runbooks", "\x1b[31m-b\x1b[0m", "\x1b[32m+c\x1b[0m"} {
		assert.Contains(t, colored, part)
	}
	assert.Contains(t, printed(t, Look{}, false, []*tester.Suite{{Path: "x", Tests: []tester.Result{{Status: tester.Passed}}}}), "1 test: 1 passed, in 2.00s\n")
	assert.Equal(t, "skip  bare.lua  no tests, 0.00s\n", printed(t, Look{}, false, tested[1:2]))
}

// A reader that is gone is told of.
func TestTestsThatNobodyReads(t *testing.T) {
	text := NewTests(broken{}, Look{}, false)
	require.Error(t, text.Suite(tested[0]))
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, assert.AnError }
