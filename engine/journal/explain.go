package journal

import (
	"reflect"

	"runbook/engine/typedoc"
)

// A KindDoc is a kind of record for a person who reads journals.
type KindDoc struct {
	Kind  Kind
	Doc   string
	Parts []string // of the record, that a record of this kind always has
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
			name, _ := typedoc.Name(t.Field(i), "json")
			parts = append(parts, name)
		}
	}
	return parts
}

// Types explains a record and every object in it, each before those that it holds.
func Types() []typedoc.Type {
	return typedoc.Types(reflect.TypeFor[Record](), "json", func(of string, f reflect.StructField) string {
		name, _ := typedoc.Name(f, "json")
		return fieldDocs[of+"."+name]
	})
}
