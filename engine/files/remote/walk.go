package remote

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"strconv"
	"strings"
	"sync"

	"runbook/engine/command"
	"runbook/engine/files"
)

// handful is how many entries are told of at once.
const handful = 256

// unlookedKept is how much of what could not be looked at is told of.
const unlookedKept = 100

// Walk finds what is below a root.
func (f *Files) Walk(ctx context.Context, root string, only files.Filter, visit func([]files.Entry) error) (files.Walked, error) {
	if err := only.Check("walk"); err != nil {
		return files.Walked{}, err
	}
	has, err := f.known(ctx)
	if err != nil {
		return files.Walked{}, err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	c := &collector{only: only, visit: visit, stop: stop}
	if only.Stay {
		if c.mounted, err = f.mounted(ctx, root); err != nil {
			return files.Walked{}, err
		}
	}
	said := &unlooked{root: root, rest: command.NewBuffer(complaintLimit)}
	code, err := f.find(ctx, has, root, only, c, said)
	noted := code != 0 && said.count(&c.walked)
	switch {
	case c.failed != nil:
		return c.walked, c.failed
	case err != nil:
		return c.walked, err
	case code != 0 && !noted:
		return c.walked, files.Failed("look into", root, reason(code, textOf(said.rest)))
	}
	return c.walked, c.tell()
}

// find has the machine's tools find. What they can leave out by themselves they do; the rest is left out here.
func (f *Files) find(ctx context.Context, has tools, root string, only files.Filter, c *collector, said *unlooked) (int, error) {
	args := []string{root, strconv.Itoa(only.Depth), "0"}
	if only.Stay {
		args[2] = "1"
	}
	var p parser
	script, mark := listScript, rand.Text()
	if has.prints {
		wanted := findTests(only)
		if len(strings.Join(wanted, "")) > batchBytes {
			wanted = findTests(only.Anywhere())
		}
		script, args = findScript, append(args, wanted...)
		p = &zeroed{found: c.add, passed: c.pass}
	} else {
		args = append(args, cmp.Or(letter(only), "any"), mark)
		p = &marked{mark: mark, found: c.add}
	}
	code, err := f.runner.Run(ctx, argv(script, args), command.Streams{Stdout: p, Stderr: said})
	err = files.NotEnded(ctx, err)
	if err == nil && c.failed == nil && (code == 0 || c.any) {
		c.failed = p.finish()
	}
	return code, err
}

// A collector takes what is found.
type collector struct {
	mounted map[string]bool // below the root, where that counts
	only    files.Filter
	visit   func([]files.Entry) error
	stop    context.CancelCauseFunc
	found   []files.Entry
	walked  files.Walked
	any     bool
	failed  error
}

// pass takes note of an entry that is not wanted.
func (c *collector) pass() {
	c.any = true
	c.walked.Seen++
}

// add takes one entry.
func (c *collector) add(e files.Entry) error {
	c.pass()
	if !c.only.Wants(&e) || elsewhere(c.mounted, e.Path) {
		return nil
	}
	if c.found = append(c.found, e); len(c.found) < handful {
		return nil
	}
	return c.tell()
}

// tell tells of what was found. Who does not want more ends the command.
func (c *collector) tell() error {
	if len(c.found) == 0 {
		return nil
	}
	err := c.visit(c.found)
	c.found = nil
	if err != nil {
		c.failed = err
		c.stop(err)
	}
	return err
}

// An unlooked takes what find complains about, line by line: of a folder with many others in it that may not be read there is more than
// could be kept. A command that is given up on may still write to it.
type unlooked struct {
	root string
	rest *command.Buffer // what is about no single entry

	mu    sync.Mutex
	line  []byte // that has not ended
	noted bool   // there was something about a single entry, so that the rest was found
	kept  []files.Unlooked
	all   int64
}

func (u *unlooked) Write(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.line = append(u.line, p...)
	for {
		at := bytes.IndexByte(u.line, '\n')
		if at < 0 {
			break
		}
		u.note(string(u.line[:at]))
		u.line = u.line[at+1:]
	}
	if len(u.line) > complaintLimit { // no complaint is that long
		u.line = nil
	}
	return len(p), nil
}

// count adds what could not be looked at to what was walked, and tells whether there was any complaint about single entries.
func (u *unlooked) count(walked *files.Walked) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.line) > 0 {
		u.note(string(u.line))
		u.line = nil
	}
	walked.Skipped, walked.Unlooked = u.all, u.kept
	return u.noted
}

// note notes one complaint.
func (u *unlooked) note(line string) {
	text, about := strings.CutPrefix(strings.TrimSpace(line), "find: ")
	if !about {
		text, about = strings.CutPrefix(text, "stat: ")
	}
	if !about {
		_, _ = u.rest.Write([]byte(line + "\n")) // it never fails
		return
	}
	u.noted = true
	if strings.Contains(text, "No such file or directory") {
		return // it has gone since its name was read
	}
	if u.all++; len(u.kept) < unlookedKept {
		at := quoted(text)
		u.kept = append(u.kept, files.Unlooked{Path: at, Err: files.FailedBelow(u.root, "look at", at, reason(1, text))})
	}
}

// quoted is the path that a complaint is about, as far as it can be read.
func quoted(text string) string {
	path, _, _ := strings.Cut(text, ": ")
	return strings.TrimPrefix(strings.Trim(path, "'\"`"), "./")
}
