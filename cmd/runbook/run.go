package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/adrg/xdg"
	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"runbook/engine"
	"runbook/engine/journal"
	"runbook/engine/redact"
	"runbook/engine/screen"
	"runbook/engine/site"
	"runbook/engine/wall"
	"runbook/engine/watchdog"
)

// defaultMemory is how much heap a run may use, far above what ten thousand pods need.
const defaultMemory = "1GiB"

// runFlags are the flags of one run.
type runFlags struct {
	params   []string
	dry      bool
	detailed bool
	yes      bool
	timeout  time.Duration
	memory   string
	assume   []string
	site     string
	output   *output
	cluster  clusterFlags
}

func newRun(io streams) *cobra.Command {
	f := &runFlags{cluster: newClusterFlags()}
	cmd := &cobra.Command{
		Use:   "run NAME",
		Short: "Run a runbook, or rehearse it with --dry-run",
		Long: `Runs a runbook: one by its name, or a script by its path ending in .lua.

With --dry-run it reads the live site, changes nothing, and shows every action that it would take.`,
		Example: `  runbook run compiler-down --dry-run
  runbook run compiler-down -p replicas=5 --context staging`,
		Args:              oneArg("the name of a runbook"),
		ValidArgsFunction: completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runOne(cmd.Context(), io, f, args[0])
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.params, "param", "p", nil, "a parameter as name=value; may be given several times")
	flags.BoolVar(&f.dry, "dry-run", false, "change nothing, show what would be done")
	flags.BoolVar(&f.detailed, "detailed-exitcode", false, "with --dry-run: exit with 2 when changes are intended")
	flags.BoolVar(&f.yes, "yes", false, "consent to every action, and answer yes to every confirmation")
	flags.DurationVar(&f.timeout, "timeout", 0, "end the run after this time, such as 10m; none by default")
	flags.StringVar(&f.memory, "memory", defaultMemory, "end the run when it uses more memory than this")
	flags.StringArrayVar(&f.assume, "assume", nil, "with --dry-run: \"NAME=timeout\" rehearses that the wait NAME does not come true")
	flags.StringVar(&f.site, "site", "", "site file, or the name of one in "+filepath.Join("~", ".config", "runbook", "sites"))
	f.output = addOutput(cmd)
	f.cluster.add(flags)
	_ = cmd.RegisterFlagCompletionFunc("param", completeParams) // fails only for a flag that does not exist
	return cmd
}

// execution is one run, put together.
type execution struct {
	io      streams
	flags   *runFlags
	site    *site.Site
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
	wall       *wall.Wall  // nil in a real run
}

func runOne(ctx context.Context, io streams, f *runFlags, name string) error {
	if f.detailed && !f.dry {
		return usage("--detailed-exitcode goes with --dry-run").wrap()
	}
	if len(f.assume) > 0 && !f.dry {
		return usage("--assume goes with --dry-run").wrap()
	}
	entry, err := shelves().Find(name)
	if err != nil {
		return err
	}
	x, err := prepare(io, f)
	if err != nil {
		return err
	}
	signals := interruptible(ctx, x.interrupted)
	defer signals.stop()
	defer x.watchReader(signals)()
	cfg, err := x.config(signals.actions)
	if err != nil {
		return err
	}
	cfg.Entry = entry
	document := screen.NewDocument(x.outlets.out)
	cfg.Open = func() (journal.Sink, error) { return x.open(document) }
	result, err := engine.Run(signals.script, cfg)
	x.ended.Store(true)
	read, closed := x.close(signals, document, err == nil)
	if x.journal != nil {
		x.pruneQuietly()
	}
	if err = errors.Join(err, closed); err != nil {
		return err
	}
	if !read && result.Exit == engine.ExitDone {
		return exitError(engine.ExitFailed) // nobody was told what was done, but for the last word
	}
	return x.exit(result)
}

// prepare reads the site file and chooses what the run is called.
func prepare(io streams, f *runFlags) (*execution, error) {
	s, err := site.Load(sitePath(f.site))
	if err != nil {
		return nil, &engine.UsageError{Err: err}
	}
	f.cluster.fillIn(s.Kubernetes)
	id, err := journal.NewID(time.Now(), rand.Reader)
	if err != nil {
		return nil, err
	}
	x := &execution{io: io, flags: f, site: s, id: id, redact: redact.New(), outlets: outletsOf(io)}
	out := io.out
	x.shown = x.outlets.out
	if *f.output == asJSON {
		out, x.shown = io.err, x.outlets.err // standard output is for the document
	}
	x.onTerminal = term.IsTerminal(int(out.Fd()))
	x.text = screen.NewText(x.shown, screen.Options{Look: screen.LookOf(out, getenv)})
	if f.dry {
		x.wall = wall.New(readsOf(s.Commands.Reads), nil)
	}
	return x, nil
}

// sitePath is the file that --site means: a path, or the name of a file in the user's folder of sites.
func sitePath(flag string) string {
	if flag == "" || strings.ContainsRune(flag, filepath.Separator) || strings.HasSuffix(flag, ".yaml") {
		return flag
	}
	return filepath.Join(xdg.ConfigHome, "runbook", "sites", flag+".yaml")
}

func (x *execution) config(actions context.Context) (engine.Config, error) {
	given, err := splitParams(x.flags.params)
	if err != nil {
		return engine.Config{}, err
	}
	memory, err := humanize.ParseBytes(x.flags.memory)
	if err != nil {
		return engine.Config{}, usage("--memory %s is not a size such as 512MiB", x.flags.memory).wrap()
	}
	mode, err := x.mode()
	if err != nil {
		return engine.Config{}, err
	}
	about := journal.Run{ID: x.id, Version: version, User: userName(), Host: hostName(), Site: x.flags.cluster.identity(x.redact)}
	if x.site.Name != "" && about.Site != nil {
		about.Site["site"] = x.site.Name
	}
	var wrap func(http.RoundTripper) http.RoundTripper
	if x.wall != nil {
		wrap = x.wall.Wrap
	}
	return engine.Config{
		Library: library(clusterModule(x.flags.cluster, x.site, x.id, wrap)), Given: given, Mode: mode, Live: x.text,
		Limits: watchdog.Limits{Time: x.flags.timeout, Memory: int64(memory)}, About: about, Actions: actions, Redactor: x.redact,
		Pace: x.pace, Exit: x.die,
	}, nil
}

// mode is what --dry-run, --yes and the terminal say together.
func (x *execution) mode() (engine.Mode, error) {
	if x.flags.dry {
		timesOut, err := timeouts(x.flags.assume)
		return engine.Dry(time.Now(), timesOut), err
	}
	var people engine.People = engine.Nobody{}
	if term.IsTerminal(int(x.io.in.Fd())) {
		x.asking = newTerminal(x.io, x.outlets.err, x.text, x.production())
		people = x.asking
	}
	if x.flags.yes {
		people = engine.Yes{People: people}
	}
	return engine.Real(people), nil
}

// timeouts reads the values of --assume.
func timeouts(assumed []string) ([]string, error) {
	var names []string
	for _, a := range assumed {
		name, what, ok := strings.Cut(a, "=")
		if !ok || what != "timeout" {
			return nil, usage("--assume %s is not of the form NAME=timeout", a).Try("a dry run shows the names of what it assumed").wrap()
		}
		names = append(names, name)
	}
	return names, nil
}

// splitParams reads the values of -p. A parameter given twice is a mistake, not a choice.
func splitParams(params []string) (map[string]string, error) {
	given := map[string]string{}
	for _, p := range params {
		name, value, ok := strings.Cut(p, "=")
		if !ok {
			return nil, usage("-p %s is not of the form name=value", p).wrap()
		}
		if _, twice := given[name]; twice {
			return nil, usage("the parameter %s was given twice", name).wrap()
		}
		given[name] = value
	}
	return given, nil
}

// open makes the journal and puts everything that takes records behind the redactor.
func (x *execution) open(document *screen.Document) (journal.Sink, error) {
	file, err := journal.Create(runsDir(), x.id)
	if err != nil {
		return nil, err
	}
	x.journal = file
	sinks := []journal.Sink{file, x.text}
	if *x.flags.output == asJSON {
		sinks = append(sinks, document)
	}
	return x.redact.Sink(journal.Tee(sinks...)), nil
}

// exit is the exit code of a run, as an error unless it is zero.
func (x *execution) exit(result engine.Result) error {
	switch {
	case x.flags.detailed && result.Exit == engine.ExitDone && result.Actions > 0:
		return exitError(engine.ExitChanges)
	case result.Exit != engine.ExitDone:
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
