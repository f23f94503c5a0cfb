package remote

import (
	"context"
	"crypto/rand"
	"strconv"
	"strings"

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
	c := &collector{root: root, only: only, visit: visit, stop: stop}
	code, complaint, err := f.find(ctx, has, root, only, c)
	switch {
	case c.failed != nil:
		return c.walked, c.failed
	case err != nil:
		return c.walked, err
	case code != 0 && !c.note(complaint):
		return c.walked, files.Failed("look into", root, reason(code, complaint))
	}
	return c.walked, c.tell()
}

// find has the machine's tools find. What they can leave out by themselves they do; the rest is left out here.
func (f *Files) find(ctx context.Context, has tools, root string, only files.Filter, c *collector) (int, string, error) {
	depth, stay, kinds := strconv.Itoa(only.Depth), "0", "any"
	if only.Stay {
		stay = "1"
	}
	if len(only.Kinds) == 1 {
		if letter, known := letters[only.Kinds[0]]; known {
			kinds = letter
		}
	}
	var p parser
	script, last := listScript, rand.Text()
	if has.prints {
		script, last = findScript, before(only)
		p = &zeroed{found: c.add}
	} else {
		p = &marked{mark: last, found: c.add}
	}
	code, complaint, err := f.run(ctx, script, nil, p, root, depth, stay, kinds, last)
	if err == nil && c.failed == nil && (code == 0 || c.any) {
		c.failed = p.finish()
	}
	return code, complaint, err
}

var letters = map[files.Kind]string{files.File: "f", files.Folder: "d", files.Link: "l"}

// before is the time before which files have to be changed, as find reads it. It is a bit later, for what find rounds.
func before(only files.Filter) string {
	if only.Before.IsZero() {
		return "0"
	}
	return strconv.FormatInt(only.Before.Unix()+1, 10)
}

// A collector takes what is found.
type collector struct {
	root   string
	only   files.Filter
	visit  func([]files.Entry) error
	stop   context.CancelCauseFunc
	found  []files.Entry
	walked files.Walked
	any    bool
	failed error
}

// add takes one entry.
func (c *collector) add(e files.Entry) error {
	c.any = true
	c.walked.Seen++
	if !c.only.Wants(&e) {
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

// note notes what find complains about, and tells whether it is about single entries, so that the rest was found.
func (c *collector) note(complaint string) bool {
	noted := false
	for line := range strings.Lines(complaint) {
		text, ofFind := strings.CutPrefix(strings.TrimSpace(line), "find: ")
		if !ofFind {
			if text, ofFind = strings.CutPrefix(text, "stat: "); !ofFind {
				continue
			}
		}
		noted = true
		if strings.Contains(text, "No such file or directory") {
			continue // it has gone since its name was read
		}
		c.walked.Skipped++
		if len(c.walked.Unlooked) < unlookedKept {
			at := quoted(text)
			c.walked.Unlooked = append(c.walked.Unlooked, files.Unlooked{Path: at, Err: files.FailedBelow(c.root, "look at", at, reason(1, text))})
		}
	}
	return noted
}

// quoted is the path that a complaint is about, as far as it can be read.
func quoted(text string) string {
	path, _, _ := strings.Cut(text, ": ")
	return strings.TrimPrefix(strings.Trim(path, "'\"`"), "./")
}
