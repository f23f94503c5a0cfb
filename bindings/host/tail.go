package host

import (
	"context"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/module"
)

const (
	tailLines = 10       // as tail does
	tailFirst = 64 << 10 // how much of a file's end is read at first
)

func (b *binding) tailFunc() module.Func {
	return module.Func{
		Name: "tail",
		Doc: `Reads the last lines of a text file, such as a log, without reading what is before.

With match it is the last lines that a regular expression fits (RE2, as in the module regex). No more than the last max_bytes are looked at.
To see what comes, read again after a while, or wait until a line does: see await_line.`,
		Params: []module.Param{
			pathParam("path", "the file"),
			{Name: "options", Kind: module.Object, Doc: "where, and how much", Fields: []module.Param{
				onParam,
				{Name: "lines", Kind: module.Integer, Default: int64(tailLines), Min: module.Bound(1), Max: module.Bound(100_000), Doc: "how many at most: 10 if not given"},
				{Name: "match", Kind: module.String, Doc: "only lines that this regular expression fits"},
				{Name: "max_bytes", Kind: module.Integer, Default: int64(8 << 20), Min: module.Bound(1), Max: module.Bound(maxContent),
					Doc: "how much of the file's end is looked at: 8 MiB if not given, at most 64 MiB"},
			}},
		},
		Returns: module.Result{Type: "string[]", Doc: "the lines, oldest first, without their line ends"},
		Errors:  append([]action.Code{}, lookErrors...),
		Examples: []string{
			`for _, line in ipairs(host.tail("/var/log/photon-mlir/device-envise-1.log", { lines = 50, on = "rack-1" })) do log(line) end`,
			`local errors = host.tail("/var/log/syslog", { match = "(?i)error", lines = 20 })`,
		},
		Read: func(args module.Args) (action.Read, error) {
			l, err := b.lookAt("host.tail", args, "path")
			if err != nil {
				return nil, err
			}
			t := tailing{looking: l}
			t.lines, _ = args.Int("lines")
			t.most, _ = args.Int("max_bytes")
			if t.match, err = expression(l.verb, args.String("match")); err != nil {
				return nil, err
			}
			t.identity = []action.Arg{{Name: "lines", Value: t.lines}}
			if t.match != nil {
				t.identity = append(t.identity, action.Arg{Name: "match", Value: t.match.String()})
			}
			t.look = func(ctx context.Context, view action.View) (any, error) { return t.tail(ctx, view) }
			return t.looking, nil
		},
	}
}

// expression is a regular expression of an argument, nil for none.
func expression(function, text string) (*regexp.Regexp, error) {
	if text == "" {
		return nil, nil
	}
	match, err := regexp.Compile(text)
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "%s: match is no regular expression: %w", function, err)
	}
	return match, nil
}

// A tailing is a look at the end of a file.
type tailing struct {
	looking
	lines, most int64
	match       *regexp.Regexp
}

// tail reads more and more of the end of a file until there are as many lines as are wanted, or all that may be looked at was.
func (t *tailing) tail(ctx context.Context, view action.View) ([]string, error) {
	for window := min(int64(tailFirst), t.most); ; window = min(window*8, t.most) {
		text, whole, err := t.end(ctx, view, window)
		if err != nil {
			return nil, err
		}
		lines := linesOf(text, whole)
		if t.match != nil {
			lines = slices.DeleteFunc(lines, func(line string) bool { return !t.match.MatchString(line) })
		}
		if whole || window == t.most || int64(len(lines)) >= t.lines {
			return lines[max(len(lines)-int(t.lines), 0):], nil
		}
	}
}

// end is the last part of a file, and whether it is all of it.
func (t *tailing) end(ctx context.Context, view action.View, window int64) (text string, whole bool, err error) {
	in, err := t.as(view).Open(ctx, t.path, -window-1) // with the byte before, which tells whether a line begins here
	if err != nil {
		return "", false, err
	}
	all, err := io.ReadAll(io.LimitReader(in, window+1))
	if err = errors.Join(err, in.Close()); err != nil {
		return "", false, files.Failed("read", t.path, err)
	}
	return string(all), int64(len(all)) <= window, nil
}

// linesOf are the lines of a text. Of a text that is the end of another one the first is only half a line.
func linesOf(text string, whole bool) []string {
	if !whole {
		_, text, _ = strings.Cut(text, "\n")
	}
	text = strings.ToValidUTF8(text, string(utf8.RuneError))
	out := []string{}
	for line := range strings.Lines(text) {
		out = append(out, strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"))
	}
	return out
}
