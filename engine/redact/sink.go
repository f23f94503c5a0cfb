package redact

import (
	"bytes"
	"encoding/json"
	"reflect"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// Sink returns a Sink that hides secrets in every record before next sees it. The record that it is given stays as it is,
// except for the Seq that next gave it: what needed hiding is hidden in a copy.
//
// Hidden is text that a script, a person or a server supplied. The program's own vocabulary, such as Kind, Status or
// action.Code, has types of its own and stays readable even where a password happens to be "outcome". A script may raise an error
// with a code of its own, which is in no vocabulary.
func (r *Redactor) Sink(next journal.Sink) journal.Sink { return sink{r, next} }

type sink struct {
	redactor *Redactor
	next     journal.Sink
}

func (s sink) Write(record *journal.Record) error {
	hidden := Clean(s.redactor, record)
	if hidden == record {
		return s.next.Write(record)
	}
	if _, dirty := s.redactor.returned(record); dirty {
		o := *hidden.Outcome
		o.Masked = true
		hidden.Outcome = &o
	}
	err := s.next.Write(hidden)
	record.Seq = hidden.Seq
	return err
}

// returned is what a call returned, without secrets, and whether there were some: it has to be read again when the run is taken up.
func (r *Redactor) returned(record *journal.Record) (reflect.Value, bool) {
	if record.Outcome == nil {
		return reflect.Value{}, false
	}
	return r.value(reflect.ValueOf(record.Outcome.Returned))
}

var (
	stringType = reflect.TypeFor[string]()
	bytesType  = reflect.TypeFor[[]byte]()
	rawType    = reflect.TypeFor[json.RawMessage]()
)

// value returns v without secrets, copied as far as there were some, and whether there were. Walking by reflection, not
// field by field, is what makes a field that is added to a record tomorrow safe as well.
func (r *Redactor) value(v reflect.Value) (reflect.Value, bool) {
	switch v.Kind() {
	case reflect.String:
		return r.text(v)
	case reflect.Pointer:
		return r.pointer(v)
	case reflect.Interface:
		if v.IsNil() {
			return v, false
		}
		if v.Elem().CanInt() || v.Elem().CanUint() || v.Elem().CanFloat() {
			return r.number(v.Elem())
		}
		return r.value(v.Elem())
	case reflect.Struct:
		return r.fields(v)
	case reflect.Slice, reflect.Array:
		return r.items(v)
	case reflect.Map:
		return r.entries(v)
	}
	return v, false
}

func (r *Redactor) text(v reflect.Value) (reflect.Value, bool) {
	if code, ok := v.Interface().(action.Code); v.Type() != stringType && (!ok || code.Known()) {
		return v, false
	}
	clean := r.String(v.String())
	return reflect.ValueOf(clean).Convert(v.Type()), clean != v.String()
}

// number hides a number that is a secret, where a text may stand as well. A field that is a number holds none: it is the program's own.
func (r *Redactor) number(v reflect.Value) (reflect.Value, bool) {
	text, err := json.Marshal(v.Interface())
	if err != nil || !r.holds(text) {
		return v, false
	}
	return reflect.ValueOf(mark), true
}

func (r *Redactor) pointer(v reflect.Value) (reflect.Value, bool) {
	if v.IsNil() {
		return v, false
	}
	clean, changed := r.value(v.Elem())
	if !changed {
		return v, false
	}
	p := reflect.New(v.Type().Elem())
	p.Elem().Set(clean)
	return p, true
}

func (r *Redactor) fields(v reflect.Value) (reflect.Value, bool) {
	out, changed := v, false
	for i := range v.NumField() {
		if !v.Type().Field(i).IsExported() {
			continue // of a type that is not ours, such as time.Time
		}
		clean, dirty := r.value(v.Field(i))
		if !dirty {
			continue
		}
		if !changed {
			out, changed = reflect.New(v.Type()).Elem(), true
			out.Set(v)
		}
		out.Field(i).Set(clean)
	}
	return out, changed
}

func (r *Redactor) items(v reflect.Value) (reflect.Value, bool) {
	switch v.Type() {
	case rawType:
		clean := r.JSON(v.Bytes())
		return reflect.ValueOf(clean), !bytes.Equal(clean, v.Bytes())
	case bytesType:
		clean := r.Bytes(v.Bytes())
		return reflect.ValueOf(clean), !bytes.Equal(clean, v.Bytes())
	}
	out, changed := v, false
	for i := range v.Len() {
		clean, dirty := r.value(v.Index(i))
		if !dirty {
			continue
		}
		if !changed {
			out, changed = copyOf(v), true
		}
		out.Index(i).Set(clean)
	}
	return out, changed
}

func copyOf(list reflect.Value) reflect.Value {
	out := reflect.New(list.Type()).Elem()
	if list.Kind() == reflect.Slice {
		out.Set(reflect.MakeSlice(list.Type(), list.Len(), list.Len()))
	}
	reflect.Copy(out, list)
	return out
}

func (r *Redactor) entries(v reflect.Value) (reflect.Value, bool) {
	out := reflect.MakeMapWithSize(v.Type(), v.Len())
	changed := false
	for entry := v.MapRange(); entry.Next(); {
		key, dirtyKey := r.value(entry.Key())
		value, dirty := r.value(entry.Value())
		changed = changed || dirtyKey || dirty
		out.SetMapIndex(key, value)
	}
	if !changed {
		return v, false
	}
	return out, true
}
