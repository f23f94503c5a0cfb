package tester

import (
	"bytes"
	"encoding/xml"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestJUnit(t *testing.T) {
	suites := []*Suite{
		{Runbook: "pumps", Path: "runbooks/pumps/pumps_test.lua", Elapsed: 1500 * time.Millisecond, Tests: []Result{
			{Name: `says "a" <b> & c`, Where: "runbooks/pumps/pumps_test.lua:4", Status: Passed, Elapsed: 12 * time.Millisecond},
			{Name: "fails", Where: `C:\books\x_test.lua:7`, Status: Failed, Failures: []Failure{
				{Message: "not as \x1b[31mexpected\x00", Where: "x_test.lua:8", Source: "test.that(false)", Diff: "--- expected\n+++ actual\n@@ -1 +1 @@\n-a\n+]]>\n", Runs: []string{"run 1: ok"}, Hint: "look"},
				{Message: "and more"},
			}},
			{Name: "later", Status: Skipped, Reason: "not yet"},
			{Name: "never begun", Status: Stopped},
		}},
		{Runbook: "bare", Path: "bare.lua"},
	}
	var out bytes.Buffer
	require.NoError(t, JUnit(&out, suites))
	text := out.String()
	assert.Equal(t, `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="runbook test" tests="4" failures="1" errors="1" skipped="1" time="1.500">
  <testsuite name="pumps" tests="4" failures="1" errors="1" skipped="1" time="1.500" file="runbooks/pumps/pumps_test.lua">
    <testcase name="says &#34;a&#34; &lt;b&gt; &amp; c" classname="pumps" time="0.012" file="runbooks/pumps/pumps_test.lua" line="4"></testcase>
    <testcase name="fails" classname="pumps" time="0.000" file="C:\books\x_test.lua" line="7">
      <failure message="not as �[31mexpected�" type="failure">at x_test.lua:8: test.that(false)&#xA;not as �[31mexpected�&#xA;--- expected&#xA;+++ actual&#xA;@@ -1 +1 @@&#xA;-a&#xA;+]]&gt;&#xA;| run 1: ok&#xA;try: look&#xA;and more</failure>
    </testcase>
    <testcase name="later" classname="pumps" time="0.000" file="runbooks/pumps/pumps_test.lua">
      <skipped message="not yet"></skipped>
    </testcase>
    <testcase name="never begun" classname="pumps" time="0.000" file="runbooks/pumps/pumps_test.lua">
      <error message="the tests were stopped" type="stopped"></error>
    </testcase>
  </testsuite>
  <testsuite name="bare" tests="0" failures="0" errors="0" skipped="0" time="0.000" file="bare.lua"></testsuite>
</testsuites>
`, text)
	var read junitReport
	require.NoError(t, xml.Unmarshal(out.Bytes(), &read), "it is well-formed, whatever a script says")
	assert.Contains(t, read.Suites[0].Cases[1].Failure.Text, "+]]>\n")
}
