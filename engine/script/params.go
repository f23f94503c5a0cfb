package script

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"runbook/engine/action"
	"runbook/engine/module"
)

var paramTypes = []string{string(module.String), string(module.Integer), string(module.Number), string(module.Boolean), string(module.Duration)}

// paramFields are the fields of one parameter's declaration.
var paramFields = []module.Param{
	{Name: "type", Kind: module.String, Enum: paramTypes, Default: string(module.String)},
	{Name: "help", Kind: module.String},
	{Name: "default", Kind: module.Any},
	{Name: "required", Kind: module.Boolean},
	{Name: "min", Kind: module.Number},
	{Name: "max", Kind: module.Number},
	{Name: "enum", Kind: module.Strings},
	{Name: "pattern", Kind: module.String},
	{Name: "ask", Kind: module.String},
	{Name: "secret", Kind: module.Boolean},
}

var paramName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func readParams(v any, where Position) ([]Param, error) {
	declared, ok := v.(map[string]any)
	if v != nil && !ok {
		return nil, action.Errorf(action.CodeInvalid, "runbook: params must be a table of name = { type = …, help = … }")
	}
	var params []Param
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		p, err := readParam(name, declared[name])
		if err != nil {
			return nil, err
		}
		p.Where = where
		params = append(params, p)
	}
	return params, nil
}

func readParam(name string, v any) (Param, error) {
	function := "runbook: params." + name
	if !paramName.MatchString(name) {
		return Param{}, action.Errorf(action.CodeInvalid, "%s: a parameter's name is lower-case letters, digits and _", function)
	}
	if _, ok := v.(map[string]any); !ok {
		return Param{}, action.Errorf(action.CodeInvalid, "%s must be a table: { type = \"string\", help = … }", function)
	}
	args, err := module.BindOptions(function, paramFields, v)
	if err != nil {
		return Param{}, err
	}
	p := Param{
		Param: module.Param{
			Name: name, Kind: module.Kind(args.String("type")), Doc: args.String("help"), Required: args.Bool("required"),
			Enum: args.Strings("enum"), Min: bound(args, "min"), Max: bound(args, "max"),
		},
		Ask: args.String("ask"), Secret: args.Bool("secret"),
	}
	if pattern := args.String("pattern"); pattern != "" {
		if p.Pattern, err = regexp.Compile(`^(?:` + pattern + `)$`); err != nil {
			return Param{}, action.Errorf(action.CodeInvalid, "%s: pattern: %w", function, err)
		}
	}
	return p, p.checkDefault(function, args["default"])
}

func bound(args module.Args, name string) *float64 {
	if n, ok := args.Number(name); ok {
		return &n
	}
	return nil
}

// checkDefault holds a default to the parameter's own rules.
func (p *Param) checkDefault(function string, v any) error {
	if v == nil {
		return nil
	}
	if p.Required {
		return action.Errorf(action.CodeInvalid, "%s is required and has a default: it cannot be both", function)
	}
	out, err := p.check(v, function+": default")
	p.Default = out
	return err
}

func (p *Param) check(v any, where string) (any, error) {
	out, err := p.Check(v, where)
	if err != nil {
		return nil, err
	}
	if s, ok := out.(string); ok && p.Pattern != nil && !p.Pattern.MatchString(s) {
		return nil, action.Errorf(action.CodeInvalid, "%s must match %s, got %q", where, p.pattern(), s)
	}
	return out, nil
}

func (p *Param) pattern() string {
	return strings.TrimSuffix(strings.TrimPrefix(p.Pattern.String(), `^(?:`), `)$`)
}

// Parse checks a value that a person typed.
func (p *Param) Parse(typed string) (any, error) {
	var v any = typed
	switch p.Kind {
	case module.Integer, module.Number:
		if n, err := strconv.ParseFloat(typed, 64); err == nil {
			v = n
		}
	case module.Boolean:
		if b, err := strconv.ParseBool(typed); err == nil {
			v = b
		}
	case module.Duration:
		if n, err := strconv.ParseFloat(typed, 64); err == nil {
			v = n
		}
	}
	return p.check(v, "parameter "+p.Name)
}

// Rule says in a few words what values are allowed: "integer, 1 to 50, default 5".
func (p *Param) Rule() string {
	parts := []string{string(p.Kind)}
	switch {
	case p.Min != nil && p.Max != nil:
		parts = append(parts, number(*p.Min)+" to "+number(*p.Max))
	case p.Min != nil:
		parts = append(parts, "at least "+number(*p.Min))
	case p.Max != nil:
		parts = append(parts, "at most "+number(*p.Max))
	}
	if len(p.Enum) > 0 {
		parts = append(parts, "one of "+strings.Join(p.Enum, ", "))
	}
	if p.Pattern != nil {
		parts = append(parts, "matching "+p.pattern())
	}
	switch {
	case p.Required:
		parts = append(parts, "required")
	case p.Default != nil && !p.Secret:
		parts = append(parts, "default "+Typed(p.Default))
	case p.Ask != "":
		parts = append(parts, "asked during the run unless given")
	}
	return strings.Join(parts, ", ")
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// Typed is a parameter's value as a person would type it.
func Typed(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case interface{ String() string }: // a duration
		return x.String()
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}
