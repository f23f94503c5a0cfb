package host

import (
	"context"
	"slices"
	"time"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/module"
)

// filterFields are what can be asked of files.
var filterFields = []module.Param{
	{Name: "kind", Kind: module.Texts, Doc: "file, folder, link or other, or a list of these; all if not given"},
	{Name: "older_than", Kind: module.Duration, Doc: `last changed before that long ago: "7d"`},
	{Name: "newer_than", Kind: module.Duration, Doc: "last changed within that time"},
	{Name: "min_size", Kind: module.Integer, Min: module.Bound(0), Doc: "bytes at least"},
	{Name: "max_size", Kind: module.Integer, Min: module.Bound(1), Doc: "bytes at most"},
	{Name: "name", Kind: module.Texts, Doc: `pattern for the last part of the path, or a list of which one has to fit: "*.log"`},
	{Name: "without", Kind: module.Texts, Doc: "patterns likewise: what fits is left out, and if it is a folder, what is in it too"},
	{Name: "depth", Kind: module.Integer, Min: module.Bound(1), Doc: "how many levels below the root; all if not given"},
	{Name: "stay", Kind: module.Boolean, Doc: "on the file system of the root"},
}

// A filter is what was asked for, before it is known what time it is.
type filter struct {
	given module.Args
	files.Filter
}

// filterOf reads the filter among arguments.
func filterOf(function string, args module.Args) (filter, error) {
	f := filter{given: module.Args{}}
	for _, field := range filterFields {
		if value, was := args[field.Name]; was {
			f.given[field.Name] = value
		}
	}
	var err error
	if f.Kinds, err = kindsOf(function, args.Strings("kind")); err != nil {
		return f, err
	}
	f.Names, f.Without = unspelt(args.Strings("name")), unspelt(args.Strings("without"))
	f.AtLeast, _ = args.Int("min_size")
	f.AtMost, _ = args.Int("max_size")
	depth, _ := args.Int("depth")
	f.Depth, f.Stay = int(depth), args.Bool("stay")
	return f, f.Check(function)
}

func kindsOf(function string, names []string) ([]files.Kind, error) {
	if names == nil {
		return nil, nil
	}
	known := []string{string(files.File), string(files.Folder), string(files.Link), string(files.Other)}
	kinds := make([]files.Kind, 0, len(names))
	one := module.Param{Kind: module.String, Enum: known}
	for _, name := range names {
		if _, err := one.Check(name, function+": kind"); err != nil {
			return nil, err
		}
		kinds = append(kinds, files.Kind(name))
	}
	return kinds, nil
}

// unspelt are patterns as bytes. An empty list, which nothing fits, is not the same as none.
func unspelt(patterns []string) []string {
	out := slices.Clone(patterns)
	for i, pattern := range out {
		out[i] = files.Unspell(pattern)
	}
	return out
}

// at is the filter now. It goes by the clock of the run, as everything does that a script says about time.
func (f filter) at(ctx context.Context) files.Filter { return f.until(module.Now(ctx)) }

// until is the filter at a time.
func (f filter) until(now time.Time) files.Filter {
	out := f.Filter
	if old, given := f.given.Duration("older_than"); given {
		out.Before = now.Add(-old)
	}
	if young, given := f.given.Duration("newer_than"); given {
		out.After = now.Add(-young)
	}
	return out
}

// identity are the arguments of a filter, in the order of its fields.
func (f filter) identity() (out []action.Arg) {
	for _, field := range filterFields {
		value, given := f.given[field.Name]
		if !given {
			continue
		}
		if d, is := value.(time.Duration); is {
			value = d.String()
		}
		out = append(out, action.Arg{Name: field.Name, Value: value})
	}
	return out
}
