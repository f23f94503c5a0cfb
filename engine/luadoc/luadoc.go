// Package luadoc reads what the comments in a Lua library say of its functions, as the data that modules declare in Go: libraries and
// modules are then documented, listed and completed by the same code.
//
//	--- What the function does, in one line.
//	-- More, as many lines as it takes.
//	-- @param name          what it is for, with units
//	-- @param options?      may be left out
//	-- @param options.title what one of its fields is for
//	-- @return              what comes back
//	-- @usage library.function("a", { title = "b" })
//	function library.function(name, options)
//
// The first such comment of a file is about the library. Public are the functions of the table that the file returns, and the methods of
// every table. It reads comments and runs nothing. Read next: stdlib, whose libraries are written that way.
package luadoc

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/module"
)

// Libraries reads every library of a folder, by name, and says what is wrong with their comments.
func Libraries(files fs.FS) (libraries []*module.Module, faults []string, err error) {
	names, err := fs.Glob(files, "*.lua")
	if err != nil {
		return nil, nil, action.Errorf(action.CodeInternal, "cannot list the libraries: %w", err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, nil, action.Errorf(action.CodeInternal, "cannot read the library %s: %w", name, err)
		}
		library, wrong := Parse(strings.TrimSuffix(name, ".lua"), string(text))
		libraries, faults = append(libraries, library), append(faults, wrong...)
	}
	return libraries, faults, nil
}

var (
	returned = regexp.MustCompile(`(?m)^return\s+(\w+)`)
	function = regexp.MustCompile(`^function\s+(\w+)([.:])(\w+)\s*\(([^)]*)\)`)
)

// Parse reads the comments of one library, and says what is wrong with them: a function that has none, a parameter without a word, or a
// word about a parameter that is not there.
func Parse(name, text string) (library *module.Module, faults []string) {
	library = &module.Module{Name: name}
	table := ""
	if m := returned.FindAllStringSubmatch(text, -1); m != nil {
		table = m[len(m)-1][1]
	}
	var comment []string
	for rest := text; rest != ""; {
		line, after, _ := strings.Cut(rest, "\n")
		m := function.FindStringSubmatch(rest)
		switch {
		case m != nil && (m[1] == table || m[2] == ":"):
			f, wrong := described(m, table, comment)
			library.Funcs = append(library.Funcs, f)
			for _, w := range wrong {
				faults = append(faults, fmt.Sprintf("%s.lua: %s: %s", name, f.Name, w))
			}
			comment = nil
		case strings.HasPrefix(line, "---"), comment != nil && strings.HasPrefix(line, "--"):
			comment = append(comment, strings.TrimPrefix(strings.TrimLeft(line, "-"), " "))
		default:
			if comment != nil && library.Doc == "" {
				library.Doc = split(comment).doc
			}
			comment = nil
		}
		rest = after
	}
	if library.Doc == "" {
		faults = append(faults, name+".lua: there is no comment about the library")
	}
	return library, faults
}

// described is a function with what its comment says.
func described(m []string, table string, comment []string) (module.Func, []string) {
	f := module.Func{Name: m[3]}
	if m[1] != table {
		f.Name = m[1] + m[2] + m[3]
	}
	for name := range strings.SplitSeq(m[4], ",") {
		if name = strings.TrimSpace(name); name != "" {
			f.Params = append(f.Params, module.Param{Name: name, Required: true})
		}
	}
	if comment == nil {
		return f, []string{"it is not documented"}
	}
	said := split(comment)
	f.Doc = said.doc
	var faults []string
	for _, tag := range said.tags {
		switch tag.name {
		case "param":
			if !note(f.Params, tag.text) {
				faults = append(faults, "there is no parameter "+strings.Fields(tag.text + " ?")[0])
			}
		case "return":
			f.Returns.Doc = tag.text
		case "usage":
			f.Examples = append(f.Examples, tag.text)
		default:
			faults = append(faults, "@"+tag.name+" is not known: param, return and usage are")
		}
	}
	return f, append(faults, missing(&f)...)
}

// note writes down what is said of a parameter, or of a field of one. It returns false if there is no such parameter.
func note(params []module.Param, text string) bool {
	name, doc, _ := strings.Cut(text, " ")
	name, optional := strings.CutSuffix(name, "?")
	name, field, ofField := strings.Cut(name, ".")
	if strings.HasPrefix(text, "...") {
		name, field, ofField = "...", "", false
	}
	i := slices.IndexFunc(params, func(p module.Param) bool { return p.Name == name })
	if i < 0 {
		return false
	}
	p, doc := &params[i], strings.Join(strings.Fields(doc), " ")
	if ofField {
		p.Fields = append(p.Fields, module.Param{Name: field, Doc: doc})
		return true
	}
	p.Doc, p.Required = doc, !optional
	return true
}

// missing is what the comment of a function does not say.
func missing(f *module.Func) (faults []string) {
	if f.Doc == "" {
		faults = append(faults, "it does not say what it does")
	}
	for _, p := range f.Params {
		if p.Doc == "" {
			faults = append(faults, "the parameter "+p.Name+" is not documented")
		}
	}
	if len(f.Examples) == 0 {
		faults = append(faults, "there is no example: @usage")
	}
	return faults
}

// A said is a comment: its text, and what stands behind the tags in it.
type said struct {
	doc  string
	tags []tag
}

type tag struct{ name, text string }

var tagged = regexp.MustCompile(`^@(\w+)\s*(.*)$`)

// split takes a comment apart. What follows a tag belongs to it, up to the next.
func split(comment []string) (s said) {
	var doc []string
	for _, line := range comment {
		switch m := tagged.FindStringSubmatch(line); {
		case m != nil:
			s.tags = append(s.tags, tag{m[1], m[2]})
		case len(s.tags) > 0:
			last := &s.tags[len(s.tags)-1]
			last.text = strings.TrimSpace(last.text + "\n" + strings.TrimRight(line, " "))
		default:
			doc = append(doc, line)
		}
	}
	s.doc = strings.TrimSpace(strings.Join(doc, "\n"))
	return s
}
