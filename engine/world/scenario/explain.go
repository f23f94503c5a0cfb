package scenario

import (
	_ "embed" // the comments on the types are what authors of scenarios read
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strconv"
	"strings"

	"runbook/engine/contact"
	"runbook/engine/typedoc"
)

//go:embed scenario.go
var source string

// parts are the types of which several others consist.
var parts = []string{"manner", "answer"}

// A WayDoc is a way in which a pod can behave.
type WayDoc struct{ Way, Doc string }

// Types explains a scenario and everything in it, each before what it holds.
func Types() ([]typedoc.Type, error) {
	docs, err := comments()
	if err != nil {
		return nil, err
	}
	said := func(of string, f reflect.StructField) string {
		for _, of := range append([]string{of}, parts...) {
			if doc := docs[of+"."+f.Name]; doc != "" {
				return doc
			}
		}
		return ""
	}
	var types []typedoc.Type
	for _, root := range []reflect.Type{reflect.TypeFor[Scenario](), reflect.TypeFor[FileChange](), reflect.TypeFor[DiskChange](), reflect.TypeFor[ObjectChange]()} {
		types = append(types, typedoc.Types(root, "yaml", said)...)
	}
	for i := range types {
		types[i].Doc = docs[types[i].Name]
	}
	return types, nil
}

// WayDocs explains the ways in which pods behave, in the order in which Ways lists them.
func WayDocs() ([]WayDoc, error) {
	docs, err := comments()
	if err != nil {
		return nil, err
	}
	var out []WayDoc
	for _, way := range Ways() {
		out = append(out, WayDoc{way, docs[strconv.Quote(way)]})
	}
	return out, nil
}

// comments are those of the types, of their fields by type and Go name, and of constants by their value.
func comments() (map[string]string, error) {
	out := map[string]string{}
	for _, text := range append([]string{source}, contact.Sources()...) {
		file, err := parser.ParseFile(token.NewFileSet(), "scenario.go", text, parser.ParseComments)
		if err != nil {
			return nil, err // the program is broken: it was compiled from this
		}
		noteAll(out, file)
	}
	return out, nil
}

func noteAll(out map[string]string, file *ast.File) {
	for _, d := range file.Decls {
		declaration, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range declaration.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				noteType(out, spec, declaration.Doc)
			case *ast.ValueSpec:
				if len(spec.Values) == 0 {
					continue
				}
				if value, ok := spec.Values[0].(*ast.BasicLit); ok {
					out[value.Value] = text(spec.Doc, spec.Comment)
				}
			}
		}
	}
}

func noteType(out map[string]string, spec *ast.TypeSpec, doc *ast.CommentGroup) {
	name := strings.ToLower(spec.Name.Name)
	out[name] = text(doc)
	if fields, ok := spec.Type.(*ast.StructType); ok {
		for _, f := range fields.Fields.List {
			for _, n := range f.Names {
				out[name+"."+n.Name] = text(f.Doc, f.Comment)
			}
		}
	}
}

// text is the first of comments that is there, in one line.
func text(groups ...*ast.CommentGroup) string {
	for _, g := range groups {
		if g != nil {
			return strings.Join(strings.Fields(g.Text()), " ")
		}
	}
	return ""
}
