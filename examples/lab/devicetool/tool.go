// Package devicetool is the vendors' tools of the rack: photon-debug, lightmatter-cli, fpga-util and mit-photonic-cli,
// with the names and options of the handbook. What they print is made up, and as unlike each other as such tools are.
//
// A tool never does anything but change the file of package device, its logs and its record of calls, and it leaves
// nothing running. It is a real program nonetheless: the lab program, called by the tool's name.
//
// Read next: session.go for what the tools have in common; then one file per tool.
package devicetool

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"runbook/examples/lab/device"
	"runbook/examples/lab/layout"
)

// The exit codes that the tools share.
const (
	exitFailed  = 1 // the device did not do it, or is not well
	exitUsage   = 2
	exitUnknown = 3 // there is no such device
	exitOffline = 4
	exitBusy    = 5 // it is being reset
)

// nonsense is what a tool prints when a device answers with noise: no text in any encoding, and a terminal's escape.
const nonsense = "\x00\xff\xfe~%x\x1b[2J lane=\xc3( temp=NaN 4..12 }{ \x7f\r\n"

// tool is one vendor's program. It prints to the session; its error says why it did not do what was asked.
type tool struct {
	usage string
	run   func(ctx context.Context, s *session, args []string) error
}

var tools = map[string]tool{
	"photon-debug":     photonDebug,
	"lightmatter-cli":  lightmatterCLI,
	"fpga-util":        fpgaUtil,
	"mit-photonic-cli": mitPhotonicCLI,
}

// Names are those of the tools.
func Names() []string { return slices.Sorted(maps.Keys(tools)) }

// Main runs the tool that this program was called as, on the lab that the program belongs to.
func Main(ctx context.Context, argv []string) (exit int) {
	self, err := os.Executable()
	if err == nil {
		self, err = filepath.EvalSymlinks(self) // a tool is a link to the lab's program
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: find the lab: %v\n", filepath.Base(argv[0]), err)
		return exitFailed
	}
	store := device.Store{Dir: layout.Of(self), Now: time.Now}
	return Invocation{Store: store, Argv: argv, Out: os.Stdout, Err: os.Stderr}.Run(ctx)
}

// Invocation is one call of a tool.
type Invocation struct {
	Store    device.Store
	Argv     []string // the tool first, which Names must have
	Out, Err io.Writer
}

// Run does what was asked, records it, and returns the exit code.
func (i Invocation) Run(ctx context.Context) int {
	call := device.Call{Time: i.Store.Now().UTC(), Argv: i.Argv}
	name := filepath.Base(i.Argv[0])
	s, hung := &session{Store: i.Store}, false
	s.unanswered = func(ctx context.Context, id string) error {
		hung = true
		return i.hang(ctx, call, id)
	}
	err := s.Settle(ctx)
	if err == nil {
		err = tools[name].run(ctx, s, i.Argv[1:])
	}
	exit := exitCode(err)
	if !hung {
		call.Changed, call.Exit = s.changed, &exit
		// Before anything is printed: whoever reads may go away, and take this program with it.
		if failed := i.Store.Record(call); failed != nil {
			err, exit = errors.Join(err, failed), exitFailed
		}
	}
	i.print(name, s, err)
	return exit
}

// print says what came of it. Where nobody listens there is nothing left to do.
func (i Invocation) print(name string, s *session, err error) {
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(i.Out, tools[name].usage) //nolint:errcheck // see above
		return
	case s.garbled:
		io.WriteString(i.Out, nonsense) //nolint:errcheck // see above
	default:
		i.Out.Write(s.out.Bytes()) //nolint:errcheck // see above
	}
	if err == nil {
		return
	}
	fmt.Fprintf(i.Err, "%s: %v\n", name, err) //nolint:errcheck // see above
	if exitCode(err) == exitUsage {
		fmt.Fprint(i.Err, tools[name].usage) //nolint:errcheck // see above
	}
}

// failure is an error with an exit code of its own.
type failure struct {
	code int
	text string
}

func (f *failure) Error() string { return f.text }

func refuse(code int, format string, args ...any) error {
	return &failure{code, fmt.Sprintf(format, args...)}
}

func exitCode(err error) int {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if refused, ok := errors.AsType[*failure](err); ok {
		return refused.code
	}
	return exitFailed
}

// options parses what follows the tool's name, or its subcommand's. The flag package would print by itself.
type options struct{ *flag.FlagSet }

func newOptions() options {
	set := flag.NewFlagSet("", flag.ContinueOnError)
	set.SetOutput(&bytes.Buffer{})
	return options{set}
}

func (o options) parse(args []string) error {
	err := o.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return refuse(exitUsage, "%v", err)
	case o.NArg() > 0:
		return refuse(exitUsage, "unexpected argument %q", o.Arg(0))
	}
	return nil
}

// subcommands is a tool whose first argument says what to do.
type subcommands map[string]func(ctx context.Context, s *session, args []string) error

func (c subcommands) run(ctx context.Context, s *session, args []string) error {
	if len(args) == 0 {
		return refuse(exitUsage, "a command is missing")
	}
	command, ok := c[args[0]]
	switch {
	case args[0] == "--help" || args[0] == "-h":
		return flag.ErrHelp
	case !ok:
		return refuse(exitUsage, "unknown command %q", args[0])
	}
	return command(ctx, s, args[1:])
}
