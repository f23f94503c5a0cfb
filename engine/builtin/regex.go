package builtin

import (
	"regexp"
	"strconv"
	"sync"

	"runbook/engine/module"
)

func regexModule() *module.Module {
	params := []module.Param{
		{Name: "text", Kind: module.String, Required: true},
		{Name: "pattern", Kind: module.String, Required: true, Doc: "RE2 syntax: https://github.com/google/re2/wiki/Syntax"},
	}
	with := func(more ...module.Param) []module.Param { return append(append([]module.Param{}, params...), more...) }
	p := &patterns{}
	return &module.Module{
		Name: "regex",
		Doc:  "Regular expressions whose time is linear in the text, whatever the pattern.",
		Funcs: []module.Func{
			{
				Name: "test", Doc: "Tells whether the pattern occurs in the text.", Params: params,
				Returns: module.Result{Type: "boolean"}, Examples: []string{`regex.test(line, "(?i)out of memory")`},
				Pure: p.pure(func(re *regexp.Regexp, a module.Args) any { return re.MatchString(a.String("text")) }),
			},
			{
				Name: "match",
				Doc: "Finds the first occurrence: a list of the whole and then each group, with named groups also by name; nil if there is\n" +
					"none. A group that took no part is \"\".",
				Params: params, Returns: module.Result{Type: "regex.Match?", Doc: "fields: text, groups (list), names (table)"},
				Examples: []string{`regex.match("took 12 ms", "took (\\d+) ms").groups[1]`},
				Pure: p.pure(func(re *regexp.Regexp, a module.Args) any {
					m := re.FindStringSubmatch(a.String("text"))
					if m == nil {
						return nil
					}
					return matched(re, m)
				}),
			},
			{
				Name: "find_all", Doc: "Finds every occurrence, as match does.", Params: with(module.Param{
					Name: "limit", Kind: module.Integer, Min: module.Bound(1), Doc: "at most so many",
				}),
				Returns: module.Result{Type: "regex.Match[]"}, Examples: []string{`#regex.find_all(log, "ERROR")`},
				Pure: p.pure(findAll),
			},
			{
				Name: "replace", Doc: "Replaces every occurrence; $1 or ${name} in the replacement stands for a group.",
				Params:  with(module.Param{Name: "replacement", Kind: module.String, Required: true}),
				Returns: module.Result{Type: "string"}, Examples: []string{`regex.replace("a1b2", "\\d", "#")`},
				Pure: pure(func(a module.Args) (any, error) {
					re, err := p.compile(a.String("pattern"))
					if err != nil {
						return nil, err
					}
					if err := checkGroups(re, a.String("replacement")); err != nil {
						return nil, err
					}
					return re.ReplaceAllString(a.String("text"), a.String("replacement")), nil
				}),
			},
			{
				Name: "split", Doc: "Splits the text at every occurrence.", Params: params,
				Returns: module.Result{Type: "string[]"}, Examples: []string{`regex.split("a, b,c", ",\\s*")`},
				Pure: p.pure(func(re *regexp.Regexp, a module.Args) any { return re.Split(a.String("text"), -1) }),
			},
		},
	}
}

func findAll(re *regexp.Regexp, a module.Args) any {
	limit := int64(-1)
	if n, ok := a.Int("limit"); ok {
		limit = n
	}
	all := []any{}
	for _, m := range re.FindAllStringSubmatch(a.String("text"), int(limit)) {
		all = append(all, matched(re, m))
	}
	return all
}

func matched(re *regexp.Regexp, m []string) map[string]any {
	names := map[string]any{}
	for i, name := range re.SubexpNames() {
		if name != "" {
			names[name] = m[i]
		}
	}
	return map[string]any{"text": m[0], "groups": m[1:], "names": names}
}

// groupName is a group in a replacement as regexp reads it: the longest name wins.
var groupName = regexp.MustCompile(`\$(?:\$|(\w+)|\{(\w+)\})`)

// checkGroups finds a group that the pattern does not have, which regexp would replace by nothing: $1x is the group 1x.
func checkGroups(re *regexp.Regexp, replacement string) error {
	for _, found := range groupName.FindAllStringSubmatch(replacement, -1) {
		name := found[1] + found[2]
		n, err := strconv.Atoi(name)
		known := err == nil && n <= re.NumSubexp() || err != nil && re.SubexpIndex(name) >= 0
		if name != "" && !known {
			return invalid("regex.replace: the pattern has no group %q", name).Try("${1}x is group 1 and then x; $$ is a dollar sign")
		}
	}
	return nil
}

// patterns keeps compiled patterns: a script uses few, and each of them often.
type patterns struct{ compiled sync.Map }

func (p *patterns) compile(pattern string) (*regexp.Regexp, error) {
	if re, ok := p.compiled.Load(pattern); ok {
		return re.(*regexp.Regexp), nil
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, invalid("regex: %w", err).
			Try(`RE2 has no look-around and no back-references; in a Lua string each backslash is written twice: "\\d"`)
	}
	p.compiled.Store(pattern, re)
	return re, nil
}

func (p *patterns) pure(fn func(*regexp.Regexp, module.Args) any) pureFunc {
	return pure(func(a module.Args) (any, error) {
		re, err := p.compile(a.String("pattern"))
		if err != nil {
			return nil, err
		}
		return fn(re, a), nil
	})
}
