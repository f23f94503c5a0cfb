package yamlfile

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
	notATime     = regexp.MustCompile(`^parsing time ("(?:[^"\\]|\\.)*") as .*`)
	wrongType    = regexp.MustCompile("(?s)^(line \\d+: )cannot unmarshal !!(\\w+)(?: `(.*)`)? into (.+)$")
)

// explain makes of yaml's error what a person can act on.
func explain[T any](text []byte, what string, err error) error {
	if _, ours := errors.AsType[*action.Error](err); ours {
		return err
	}
	unfit, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		message := strings.TrimPrefix(err.Error(), "yaml: ")
		message = notATime.ReplaceAllString(message, "this must be "+expectation("time.Time")+", not $1")
		if !strings.HasPrefix(message, "line ") {
			message = fmt.Sprintf("line %d: %s", lineOfError[T](text, what, err), message)
		}
		return action.Errorf(action.CodeInvalid, "%s", message)
	}
	lines := make([]string, len(unfit.Errors))
	for i, message := range unfit.Errors {
		lines[i] = plain[T](message)
	}
	return action.Errorf(action.CodeInvalid, "%s", strings.Join(lines, "\n"))
}

func plain[T any](message string) string {
	if m := unknownField.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%sthere is no field %q here%s", m[1], m[2], module.Suggest(m[2], fieldsOf(reflect.TypeFor[T](), m[3])))
	}
	if m := wrongType.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%sthis must be %s, not %s", m[1], expectation(m[4]), found(m[2], m[3]))
	}
	return message
}

// fieldsOf lists the fields of the type of that name, which is t or inside it.
func fieldsOf(t reflect.Type, name string) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	if t.String() == name {
		return keysOf(t)
	}
	for field := range t.Fields() {
		if keys := fieldsOf(field.Type, name); keys != nil {
			return keys
		}
	}
	return nil
}

// keysOf are the names by which a file gives the fields of t.
func keysOf(t reflect.Type) []string {
	var keys []string
	for field := range t.Fields() {
		key, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case options == "inline":
			keys = append(keys, keysOf(field.Type)...)
		case key != "-" && key != "":
			keys = append(keys, key)
		}
	}
	return keys
}

var expectations = map[string]string{
	"string":          "a text",
	"[]string":        "a list of texts",
	"int":             "a whole number",
	"bool":            "true or false",
	"time.Time":       "a time such as 2026-11-24T03:00:00Z",
	"time.Duration":   "a duration such as 90s, 5m, 1h30m or 7d",
	"action.Commands": "a list of commands, each a list of words",
}

func expectation(goType string) string {
	if e, ok := expectations[goType]; ok {
		return e
	}
	if strings.HasPrefix(goType, "[]") {
		return "a list"
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
func lineOfError[T any](text []byte, what string, err error) int {
	lines := bytes.SplitAfterN(text, []byte("\n"), findable)
	end := 0
	for i, line := range lines {
		end += len(line)
		if _, found := decode[T](text[:end], what); found != nil && found.Error() == err.Error() {
			return i + 1
		}
	}
	return len(lines)
}
