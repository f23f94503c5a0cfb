package journal

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"
)

// A KindDoc is a kind of record for a person who reads journals.
type KindDoc struct {
	Kind  Kind
	Doc   string
	Parts []string // of the record, that a record of this kind always has
}

// A TypeDoc is a JSON object in a record, with its fields.
type TypeDoc struct {
	Name   string
	Fields []FieldDoc
}

// A FieldDoc is one field of such an object.
type FieldDoc struct {
	Name     string
	Type     string // in terms of JSON
	Optional bool   // left out where there is nothing to say
	Doc      string
}

// Kinds explains the kinds of record, in the order in which a run first writes them. Which parts a kind has is asked of check, so
// that it is said once.
func Kinds() []KindDoc {
	kinds := make([]KindDoc, len(kindDocs))
	for i, k := range kindDocs {
		kinds[i] = KindDoc{Kind: k.kind, Doc: k.doc, Parts: partsOf(k.kind)}
	}
	return kinds
}

// partsOf finds the parts without which a record of that kind is not complete.
func partsOf(kind Kind) (parts []string) {
	t := reflect.TypeFor[Record]()
	for i := range t.NumField() {
		if t.Field(i).Type.Kind() != reflect.Pointer {
			continue
		}
		r := Record{Kind: kind}
		for j := range t.NumField() {
			if field := t.Field(j).Type; field.Kind() == reflect.Pointer && i != j {
				reflect.ValueOf(&r).Elem().Field(j).Set(reflect.New(field.Elem()))
			}
		}
		if complete, _ := r.complete(); !complete {
			name, _ := jsonName(t.Field(i))
			parts = append(parts, name)
		}
	}
	return parts
}

// Types explains a record and every object in it, each before those that it holds.
func Types() []TypeDoc {
	var types []TypeDoc
	queue := []reflect.Type{reflect.TypeFor[Record]()}
	for i := 0; i < len(queue); i++ {
		doc := TypeDoc{Name: typeName(queue[i])}
		for _, f := range reflect.VisibleFields(queue[i]) {
			name, optional := jsonName(f)
			if name == "" {
				continue
			}
			if inner := objectIn(f.Type); inner != nil && !slices.Contains(queue, inner) {
				queue = append(queue, inner)
			}
			doc.Fields = append(doc.Fields, FieldDoc{
				Name: name, Type: jsonType(f.Type), Optional: optional, Doc: fieldDocs[doc.Name+"."+name],
			})
		}
		types = append(types, doc)
	}
	return types
}

func typeName(t reflect.Type) string { return strings.ToLower(t.Name()) }

// jsonName is what a field is called in JSON; "" if it is not there, as an embedded struct is not, but its fields.
func jsonName(f reflect.StructField) (name string, optional bool) {
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "-" || !f.IsExported() || f.Anonymous && name == "" {
		return "", false
	}
	if name == "" {
		name = f.Name
	}
	return name, strings.Contains(options, "omit")
}

// objectIn is the struct that a field holds, one or many of; nil if it holds none of ours.
func objectIn(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() == reflect.Struct && t != reflect.TypeFor[time.Time]() {
		return t
	}
	return nil
}

// jsonType is what a Go type is in a journal.
func jsonType(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Time]():
		return "time"
	case reflect.TypeFor[time.Duration]():
		return "nanoseconds"
	case reflect.TypeFor[json.RawMessage]():
		return "any"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return jsonType(t.Elem())
	case reflect.Slice:
		return "list of " + jsonType(t.Elem())
	case reflect.Map:
		return "object of " + jsonType(t.Elem())
	case reflect.Struct:
		return typeName(t)
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Interface:
		return "any"
	}
	return "integer"
}
