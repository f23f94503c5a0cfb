package journal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// constants returns the string constants of each type that the file declares; those without a type stand under "".
func constants(t *testing.T, file string) map[string][]string {
	t.Helper()
	source, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	found := map[string][]string{}
	ast.Inspect(source, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		typeOf := ""
		if name, ok := spec.Type.(*ast.Ident); ok {
			typeOf = name.Name
		}
		for _, v := range spec.Values {
			if text, ok := v.(*ast.BasicLit); ok && text.Kind == token.STRING {
				value, err := strconv.Unquote(text.Value)
				require.NoError(t, err)
				found[typeOf] = append(found[typeOf], value)
			}
		}
		return true
	})
	return found
}

// `runbook docs journal` prints what these tables say of the types in record.go: none may be missing, and none may be left over.
func TestEveryFieldIsExplained(t *testing.T) {
	known := map[string]bool{}
	for _, object := range Types() {
		for _, f := range object.Fields {
			key := object.Name + "." + f.Name
			known[key] = true
			if f.Doc == "" {
				t.Errorf("`runbook docs journal` cannot explain %s: add to fieldDocs in engine/journal/fielddocs.go\n\t%q: \"what it means to a person who reads a journal\",", key, key)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(fieldDocs)) {
		if !known[key] {
			t.Errorf("no record has the field %s any more: take it out of fieldDocs in engine/journal/fielddocs.go", key)
		}
	}
}

func TestEveryKindIsExplained(t *testing.T) {
	kinds := Kinds()
	for _, kind := range constants(t, "record.go")["Kind"] {
		i := slices.IndexFunc(kinds, func(k KindDoc) bool { return string(k.Kind) == kind })
		if i < 0 {
			t.Errorf("`runbook docs journal` cannot explain the kind %q: add it to kindDocs in engine/journal/fielddocs.go, where a run first writes it", kind)
			continue
		}
		assert.NotEmpty(t, kinds[i].Parts, "%s: complete in check.go must ask for a part of this kind", kind)
	}
	assert.LessOrEqual(t, len(kinds), len(constants(t, "record.go")["Kind"]), "kindDocs has a kind twice, or one that is gone")
}

// What a field can hold is listed in its explanation: all of it.
func TestEveryValueIsExplained(t *testing.T) {
	ours, action := constants(t, "record.go"), constants(t, "../action/error.go")
	labels := constants(t, "../action/action.go")["Label"]
	for field, values := range map[string][]string{
		"run.mode":       ours["Mode"],
		"step.status":    ours["Status"],
		"end.status":     slices.DeleteFunc(slices.Clone(ours["Status"]), func(s string) bool { return s == string(Skipped) }),
		"outcome.status": ours[""],
		"error.code":     action["Code"],
		"intent.label":   labels,
	} {
		require.NotEmpty(t, values, field)
		for _, v := range values {
			words := strings.FieldsFunc(fieldDocs[field], func(r rune) bool { return strings.ContainsRune(" ,:;()", r) })
			assert.Contains(t, words, v, "add %q to the explanation of %s in fieldDocs in engine/journal/fielddocs.go", v, field)
		}
	}
}

func TestTypesAreSaidInTermsOfJSON(t *testing.T) {
	types := Types()
	assert.Equal(t, "record", types[0].Name)
	got := map[string]string{}
	for _, object := range types {
		for _, f := range object.Fields {
			got[object.Name+"."+f.Name] = f.Type
		}
	}
	for key, want := range map[string]string{
		"record.seq": "integer", "record.time": "time", "record.kind": "string", "record.run": "run", "run.params": "object of any",
		"run.site": "object of string", "run.steps": "list of string", "intent.changes": "list of change", "outcome.result": "any",
		"outcome.elapsed": "nanoseconds", "show.rows": "list of list of string", "consent.granted": "boolean", "arg.value": "any",
		"error.target": "target", "intent.result": "any", "outcome.ref": "string",
		"show.values": "list of list of any", "series.values": "list of number", "bar.value": "number", "show.max": "number",
	} {
		assert.Equal(t, want, got[key], key)
	}
	assert.NotContains(t, got, "outcome.Value", "what is not written is not explained")
	assert.NotContains(t, got, "outcome.Returned", "an embedded struct is its fields")
}

func TestPartsAreWhatCheckAsksFor(t *testing.T) {
	parts := map[Kind][]string{}
	for _, k := range Kinds() {
		parts[k.Kind] = k.Parts
	}
	assert.Equal(t, []string{"run"}, parts[KindRun])
	assert.Equal(t, []string{"step"}, parts[KindStepEnd])
	assert.Equal(t, []string{"call", "intent"}, parts[KindIntent])
	assert.Equal(t, []string{"outcome"}, parts[KindOutcome])
}
