package redact

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/journal"
)

type kept []*journal.Record

func (k *kept) Write(r *journal.Record) error {
	*k = append(*k, r)
	r.Seq = int64(len(*k))
	return nil
}

const password = `hunter2/"pa<ss`

func TestJSONHidesWhatAStringSpells(t *testing.T) {
	r := knowing(password, "12345678", `{"type":"service_account","id":7}`)
	for raw, want := range map[string]string{
		`{"a":"x"}`:                              `{"a":"x"}`,
		`{"a":"b \\ c\n"}`:                       `{"a":"b \\ c\n"}`,
		`{"a" : "hunter2/\"pa<ss" }`:             `{"a" : "[secret]" }`,
		`["hunter2\/\"pa\u003css"]`:              `["[secret]"]`,
		`["\u0068unter2\/\u0022pa\u003Css!"]`:    `["[secret]!"]`,
		`{"hunter2/\"pa<ss":1}`:                  `{"[secret]":1}`,
		`{"pin":12345678,"n":-1.5e3,"t":true}`:   `{"pin":"[secret]","n":-1.5e3,"t":true}`,
		`{"in":"{\"p\":\"hunter2/\\\"pa<ss\"}"}`: `{"in":"{\"p\":\"[secret]\"}"}`,
		`[{"type":"service_account","id":7}]`:    `"[secret]"`,
		`"cut hunter2`:                           `"cut hunter2`,
		`"cut 12345678`:                          `"cut [secret]`,
		``:                                       ``,
	} {
		assert.Equal(t, want, string(r.JSON(json.RawMessage(raw))))
	}
}

// Valid JSON stays valid, and no string of it holds the secret any more.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"a":["hunter2\/pass",12345678,null,{"b":"\u0068unter2/pass"}]}`))
	f.Add([]byte(`"hunter2`))
	f.Add([]byte(`{"12345678":12345678}`))
	f.Add([]byte(`"\\`))
	r := knowing("hunter2/pass", "12345678")
	f.Fuzz(func(t *testing.T, data []byte) {
		out := r.JSON(data)
		if !json.Valid(data) {
			return
		}
		require.True(t, json.Valid(out), "%s became %s", data, out)
		var value any
		require.NoError(t, json.Unmarshal(out, &value))
		plain, err := json.Marshal(value)
		require.NoError(t, err)
		for form := range r.known {
			require.NotContains(t, string(out), form)
			require.NotContains(t, string(plain), form)
		}
	})
}

func TestNoPartOfARecordKeepsASecret(t *testing.T) {
	var record journal.Record
	fill(reflect.ValueOf(&record).Elem())
	record.Outcome.Value = []json.RawMessage{json.RawMessage(`"` + "hunter2-token" + `"`)}
	before, err := json.Marshal(record)
	require.NoError(t, err)
	require.Contains(t, string(before), "hunter2-token")

	var next kept
	require.NoError(t, knowing("hunter2-token").Sink(&next).Write(&record))
	after, err := json.Marshal(next[0])
	require.NoError(t, err)
	assert.NotContains(t, string(after), "hunter2-token")
	assert.NotContains(t, string(next[0].Outcome.Value.([]json.RawMessage)[0]), "hunter2-token")
	assert.EqualValues(t, 1, record.Seq)
	record.Seq = next[0].Seq
	unchanged, err := json.Marshal(record)
	require.NoError(t, err)
	assert.Equal(t, strings.Replace(string(before), `"seq":0`, `"seq":1`, 1), string(unchanged), "the given record stays")
}

// fill puts a secret into every place of v that can hold text, and a kind of the vocabulary into the rest.
func fill(v reflect.Value) { fillWith(v, "hunter2-token") }

func fillWith(v reflect.Value, secret string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(secret)
		if v.Type() != stringType {
			v.SetString("outcome")
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillWith(v.Elem(), secret)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fillWith(v.Field(i), secret)
			}
		}
	case reflect.Slice:
		if v.Type() == rawType {
			v.Set(reflect.ValueOf(rawWith(secret)))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillWith(v.Index(0), secret)
	case reflect.Map:
		value := reflect.New(v.Type().Elem()).Elem()
		fillWith(value, secret)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf(secret), value)
	case reflect.Interface:
		v.Set(reflect.ValueOf(map[string]any{
			"a": []any{secret, nil, 1.5, [1]string{secret}, []byte(secret)},
		}))
	}
}

func rawWith(secret string) json.RawMessage {
	raw, err := json.Marshal(map[string][]string{secret: {secret}})
	if err != nil {
		panic(err) // strings always encode
	}
	return raw
}

func TestANumberThatIsASecretIsHidden(t *testing.T) {
	value := map[string]any{"a": 12345678.0, "b": []any{int64(12345678), 7}}
	record := &journal.Record{Seq: 12345678, Outcome: &journal.Outcome{Returned: journal.Returned{Value: value}}}
	var next kept
	require.NoError(t, knowing("12345678").Sink(&next).Write(record))
	assert.Equal(t, map[string]any{"a": mark, "b": []any{mark, 7}}, next[0].Outcome.Value)
	assert.EqualValues(t, 1, next[0].Seq, "that is the program's own")
}

func TestTheVocabularyStaysReadable(t *testing.T) {
	record := &journal.Record{Kind: journal.KindOutcome, Time: time.Unix(0, 0), Outcome: &journal.Outcome{
		Error: &journal.Error{Code: action.CodeUncertain, Message: "uncertain"}}}
	var next kept
	require.NoError(t, knowing("outcome", "uncertain").Sink(&next).Write(record))
	assert.Equal(t, journal.KindOutcome, next[0].Kind)
	assert.Equal(t, action.CodeUncertain, next[0].Outcome.Error.Code)
	assert.Equal(t, "[secret]", next[0].Outcome.Error.Message)
}

func TestARecordWithoutSecretsPassesAsItIs(t *testing.T) {
	record := &journal.Record{Kind: journal.KindRead, Outcome: &journal.Outcome{Returned: journal.Returned{Result: json.RawMessage(`{"a":"\n"}`)}},
		Call: &journal.Call{Identity: []action.Arg{{Name: "n", Value: nil}}}}
	for _, r := range []*Redactor{{}, knowing("hunter2")} {
		var next kept
		require.NoError(t, r.Sink(&next).Write(record))
		assert.Same(t, record, next[0])
	}
}
