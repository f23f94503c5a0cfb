package tester

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// The elements of a JUnit report, as far as its readers agree on them.
type (
	junitReport struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"time,attr"`
		File     string      `xml:"file,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name      string      `xml:"name,attr"`
		Class     string      `xml:"classname,attr"`
		Time      string      `xml:"time,attr"`
		File      string      `xml:"file,attr"`
		Line      string      `xml:"line,attr,omitempty"`
		Failure   *junitWhy   `xml:"failure"`
		Error     *junitWhy   `xml:"error"`
		SkippedAs *junitSkips `xml:"skipped"`
	}
	junitWhy struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
	junitSkips struct {
		Message string `xml:"message,attr"`
	}
)

// JUnit writes what came of tests for programs that read JUnit's reports.
func JUnit(w io.Writer, suites []*Suite) error {
	report := junitReport{Name: "runbook test"}
	var elapsed time.Duration
	for _, s := range suites {
		out := junitSuite{
			Name: s.Runbook, File: s.Path, Tests: len(s.Tests), Failures: s.Count(Failed), Errors: s.Count(Stopped), Skipped: s.Count(Skipped), Time: inSeconds(s.Elapsed),
		}
		for _, t := range s.Tests {
			out.Cases = append(out.Cases, junitOf(s, t))
		}
		elapsed += s.Elapsed
		report.Tests += out.Tests
		report.Failures += out.Failures
		report.Errors += out.Errors
		report.Skipped += out.Skipped
		report.Suites = append(report.Suites, out)
	}
	report.Time = inSeconds(elapsed)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(report); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func junitOf(s *Suite, t Result) junitCase {
	c := junitCase{Name: t.Name, Class: s.Runbook, Time: inSeconds(t.Elapsed), File: s.Path}
	if at := strings.LastIndexByte(t.Where, ':'); at > 0 {
		if _, err := strconv.Atoi(t.Where[at+1:]); err == nil {
			c.File, c.Line = t.Where[:at], t.Where[at+1:]
		}
	}
	switch t.Status {
	case Failed:
		c.Failure = &junitWhy{Type: "failure", Message: t.Failures[0].Message, Text: strings.Join(t.Lines(true), "\n")}
	case Stopped:
		c.Error = &junitWhy{Type: "stopped", Message: "the tests were stopped"}
	case Skipped:
		c.SkippedAs = &junitSkips{Message: t.Reason}
	}
	return c
}

func inSeconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
