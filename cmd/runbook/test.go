package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/screen"
	"runbook/engine/tester"
	"runbook/engine/watchdog"
)

// testFlags are the flags of `test`.
type testFlags struct {
	only    string
	jobs    int
	junit   string
	verbose bool
	timeout time.Duration
	memory  string
	output  *output
}

func newTest(io streams) *cobra.Command {
	f := &testFlags{}
	cmd := &cobra.Command{
		Use:   "test [PATH...]",
		Short: "Test runbooks in simulated sites, and drivers of devices",
		Long: `Tests runbooks: the tests in Lua beside each script (NAME_test.lua), and, without a line of Lua, that in every scenario beside it a
dry run says what a real run does, and that the runbook uses all that it may change. Nothing of a real site is read.

A driver of devices (driver.NAME, or its folder in "devices") is held to its transcripts, what its tool was seen to print, without running
the tool: runbook docs driver.

PATH is a runbook's name, its script or test file, its folder, or a folder of runbooks or drivers. Without one, those of the project's
folder "runbooks" are tested, or the shipped ones where there is none, and the drivers of the project's folder "devices".`,
		Example: `  runbook test
  runbook test compiler-down --run 'crashloop|oom' -v
  runbook test runbooks --junit report.xml
  runbook test driver.lightmatter-envise  what it makes of what its tool prints
  runbook docs test                       what a test may call`,
		ValidArgsFunction: func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
			return completeNames(cmd, nil, typed) // each argument may be one
		},
		RunE: func(cmd *cobra.Command, args []string) error { return testAll(cmd.Context(), io, f, args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.only, "run", "", "only tests whose RUNBOOK/NAME matches this regular expression; -run is the same")
	flags.IntVarP(&f.jobs, "jobs", "j", runtime.GOMAXPROCS(0), "how many tests run at once")
	flags.StringVar(&f.junit, "junit", "", "also write a JUnit report to this file")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "show each test, and the lines that none ran")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Second, "end a test after this time")
	flags.StringVar(&f.memory, "memory", defaultMemory, "end the tests that run while more memory than this is used")
	f.output = addOutput(cmd)
	return cmd
}

// likeGo accepts -run, which people know from go test, and which would be read as -r -u -n.
func likeGo(args []string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		if args[0] == "test" && (arg == "-run" || strings.HasPrefix(arg, "-run=")) {
			arg = "-" + arg
		}
		out[i] = arg
	}
	return out
}

func testAll(ctx context.Context, io streams, f *testFlags, paths []string) error {
	cfg, err := f.config(io)
	if err != nil {
		return err
	}
	rest, devices, err := driversOf(paths)
	if err != nil {
		return err
	}
	var books []tester.Book
	if len(rest) > 0 || len(devices) == 0 || len(paths) == 0 {
		if books, err = booksOf(rest); err != nil {
			return err
		}
	}
	signals := interruptible(ctx, func(degree int, why string) (tell func()) {
		if degree > 1 {
			os.Exit(engine.ExitInterrupted)
		}
		return func() {
			fmt.Fprintf(io.err, "%s: the tests that run end here. Ctrl-C again ends the program at once.\n", sentence(why)) //nolint:errcheck // there is nobody left to tell
		}
	})
	defer signals.stop()
	report := newTestReport(io, f)
	for _, d := range devices {
		s, err := d.suite(signals.script, cfg.Only) //nolint:contextcheck // it comes from ctx, by way of the signals
		if err == nil {
			err = report.suite(s)
		}
		if err != nil {
			return err
		}
	}
	err = tester.Run(signals.script, cfg, books, report.suite) //nolint:contextcheck // it comes from ctx, by way of the signals
	if err != nil && !errors.Is(err, engine.ErrInterrupted) {
		return err
	}
	if done := report.close(); done != nil {
		return done
	}
	switch {
	case err != nil:
		return exitError(engine.ExitInterrupted)
	case report.count() == 0:
		return f.nothing(paths)
	case report.failed():
		return exitError(engine.ExitFailed)
	}
	return nil
}

// nothing is the error of a command that tested nothing: it must not look like success.
func (f *testFlags) nothing(paths []string) error {
	if f.only != "" {
		return action.Errorf(action.CodeNotFound, "no test matches --run %s", f.only).Try("runbook test -v shows their names")
	}
	return action.Errorf(action.CodeNotFound, "there are no tests%s", strings.Join(append([]string{""}, paths...), " ")).
		Try("a runbook is tested by NAME_test.lua and scenarios/*.yaml beside NAME.lua, a driver by transcripts/*.yaml: runbook docs test, runbook docs driver")
}

func (f *testFlags) config(io streams) (tester.Config, error) {
	memory, err := humanize.ParseBytes(f.memory)
	if err != nil {
		return tester.Config{}, usage("--memory %s is not a size such as 512MiB", f.memory).wrap()
	}
	cfg := tester.Config{
		Limits: watchdog.Limits{Time: f.timeout, Memory: int64(memory)}, Workers: f.jobs, Version: version,
		Library: library(declared()...), Shelves: scenariosOf, Open: openSite,
	}
	switch {
	case f.jobs < 1:
		return cfg, usage("--jobs must be at least 1, got %d", f.jobs).wrap()
	case f.timeout <= 0:
		return cfg, usage("--timeout must be more than 0, got %s", f.timeout).wrap()
	}
	if io.sites != nil {
		cfg.Library, cfg.Open = io.sites.library, io.sites.open
	}
	if f.only == "" {
		return cfg, nil
	}
	if cfg.Only, err = regexp.Compile(f.only); err != nil {
		return cfg, usage("--run %s is no regular expression: %s", f.only, err).wrap()
	}
	return cfg, nil
}

// A testReport is what is told of tests as they end.
type testReport struct {
	io     streams
	flags  *testFlags
	text   *screen.Tests
	suites []*tester.Suite
	began  time.Time
}

func newTestReport(io streams, f *testFlags) *testReport {
	r := &testReport{io: io, flags: f, began: time.Now()}
	if *f.output == asText {
		r.text = screen.NewTests(io.out, screen.LookOf(io.out, getenv), f.verbose)
	}
	return r
}

// suite tells of the tests of one runbook.
func (r *testReport) suite(s *tester.Suite) error {
	if r.flags.only != "" && len(s.Tests) == 0 {
		return nil // it may have tests, and none of them was asked for
	}
	r.suites = append(r.suites, s)
	if r.text == nil {
		return nil
	}
	return r.text.Suite(s)
}

func (r *testReport) count() (n int) {
	for _, s := range r.suites {
		n += len(s.Tests)
	}
	return n
}

func (r *testReport) failed() bool {
	for _, s := range r.suites {
		if s.Count(tester.Failed) > 0 {
			return true
		}
	}
	return false
}

// close tells the sum, and writes what is for programs.
func (r *testReport) close() error {
	elapsed := time.Since(r.began)
	if err := r.writeJUnit(); err != nil {
		return err
	}
	if r.text != nil {
		return r.text.Sum(r.suites, elapsed)
	}
	return writeJSON(r.io.out, testDocument(r.suites, elapsed))
}

func (r *testReport) writeJUnit() error {
	if r.flags.junit == "" {
		return nil
	}
	file, err := os.Create(r.flags.junit)
	if err != nil {
		return action.Errorf(action.CodeInvalid, "cannot write the report: %w", err)
	}
	if err := errors.Join(tester.JUnit(file, r.suites), file.Close()); err != nil {
		return action.Errorf(action.CodeUnavailable, "cannot write the report %s: %w", r.flags.junit, err)
	}
	return nil
}
