// Package typedoc explains the objects of a file format to the people who read or write such files, from the Go types that decode it:
// what a format holds is then said once.
//
// It describes, and checks nothing. Read next: engine/journal/explain.go and engine/world/scenario/explain.go, which use it.
package typedoc

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// A Type is an object of a format, with its fields.
type Type struct {
	Name   string
	Doc    string // what it is for; "" if its fields say it
	Fields []Field
}

// A Field is one field of such an object.
type Field struct {
	Name     string
	Type     string // in terms of JSON
	Optional bool   // left out where there is nothing to say
	Doc      string
}

// Types explains an object and every one in it, each before those that it holds. tag is the one that names fields: "json" or "yaml".
// doc says what a field is for, by the name of its type.
func Types(root reflect.Type, tag string, doc func(of string, f reflect.StructField) string) []Type {
	var types []Type
	queue := []reflect.Type{root}
	for i := 0; i < len(queue); i++ {
		t := Type{Name: nameOf(queue[i])}
		for _, f := range reflect.VisibleFields(queue[i]) {
			name, optional := Name(f, tag)
			if name == "" {
				continue
			}
			if inner := objectIn(f.Type); inner != nil && !slices.Contains(queue, inner) {
				queue = append(queue, inner)
			}
			t.Fields = append(t.Fields, Field{Name: name, Type: typeOf(f.Type, tag), Optional: optional, Doc: doc(t.Name, f)})
		}
		types = append(types, t)
	}
	return types
}

func nameOf(t reflect.Type) string { return strings.ToLower(t.Name()) }

// Name is what a field is called in the format; "" if it is not there, as an embedded struct is not, but its fields.
func Name(f reflect.StructField, tag string) (name string, optional bool) {
	name, options, _ := strings.Cut(f.Tag.Get(tag), ",")
	if name == "-" || !f.IsExported() || f.Anonymous && name == "" {
		return "", false
	}
	if name == "" {
		name = f.Name
	}
	return name, strings.Contains(options, "omit")
}

// objectIn is the struct that a field holds, one or many of, by name or not; nil if it holds none of ours.
func objectIn(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() == reflect.Struct && t != reflect.TypeFor[time.Time]() {
		return t
	}
	return nil
}

// durations are how the formats write a time.Duration.
var durations = map[string]string{"json": "nanoseconds", "yaml": "duration"}

// typeOf is what a Go type is in the format.
func typeOf(t reflect.Type, tag string) string {
	switch t {
	case reflect.TypeFor[time.Time]():
		return "time"
	case reflect.TypeFor[time.Duration]():
		return durations[tag]
	case reflect.TypeFor[json.RawMessage]():
		return "any"
	}
	if t.Kind() == reflect.Int64 && reflect.PointerTo(t).Implements(reflect.TypeFor[yaml.Unmarshaler]()) {
		return nameOf(t) // a number that is written in a way of its own
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeOf(t.Elem(), tag)
	case reflect.Slice:
		return "list of " + typeOf(t.Elem(), tag)
	case reflect.Map:
		return "object of " + typeOf(t.Elem(), tag)
	case reflect.Struct:
		return nameOf(t)
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Interface:
		return "any"
	case reflect.Float64:
		return "number"
	}
	return "integer"
}
