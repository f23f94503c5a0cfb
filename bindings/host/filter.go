package host

import (
	"context"
	"time"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/module"
)

// filterFields are what can be asked of files.
var filterFields = []module.Param{
	{Name: "kind", Kind: module.Any, Doc: "file, folder, link or other, or a list of these; all if not given"},
	{Name: "older_than", Kind: module.Duration, Doc: `last changed before that long ago: "7d"`},
	{Name: "newer_than", Kind: module.Duration, Doc: "last changed within that time"},
	{Name: "min_size", Kind: module.Integer, Min: module.Bound(0), Doc: "bytes at least"},
	{Name: "max_size", Kind: module.Integer, Min: module.Bound(1), Doc: "bytes at most"},
	{Name: "name", Kind: module.Any, Doc: `pattern for the last part of the path, or a list of which one has to fit: "*.log"`},
	{Name: "without", Kind: module.Any, Doc: "patterns likewise: what fits is left out, and if it is a folder, what is in it too"},
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
	if f.Kinds, err = kindsOf(function, args["kind"]); err != nil {
		return f, err
	}
	if f.Names, err = patterns(function, "name", args["name"]); err != nil {
		return f, err
	}
	if f.Without, err = patterns(function, "without", args["without"]); err != nil {
		return f, err
	}
	f.AtLeast, _ = args.Int("min_size")
	f.AtMost, _ = args.Int("max_size")
	depth, _ := args.Int("depth")
	f.Depth, f.Stay = int(depth), args.Bool("stay")
	return f, f.Check(function)
}

// texts are those of a value that is one or a list of them; nil for none.
func texts(function, name string, value any) ([]string, error) {
	switch value := value.(type) {
	case nil:
		return nil, nil
	case string:
		return []string{value}, nil
	}
	list := module.Param{Name: name, Kind: module.Strings}
	out, err := list.Check(value, function+": "+name)
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "%s: %s must be a string or a list of strings", function, name)
	}
	return out.([]string), nil
}

func kindsOf(function string, value any) ([]files.Kind, error) {
	names, err := texts(function, "kind", value)
	if names == nil {
		return nil, err
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

func patterns(function, name string, value any) ([]string, error) {
	out, err := texts(function, name, value)
	for i, pattern := range out {
		out[i] = files.Unspell(pattern)
	}
	return out, err
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
