package site

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"runbook/engine/action"
	"runbook/engine/module"
)

// How yaml says what does not fit a Go type, which a reader does not care about.
var (
	unknownField = regexp.MustCompile(`^(line \d+: )field (.*) not found in type (\S+)$`)
	wrongType    = regexp.MustCompile("(?s)^(line \\d+: )cannot unmarshal !!(\\w+)(?: `(.*)`)? into (\\S+)$")
)

// explain makes of yaml's error what a person can act on.
func explain(text []byte, err error) error {
	if _, ours := errors.AsType[*action.Error](err); ours {
		return err
	}
	unfit, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		message := strings.TrimPrefix(err.Error(), "yaml: ")
		if !strings.HasPrefix(message, "line ") {
			message = fmt.Sprintf("line %d: %s", lineOfError(text, err), message)
		}
		return action.Errorf(action.CodeInvalid, "%s", message)
	}
	lines := make([]string, len(unfit.Errors))
	for i, message := range unfit.Errors {
		lines[i] = plain(message)
	}
	return action.Errorf(action.CodeInvalid, "%s", strings.Join(lines, "\n"))
}

func plain(message string) string {
	if m := unknownField.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%sthere is no field %q here%s", m[1], m[2], module.Suggest(m[2], fieldsOf(reflect.TypeFor[Site](), m[3])))
	}
	if m := wrongType.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%sthis must be %s, not %s", m[1], expectation(m[4]), found(m[2], m[3]))
	}
	return message
}

// fieldsOf lists the fields of the type of that name, which is t or inside it.
func fieldsOf(t reflect.Type, name string) []string {
	if t.Kind() != reflect.Struct {
		return nil
	}
	var names []string
	for field := range t.Fields() {
		key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if key != "-" {
			names = append(names, key)
		}
		if inner := fieldsOf(field.Type, name); inner != nil {
			return inner
		}
	}
	if t.String() != name {
		return nil
	}
	return names
}

func expectation(goType string) string {
	switch goType {
	case "string":
		return "a text"
	case "[]string":
		return "a list of texts"
	case "action.Commands":
		return "a list of commands, each a list of words"
	}
	return "fields with names"
}

func found(tag, value string) string {
	switch tag {
	case "seq":
		return "a list"
	case "map":
		return "fields with names"
	}
	return fmt.Sprintf("%q", value)
}

// findable is in how many lines a line is looked for.
const findable = 1000

// lineOfError finds the line of an error that yaml gives none: the first up to which the text has the same error.
func lineOfError(text []byte, err error) int {
	lines := bytes.SplitAfterN(text, []byte("\n"), findable)
	end := 0
	for i, line := range lines {
		end += len(line)
		if _, found := decode(text[:end]); found != nil && found.Error() == err.Error() {
			return i + 1
		}
	}
	return len(lines)
}

// lineOf is the line of what stands at a path of names and indexes.
func lineOf(text []byte, path ...any) int {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil || len(root.Content) == 0 {
		return 1
	}
	node := root.Content[0]
	for _, at := range path {
		next := child(node, at)
		if next == nil {
			break // it came by a merge or an alias: the line of what it came into
		}
		node = next
	}
	return node.Line
}

func child(node *yaml.Node, at any) *yaml.Node {
	if node.Alias != nil {
		node = node.Alias
	}
	switch key := at.(type) {
	case int:
		if node.Kind == yaml.SequenceNode && key < len(node.Content) {
			return node.Content[key]
		}
	case string:
		for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == key {
				return node.Content[i+1]
			}
		}
	}
	return nil
}
