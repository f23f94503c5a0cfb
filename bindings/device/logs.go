package device

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/driver"
	"runbook/engine/module"
)

const (
	logsTimeout = 30 * time.Second
	manyLines   = 100
	mostLines   = 10000
)

func (b *binding) logsFunc() module.Func {
	return module.Func{
		Name: "logs",
		Doc: `Reads the end of a device's log, on the machine on which its tool is.

The inventory says where the log is (log). A driver may have a command of its own for it; else it is tail. Of lines that are to match a
pattern, match finds those among the last so many.`,
		Params: []module.Param{idParam, {Name: "options", Kind: module.Object, Doc: "how much of it", Fields: []module.Param{
			{Name: "lines", Kind: module.Integer, Default: int64(manyLines), Min: module.Bound(1), Max: module.Bound(mostLines), Doc: "how many of its last lines: 100 if not given"},
			{Name: "match", Kind: module.String, Doc: "only lines in which this pattern occurs (RE2)"},
		}}},
		Returns: module.Result{Type: "string[]", Doc: "the lines, the newest last"},
		Errors:  []action.Code{action.CodeNotFound, action.CodeTimeout, action.CodeCommand, action.CodeUnavailable},
		Examples: []string{
			`for _, line in ipairs(device.logs("envise-2", { match = "ERROR|WARN" })) do log(line) end`,
		},
		Read: b.newLogs,
	}
}

// A logRead is one call of logs.
type logRead struct {
	*call
	lines   int64
	pattern string
	match   *regexp.Regexp // nil for all
}

func (b *binding) newLogs(args module.Args) (action.Read, error) {
	u, err := b.unit(args)
	if err != nil {
		return nil, err
	}
	l := logRead{pattern: args.String("match")}
	l.lines, _ = args.Int("lines")
	if l.call, err = u.call(driver.Logs, map[string]string{driver.Lines: strconv.FormatInt(l.lines, 10)}); err != nil {
		return nil, err
	}
	if l.pattern != "" {
		if l.match, err = regexp.Compile(l.pattern); err != nil {
			return nil, action.Errorf(action.CodeInvalid, "device.logs: match: %w", err)
		}
	}
	return l, nil
}

func (l logRead) Describe() action.Description {
	d := l.looking("logs")
	if l.pattern != "" {
		d.Identity = append(d.Identity, action.Arg{Name: "match", Value: l.pattern})
	}
	return d
}

func (l logRead) Read(ctx context.Context, _ action.View) (any, error) {
	said, err := l.run(ctx, action.CodeTimeout)
	if err != nil {
		return nil, err
	}
	if said.Cut { // what is missing is the end, which is what was asked for
		return nil, action.Errorf(action.CodeInvalid, "the last %d lines of the log of the device %s are more than %d MiB", l.lines, l.ID, maxLog>>20).
			On(l.target()).Try("ask for fewer: device.logs(%q, { lines = %d })", l.ID, max(l.lines/10, 1))
	}
	out := []any{}
	for line := range strings.Lines(said.Stdout) {
		line = strings.TrimRight(line, "\r\n")
		if l.match == nil || l.match.MatchString(line) {
			out = append(out, line)
		}
	}
	return out, nil
}
