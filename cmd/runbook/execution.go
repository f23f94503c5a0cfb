package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"runbook/engine"
	"runbook/engine/catalog"
	"runbook/engine/journal"
	"runbook/engine/plan"
	"runbook/engine/redact"
	"runbook/engine/screen"
	"runbook/engine/watchdog"
	"runbook/engine/world/scenario"
)

// defaultMemory is how much heap a run may use, far above what ten thousand pods need.
const defaultMemory = "1GiB"

// commonFlags are the flags of every command that runs a script.
type commonFlags struct {
	timeout time.Duration
	memory  string
	site    string
	output  *output
	// simulation is the simulated site that is meant; nil for a real one.
	simulation *scenario.Scenario
	cluster    clusterFlags
	metrics    metricsFlags
}

func newCommonFlags() commonFlags { return commonFlags{cluster: newClusterFlags()} }

// add adds the flags of a command that talks to a site.
func (f *commonFlags) add(cmd *cobra.Command) {
	f.addLimits(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.site, "site", "", "site file, or the name of one in "+filepath.Join("~", ".config", "runbook", "sites"))
	f.cluster.add(flags)
	f.metrics.add(flags)
}

func (f *commonFlags) addLimits(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.DurationVar(&f.timeout, "timeout", 0, "end the run after this time, such as 10m; none by default")
	flags.StringVar(&f.memory, "memory", defaultMemory, "end the run when it uses more memory than this")
	f.output = addOutput(cmd)
}

// execution is one run, put together.
type execution struct {
	io      streams
	flags   *commonFlags
	venue   venue
	id      string
	redact  *redact.Redactor
	outlets outlets
	shown   *screen.Outlet // what text prints to
	// onTerminal tells whether that is a terminal.
	onTerminal bool
	text       *screen.Text
	asking     *terminal // nil where nobody can be asked
	journal    *journal.File
	ended      atomic.Bool // the run itself has ended
	walls      walls       // none in a real run
}

// prepare finds out where the run is to happen, and chooses what it is called. Walled puts the second wall of a dry run around the clients.
func prepare(ctx context.Context, io streams, f *commonFlags, walled bool) (*execution, error) {
	where, err := f.venue()
	if err != nil {
		return nil, err
	}
	id, err := journal.NewID(time.Now(), rand.Reader)
	if err != nil {
		return nil, err
	}
	x := &execution{io: io, flags: f, venue: where, id: id, redact: io.secrets, outlets: outletsOf(io)}
	out := io.out
	x.shown = x.outlets.out
	if *f.output == asJSON {
		out, x.shown = io.err, x.outlets.err // standard output is for the document
	}
	x.onTerminal = term.IsTerminal(int(out.Fd()))
	x.text = screen.NewText(x.shown, screen.Options{Look: screen.LookOf(out, getenv)})
	if walled {
		x.walls = secondWalls(ctx, where)
	}
	return x, nil
}

// identity is which site is meant.
func (x *execution) identity() map[string]string { return x.venue.identity(x.redact) }

// people are who answers in a real run: those at the terminal, or nobody.
func (x *execution) people(yes bool) engine.People {
	var people engine.People = engine.Nobody{}
	if term.IsTerminal(int(x.io.in.Fd())) {
		x.asking = newTerminal(x.io, x.outlets.err, x.text, x.venue.production())
		people = x.asking
	}
	if yes {
		people = engine.Yes{People: people}
	}
	return people
}

// A job is what differs between the commands that run a script.
type job struct {
	entry   *catalog.Entry
	given   map[string]string
	mode    func() engine.Mode
	past    engine.Past
	plan    *plan.Plan
	open    func() (*journal.File, error) // the run's journal; nil for none
	outputs outputs
}

// do runs a script. An error is one that arose before anything was written down, or one of closing what was.
func (x *execution) do(ctx context.Context, j job) (result engine.Result, err error) {
	defer func() { err = errors.Join(err, j.outputs.abandon()) }()
	if err := x.venue.open(); err != nil {
		return engine.Result{}, err
	}
	defer func() { err = errors.Join(err, x.venue.close()) }()
	signals := interruptible(ctx, x.interrupted)
	defer signals.stop()
	defer x.watchReader(signals)()
	cfg, err := x.config(ctx, signals.actions, j)
	if err != nil {
		return engine.Result{}, err
	}
	document := screen.NewDocument(x.outlets.out)
	cfg.Open = func() (journal.Sink, error) { return x.open(document, j.open) }
	result, err = engine.Run(signals.script, cfg) //nolint:contextcheck // it comes from ctx, by way of the signals
	x.ended.Store(true)
	var unwritten error
	if err == nil {
		unwritten = x.write(signals.script, j.outputs, cfg, result) //nolint:contextcheck // the same
	}
	read, closed := x.close(ctx, signals, document, err == nil)
	if x.journal != nil {
		x.pruneQuietly(ctx)
	}
	if err = errors.Join(err, result.Lost, unwritten, closed); err != nil {
		return engine.Result{}, err
	}
	if !read && result.Exit == engine.ExitDone {
		return result, exitError(engine.ExitFailed) // nobody was told what was done, but for the last word
	}
	return result, nil
}

// write writes the files about the run and tells where they are.
func (x *execution) write(ctx context.Context, files outputs, cfg engine.Config, result engine.Result) error {
	said, err := files.write(ctx, x.journal, ended{cfg: cfg, result: result})
	for _, line := range said {
		x.tell(line)
	}
	return err
}

func (x *execution) config(ctx, actions context.Context, j job) (engine.Config, error) {
	memory, err := humanize.ParseBytes(x.flags.memory)
	if err != nil {
		return engine.Config{}, usage("--memory %s is not a size such as 512MiB", x.flags.memory).wrap()
	}
	return engine.Config{
		Entry: j.entry, Given: j.given, Mode: x.venue.mode(j.mode()), Past: j.past, Plan: j.plan,
		Library: library(modules(ctx, x.venue, x.id, x.walls, x.redact)...), Live: x.text,
		Limits:  watchdog.Limits{Time: x.flags.timeout, Memory: int64(memory)},
		About:   journal.Run{ID: x.id, Version: version, User: userName(), Host: hostName(), Site: x.identity(), SiteFile: x.venue.siteFile()},
		Actions: actions, Redactor: x.redact, Pace: x.pace, Exit: x.die,
	}, nil
}

// create makes the journal of a run that begins.
func (x *execution) create() (*journal.File, error) { return journal.Create(runsDir(), x.id) }

// open puts everything that takes records behind the redactor, the journal first.
func (x *execution) open(document *screen.Document, open func() (*journal.File, error)) (journal.Sink, error) {
	var sinks []journal.Sink
	if open != nil {
		file, err := open()
		if err != nil {
			return nil, err
		}
		x.journal = file
		sinks = append(sinks, x.io.journal(file))
	}
	sinks = append(sinks, x.text)
	if *x.flags.output == asJSON {
		sinks = append(sinks, document)
	}
	return x.redact.Sink(journal.Tee(sinks...)), nil
}

// exit is the exit code of a run, as an error unless it is zero.
func exit(result engine.Result) error {
	if result.Exit != engine.ExitDone {
		return exitError(result.Exit)
	}
	return nil
}

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return fmt.Sprintf("uid %d", os.Getuid())
}

func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}
