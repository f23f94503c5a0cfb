package module

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Args are the checked arguments of one call, by parameter name; options of the last parameter are flattened in.
type Args map[string]any

// String returns a String argument, "" if it was left out.
func (a Args) String(name string) string { s, _ := a[name].(string); return s }

// Bool returns a Boolean argument, false if it was left out.
func (a Args) Bool(name string) bool { b, _ := a[name].(bool); return b }

// Int returns an Integer argument and whether it was given.
func (a Args) Int(name string) (int64, bool) { n, ok := a[name].(int64); return n, ok }

// Number returns a Number argument and whether it was given.
func (a Args) Number(name string) (float64, bool) { n, ok := a[name].(float64); return n, ok }

// Duration returns a Duration argument and whether it was given.
func (a Args) Duration(name string) (time.Duration, bool) {
	d, ok := a[name].(time.Duration)
	return d, ok
}

// Strings returns a Strings or Texts argument, nil if it was left out.
func (a Args) Strings(name string) []string { l, _ := a[name].([]string); return l }

// List returns a List argument, nil if it was left out.
func (a Args) List(name string) []any { l, _ := a[name].([]any); return l }

// Bind checks the positional values of one call of the module's function against its parameters.
func (f *Func) Bind(m *Module, values []any) (Args, error) {
	function := m.Qualified(f)
	if len(values) > len(f.Params) {
		return nil, invalid("%s takes %s, got %d", function, count(len(f.Params), "argument"), len(values))
	}
	args := make(Args, len(f.Params))
	for i := range f.Params {
		var v any
		if i < len(values) {
			v = values[i]
		}
		if err := bindOne(function, &f.Params[i], v, args); err != nil {
			return nil, cmp.Or(f.misplaced(function, i, v), err)
		}
	}
	return args, nil
}

// misplaced is why a table of options is wrong where what it has belongs into another one of the same function; nil where that is not so.
func (f *Func) misplaced(function string, at int, v any) error {
	given, _ := v.(map[string]any)
	own := f.Params[at].Fields
	if own == nil {
		return nil
	}
	for _, name := range sortedKeys(given) {
		if hasField(own, name) {
			continue
		}
		for i, other := range f.Params {
			if hasField(other.Fields, name) {
				return invalid("%s: %s stands in %s, and belongs into %s", function, name, f.Params[at].Name, other.Name).
					Try("%s(%s{ %s = … })", function, f.before(i), name)
			}
		}
	}
	return nil
}

func hasField(fields []Param, name string) bool {
	return slices.ContainsFunc(fields, func(p Param) bool { return p.Name == name })
}

// before are the parameters that are written before one.
func (f *Func) before(at int) string {
	out := ""
	for _, p := range f.Params[:at] {
		out += p.Name + ", "
	}
	return out
}

func bindOne(function string, p *Param, v any, args Args) error {
	out, err := p.Check(v, function+": "+p.Name)
	if err != nil {
		return err
	}
	if p.Fields == nil {
		if out != nil {
			args[p.Name] = out
		}
		return nil
	}
	return bindOptions(function, p.Fields, out, args)
}

// BindOptions checks a table of options by name, as the last argument of a function, against its fields.
func BindOptions(function string, fields []Param, v any) (Args, error) {
	args := make(Args, len(fields))
	return args, bindOptions(function, fields, v, args)
}

func bindOptions(function string, fields []Param, v any, args Args) error {
	options, ok := v.(map[string]any)
	if v != nil && !ok {
		return invalid("%s: the options must be a table written in the script", function)
	}
	if err := unknownOption(function, fields, options); err != nil {
		return err
	}
	for i := range fields {
		out, err := fields[i].Check(options[fields[i].Name], function+": "+fields[i].Name)
		if err != nil {
			return err
		}
		if out != nil {
			args[fields[i].Name] = out
		}
	}
	return nil
}

func unknownOption(function string, fields []Param, options map[string]any) error {
	names := make([]string, len(fields))
	known := make(map[string]bool, len(fields))
	for i := range fields {
		names[i], known[fields[i].Name] = fields[i].Name, true
	}
	for _, name := range sortedKeys(options) {
		if !known[name] {
			return invalid("%s has no option %q%s", function, name, Suggest(name, names))
		}
	}
	return nil
}

func count(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun + "s"
	case 1:
		return "1 " + noun
	}
	return fmt.Sprintf("at most %d %ss", n, noun)
}
