// Package remote is the files of a machine that runs commands: the files.System behind a command.Runner, such as one that is reached by ssh.
//
// It needs a POSIX shell and the tools of GNU or BusyBox there, and leaves nothing behind. What is done are scripts that are constants of
// this program (scripts.go); paths and names are arguments of them, never part of one, and begin with no dash. A folder is entered and then
// compared with where it should be, and what is in it is reached by its name in it: a folder that has become a link meanwhile is noticed
// before anything is done. Which scripts only look is declared (Reads), for the wall of a dry run. Read next: scripts.go, then walk.go and
// change.go.
package remote

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"sync"
	"syscall"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/files"
)

// Files are those of a machine that runs commands.
type Files struct {
	runner command.Runner

	mu    sync.Mutex
	tools *tools // nil until they have been looked for
}

var _ files.System = (*Files)(nil)

// New is the files of a machine. It runs nothing.
func New(runner command.Runner) *Files { return &Files{runner: timely{runner}} }

// A timely runner begins nothing when the time for it is over, and says so without the script, which tells a person nothing.
type timely struct{ command.Runner }

func (t timely) Run(ctx context.Context, argv []string, streams command.Streams) (int, error) {
	if ctx.Err() != nil {
		return 0, action.Errorf(action.CodeInterrupted, "the machine was not asked for its files any more: %w", context.Cause(ctx))
	}
	return t.Runner.Run(ctx, argv, streams)
}

// Machine is what the machine calls itself.
func (f *Files) Machine(ctx context.Context) (string, error) { return f.runner.Machine(ctx) }

// complaintLimit is how much is kept of what a script complains about.
const complaintLimit = 64 << 10

// run runs a script with arguments to its end, and returns its exit code and what it complained about.
func (f *Files) run(ctx context.Context, script string, in io.Reader, out io.Writer, args ...string) (code int, complaint string, err error) {
	complaints := command.NewBuffer(complaintLimit)
	code, err = f.runner.Run(ctx, argv(script, args), command.Streams{Stdin: in, Stdout: out, Stderr: complaints})
	return code, textOf(complaints), files.NotEnded(ctx, err)
}

func textOf(complaints *command.Buffer) string {
	text, _ := complaints.Text(func(text string) string { return text })
	return text
}

func argv(script string, args []string) []string {
	return append([]string{shell, "-c", script, shell}, args...)
}

// output runs a script that prints little.
func (f *Files) output(ctx context.Context, script string, args ...string) (out string, code int, complaint string, err error) {
	var text strings.Builder
	code, complaint, err = f.run(ctx, script, nil, &text, args...)
	return text.String(), code, complaint, err
}

// The exit codes of the scripts, beside those of the tools in them.
const (
	exitNone      = 81 // there is nothing
	exitNoFile    = 82 // it has no content
	exitForbidden = 83
	exitElsewhere = 84 // a link is on the way
	exitNoFolder  = 85
	exitFolder    = 86 // where a file should be
	exitExists    = 87
	exitTaken     = 88
)

var exits = map[int]error{
	exitNone: fs.ErrNotExist, exitNoFile: files.ErrNoFile, exitForbidden: fs.ErrPermission, exitElsewhere: syscall.ENOTDIR,
	exitNoFolder: syscall.ENOTDIR, exitFolder: syscall.EISDIR, exitExists: fs.ErrExist, exitTaken: files.ErrTaken,
}

// complaints are what tools say, in the C locale, of what the kernel tells them.
var complaints = []struct {
	says string
	is   error
}{
	{"No such file or directory", fs.ErrNotExist},
	{"nonexistent directory", fs.ErrNotExist},
	{"Permission denied", fs.ErrPermission},
	{"Operation not permitted", fs.ErrPermission},
	{"Read-only file system", syscall.EROFS},
	{"Directory not empty", syscall.ENOTEMPTY},
	{"Not a directory", syscall.ENOTDIR},
	{"Is a directory", syscall.EISDIR},
	{"No space left on device", syscall.ENOSPC},
	{"Device or resource busy", syscall.EBUSY},
	{"Invalid cross-device link", syscall.EXDEV},
	{"File exists", fs.ErrExist},
}

// reason is why a script ended with a code other than 0.
func reason(code int, complaint string) error {
	if err, known := exits[code]; known {
		return err
	}
	for _, c := range complaints {
		if strings.Contains(complaint, c.says) {
			return c.is
		}
	}
	if complaint = strings.TrimSpace(complaint); complaint != "" {
		return errors.New(complaint)
	}
	return errors.New("the tools of the machine failed, and did not say why")
}
